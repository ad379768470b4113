"""Results of shards, united."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from envmgr.errors import EnvmgrError
from envmgr.matrix.spelling import ResultFile
from envmgr.model.matrix import UNABLE, CellResult


@dataclass(frozen=True, slots=True)
class Merged:
    """`head` has what the parts agree on; `missing` are cells of no result."""

    head: ResultFile
    results: tuple[CellResult, ...]
    missing: tuple[str, ...]


def merge(parts: Sequence[ResultFile]) -> Merged:
    """Raises E-RESULTS with every problem: parts of different matrices, or of one that was changed in between, and
    cells of which two parts say different things."""
    head = parts[0]
    problems = [f"{part.path} is not of a shard" for part in parts if part.shard is None]
    problems += [
        f"{part.path} is of {what}, {head.path} of {instead}"
        for part in parts[1:]
        for what, instead in [_difference(part, head)]
        if what
    ]
    results: dict[str, CellResult] = {}
    origin: dict[str, ResultFile] = {}
    for part in parts:
        for result in part.results:
            earlier = results.get(result.cell)
            if earlier is None or earlier.status in UNABLE:
                results[result.cell], origin[result.cell] = result, part
            elif result.status not in UNABLE and _says(earlier) != _says(result):
                problems.append(
                    f"{result.cell}: {_short(earlier)} in {origin[result.cell].path},"
                    f" {_short(result)} in {part.path}"
                )
    if problems:
        raise EnvmgrError(
            "E-RESULTS",
            "these results cannot be united:\n  " + "\n  ".join(problems),
            hint="name what `matrix run NAME --shard I/N` left on each machine, all made from the same files",
            details={"problems": problems},
        )
    missing = tuple(cell for cell in head.cells if cell not in results)
    return Merged(head, tuple(results.values()), missing)


def _difference(part: ResultFile, head: ResultFile) -> tuple[str, str]:
    for mine, theirs, words in (
        (part.matrix, head.matrix, "the matrix {}"),
        (part.library, head.library, "a matrix of {}"),
        (part.axes, head.axes, "a matrix with other axes ({})"),
        (part.checks, head.checks, "a matrix with other checks ({})"),
        (sorted(part.cells), sorted(head.cells), "a matrix with other cells ({})"),
        (part.timing, head.timing, "a matrix with another reference ({})"),
    ):
        if mine != theirs:
            return words.format(_listed(mine)), _listed(theirs)
    return "", ""


def _listed(found: object) -> str:
    if isinstance(found, dict):
        return "; ".join(f"{axis}: {', '.join(values)}" for axis, values in found.items())
    if isinstance(found, (list, tuple)):
        few = ", ".join(map(str, found[:5]))
        return few + (f" and {len(found) - 5} more" if len(found) > 5 else "") or "none"
    return str(found)


def _says(result: CellResult) -> tuple[object, ...]:
    """What two runs of the same cell agree on."""
    checks = tuple((check.name, check.status, check.failures) for check in result.checks)
    return (result.status, result.python, dict(result.pins), checks)


def _short(result: CellResult) -> str:
    versions = " ".join(f"{name} {version}" for name, version in result.resolved.items())
    return " with ".join(filter(None, [result.status, versions]))
