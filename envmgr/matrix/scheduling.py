"""Which cells of a matrix a run is of, and in which order. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from envmgr.errors import EnvmgrError
from envmgr.model.matrix import Cell, CellResult

_SHARD = re.compile(r"(?P<number>\d+)/(?P<count>\d+)")
_NAMED = 10


def chosen(cells: Sequence[Cell], patterns: Iterable[str]) -> tuple[Cell, ...]:
    """Those whose id is one of `patterns`, or fits one with `*`, `?` or `[…]`; all without patterns. Raises E-USAGE
    for each that fits none."""
    wanted = list(patterns)
    if not wanted:
        return tuple(cells)
    ids = {cell.id for cell in cells}
    fitting = {
        pattern: {pattern} if pattern in ids else {found for found in ids if fnmatchcase(found, pattern)}
        for pattern in wanted
    }
    if lost := [pattern for pattern, found in fitting.items() if not found]:
        near = difflib.get_close_matches(lost[0], sorted(ids), n=1, cutoff=0.4)
        guess = f"did you mean `{near[0]}`? " if near else ""
        listed = ", ".join(sorted(ids)[:_NAMED]) + (", …" if len(ids) > _NAMED else "")
        raise EnvmgrError(
            "E-USAGE",
            f"no cell fits {', '.join(f'`{pattern}`' for pattern in lost)}",
            hint=f"{guess}cells: {listed}",
        )
    every = set().union(*fitting.values())
    return tuple(cell for cell in cells if cell.id in every)


def shard(cells: Sequence[Cell], written: str) -> tuple[Cell, ...]:
    """The cells of shard "i/n": every nth of the sorted ids, which any machine finds alike. Raises E-USAGE."""
    found = _SHARD.fullmatch(written)
    number, count = (int(found["number"]), int(found["count"])) if found else (0, 0)
    if not 1 <= number <= count:
        raise EnvmgrError(
            "E-USAGE", f"--shard: `{written}` is no shard", hint="write 1/3, 2/3 and 3/3 for three machines"
        )
    mine = {
        cell for place, cell in enumerate(sorted(cell.id for cell in cells)) if place % count == number - 1
    }
    return tuple(cell for cell in cells if cell.id in mine)


def ordered(cells: Iterable[Cell], known: Mapping[str, CellResult]) -> list[Cell]:
    """What nobody has run yet, as the file has it; then the longest first, so that the last ones to end are short."""

    def place(cell: Cell) -> tuple[bool, float]:
        before = known.get(cell.id)
        return (before is not None, 0.0 if before is None else -before.seconds)

    return sorted(cells, key=place)


def left(
    pending: Iterable[str], known: Mapping[str, CellResult], ended: Sequence[float], jobs: int
) -> float | None:
    """Seconds until the run ends, as the last run and what ended in this one tell; None when neither does."""
    took = [known[cell].seconds if cell in known else None for cell in pending]
    seen = [*ended, *(seconds for seconds in took if seconds is not None)]
    if not seen:
        return None
    usual = sum(seen) / len(seen)
    return sum(usual if seconds is None else seconds for seconds in took) / jobs
