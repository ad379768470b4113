"""Files of results: `matrices/NAME.results.json`, which is committed, and the parts of it that shards write.

The committed one has a line for each cell, sorted, and nothing that differs between two runs of the same thing; a
ratio of times is written again only when the old one is not among what the new measurement allows. A part is
complete, with logs and times, so that what unites parts can report as if one machine had run it all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envmgr.environments import files
from envmgr.errors import EnvmgrError
from envmgr.matrix import conflicts
from envmgr.matrix.plain import from_plain, steady, to_plain
from envmgr.model.matrix import UNABLE, CellResult, Matrix, Timing

__all__ = [
    "ResultFile",
    "committed",
    "from_plain",
    "head_of",
    "part",
    "read",
    "read_file",
    "to_plain",
    "write",
    "write_file",
]

SCHEMA = 1
_SURE = 1.5
"""A ratio is written where its interval is no wider: what is known worse would look slower or faster by chance."""


@dataclass(frozen=True, slots=True)
class ResultFile:
    """`ratios`: cell -> timed name -> how long it took, in times of the reference cell. `shard` ("1/3") and `cells`,
    the ids of the whole matrix, are of a part."""

    path: Path
    matrix: str
    library: str
    axes: Mapping[str, tuple[str, ...]]
    checks: tuple[str, ...]
    timing: Timing | None
    results: tuple[CellResult, ...]
    ratios: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    shard: str | None = None
    cells: tuple[str, ...] = ()


def committed(root: Path, name: str) -> Path:
    return root / "matrices" / f"{name}.results.json"


def part(root: Path, name: str, shard: str) -> Path:
    """Where shard "1/3" leaves its results."""
    return root / "matrices" / f"{name}.results.{shard.replace('/', '-of-')}.json"


def head_of(matrix: Matrix, shard: str | None = None) -> ResultFile:
    """What a file says before its results."""
    return ResultFile(
        Path(),
        matrix.name,
        matrix.library,
        matrix.axes,
        tuple(check.name for check in matrix.checks),
        matrix.timing,
        (),
        shard=shard,
        cells=tuple(cell.id for cell in matrix.cells),
    )


def write_file(
    path: Path, matrix: Matrix, results: Iterable[CellResult], *, shard: str | None = None
) -> bool:
    """Replace the file, atomically, when it says anything else; whether it did. Raises E-DISK.

    A cell of the matrix that `results` lack, or that this machine cannot run, keeps what the file says of it.
    A part is written when `shard` is given.
    """
    return write(path, head_of(matrix, shard), results)


def write(path: Path, head: ResultFile, results: Iterable[CellResult]) -> bool:
    """`write_file` of what `head` says. A part has what `results` has, and no more."""
    first: dict[str, Any] = {
        "schema": SCHEMA,
        "matrix": head.matrix,
        "library": head.library,
        "axes": {axis: list(values) for axis, values in head.axes.items()},
        "checks": list(head.checks),
    }
    if head.timing is not None:
        first["timing"] = {"reference": head.timing.reference, "threshold": head.timing.threshold}
    if head.shard is None:
        lines = _steadied(path, head.cells, results)
    else:
        first |= {"shard": head.shard, "cells": list(head.cells)}
        lines = {result.cell: to_plain(result) for result in results}
    content = _document(first, [line for _, line in sorted(lines.items())])
    with files.disk_problems("writing results"):
        if path.is_file() and path.read_bytes() == content:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, content)
    return True


def read_file(path: Path) -> ResultFile:
    """Either kind. Raises E-RESULTS, saying where it is wrong."""
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise _unreadable(str(path), problem.strerror or str(problem)) from problem
    return read(content, str(path))


def read(content: bytes, source: str) -> ResultFile:
    """`read_file` of what was read from `source`."""
    if conflicts.are_in(content):
        again = "run the matrix again: that writes the file anew, with the cells of both sides"
        raise _unreadable(source, "git left conflicts in it", again)
    try:
        document = json.loads(content)
    except ValueError as problem:
        raise _unreadable(source, f"it is no JSON: {problem}") from problem
    if not isinstance(document, dict) or not {"matrix", "results"} <= document.keys():
        raise _unreadable(source, "it is no file of results")
    if document.get("schema") != SCHEMA:
        raise _unreadable(source, f"it has schema {document.get('schema')!r}; this envmgr reads {SCHEMA}")
    name = document["matrix"]
    results, ratios = [], {}
    try:
        for plain in document["results"]:
            result = from_plain({"matrix": name, **plain})
            results.append(result)
            ratios[result.cell] = {key: float(value) for key, value in plain.get("ratios", {}).items()}
        timing = document.get("timing")
        return ResultFile(
            Path(source),
            str(name),
            str(document["library"]),
            {axis: tuple(map(str, values)) for axis, values in document["axes"].items()},
            tuple(map(str, document["checks"])),
            None if timing is None else Timing(str(timing["reference"]), float(timing["threshold"])),
            tuple(results),
            ratios,
            document.get("shard"),
            tuple(map(str, document.get("cells", ()))),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        where = f"cell {len(results) + 1} of it" if "results" in document else "it"
        raise _unreadable(source, f"{where} is not as envmgr writes it ({problem!r})") from problem


def _steadied(
    path: Path, cells: Iterable[str], results: Iterable[CellResult]
) -> dict[str, Mapping[str, Any]]:
    """An earlier ratio stays as long as it agrees with what was measured now."""
    from envmgr.matrix.slowness import ratios

    earlier = _lines(path)
    lines = {cell: earlier[cell] for cell in cells if cell in earlier}
    for result in results:
        if result.status in UNABLE and result.cell in lines:
            continue
        before = earlier.get(result.cell, {}).get("ratios", {})
        written = {}
        for name, ratio in ratios(result).items():
            if name in before and ratio.low <= before[name] <= ratio.high:
                written[name] = before[name]
            elif ratio.high <= ratio.low * _SURE:
                written[name] = round(ratio.estimate, 2)
        lines[result.cell] = steady(result, written)
    return lines


def _lines(path: Path) -> dict[str, Mapping[str, Any]]:
    """What the file says of each cell, also where git left conflicts in it; nothing where there is none, or none of
    ours: it is replaced whole."""
    try:
        content = path.read_bytes()
        if conflicts.are_in(content):
            return dict(conflicts.cells(content))
        read(content, str(path))
        return {plain["cell"]: plain for plain in json.loads(content)["results"]}
    except (OSError, EnvmgrError):
        return {}


def _document(head: Mapping[str, Any], results: Iterable[Mapping[str, Any]]) -> bytes:
    lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    cells = ",\n".join(json.dumps(result, ensure_ascii=False) for result in results)
    lines.append(f'"results": [\n{cells}\n]' if cells else '"results": []')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8", "backslashreplace")


def _unreadable(
    source: str, why: str, hint: str = "name a file that `envmgr matrix run` or `matrix merge` wrote"
) -> EnvmgrError:
    return EnvmgrError("E-RESULTS", f"{source} cannot be read as results of a matrix: {why}", hint=hint)
