"""Matrices as jobs of many machines: GitHub's job matrix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from envmgr.errors import EnvmgrError
from envmgr.matrix import scheduling
from envmgr.model.matrix import Matrix

RUNNERS = {
    "linux-x86_64": "ubuntu-latest",
    "linux-aarch64": "ubuntu-24.04-arm",
    "macos-x86_64": "macos-15-intel",
    "macos-arm64": "macos-latest",
}
"""Platform → GitHub's machine of it. envmgr runs on none of Windows: those cells are locked elsewhere."""


MOST = 256
"""Jobs that GitHub makes of one job matrix; it refuses more."""


def github(matrices: Sequence[Matrix], shards: int) -> dict[str, list[dict[str, str]]]:
    """For `strategy.matrix`: a job for each shard of each matrix and platform that has a cell to run there.

    Raises E-USAGE for more than GitHub takes.
    """
    jobs = _all(matrices, shards)
    if len(jobs) <= MOST:
        return {"include": jobs}
    fitting = next((fewer for fewer in range(shards - 1, 0, -1) if len(_all(matrices, fewer)) <= MOST), None)
    hint = f"--shards {fitting} is the most that fits" if fitting else "list one matrix for each workflow"
    raise EnvmgrError("E-USAGE", f"{len(jobs)} jobs are more than the {MOST} that GitHub takes", hint=hint)


def _all(matrices: Sequence[Matrix], shards: int) -> list[dict[str, str]]:
    return [job for matrix in matrices for job in _jobs(matrix, shards)]


def _jobs(matrix: Matrix, shards: int) -> Iterable[dict[str, str]]:
    for platform in dict.fromkeys(cell.platform for cell in matrix.cells):
        for number in range(1, shards + 1):
            name = f"{number}/{shards}"
            cells = [cell for cell in scheduling.shard(matrix.cells, name) if cell.platform == platform]
            if cells and platform in RUNNERS:
                pythons = sorted({cell.python for cell in cells}, key=_numbers)
                yield {
                    "matrix": matrix.name,
                    "shard": name,
                    "python": " ".join(pythons),
                    "platform": platform,
                    "runs-on": RUNNERS[platform],
                }


def _numbers(version: str) -> tuple[list[int], str]:
    return [int(number) for number in re.findall(r"\d+", version)], version
