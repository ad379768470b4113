"""Matrices as jobs of many machines: shards, and GitHub's job matrix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from envmgr.model.matrix import Cell, Matrix

RUNNERS = {
    "linux-x86_64": "ubuntu-latest",
    "linux-aarch64": "ubuntu-24.04-arm",
    "macos-x86_64": "macos-15-intel",
    "macos-arm64": "macos-latest",
}
"""Platform → GitHub's machine of it. envmgr runs on none of Windows: those cells are locked elsewhere."""


def shard(cells: Iterable[Cell], number: int, count: int) -> tuple[Cell, ...]:
    """The cells of shard `number` (from 1) of `count`: every so many of them, sorted by their ids, so that any
    machine finds the same ones, and neighbours, which take as long, are spread."""
    return tuple(sorted(cells, key=lambda cell: cell.id)[number - 1 :: count])


def github(matrices: Sequence[Matrix], shards: int) -> dict[str, list[dict[str, str]]]:
    """For `strategy.matrix`: a job for each shard of each matrix and platform that has a cell to run there."""
    return {"include": [job for matrix in matrices for job in _jobs(matrix, shards)]}


def _jobs(matrix: Matrix, shards: int) -> Iterable[dict[str, str]]:
    for platform in dict.fromkeys(cell.platform for cell in matrix.cells):
        for number in range(1, shards + 1):
            cells = [cell for cell in shard(matrix.cells, number, shards) if cell.platform == platform]
            if cells and platform in RUNNERS:
                pythons = sorted({cell.python for cell in cells}, key=_numbers)
                yield {
                    "matrix": matrix.name,
                    "shard": f"{number}/{shards}",
                    "python": " ".join(pythons),
                    "platform": platform,
                    "runs-on": RUNNERS[platform],
                }


def _numbers(version: str) -> tuple[list[int], str]:
    return [int(number) for number in re.findall(r"\d+", version)], version
