"""Which axes go down and across, and what stands in each square."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from envmgr.matrix.reporting import MatrixReport, axes_of, values_of
from envmgr.matrix.reports.signs import MISSING, outcome, worst

_ACROSS = "python"
_MOST_GROUPS = 8
_FULL = 0.5
"""Groups that are emptier than that, as pairwise makes them, are laid over each other."""

_Cell = tuple[Mapping[str, str], str, str]
"""Its values, its id, its outcome."""


@dataclass(frozen=True, slots=True)
class Square:
    """`outcome` is the worst of its cells, of which `alike` have it."""

    outcome: str
    cells: tuple[str, ...]
    alike: int


@dataclass(frozen=True, slots=True)
class Grid:
    """`title` says what else these cells share ("pandas latest"). A square is None where there is no such cell."""

    title: str
    down: str
    across: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    squares: Mapping[tuple[str, str], Square]
    found: Mapping[str, str]
    """What "latest" and its like were found to be, where that is the same in all of a row."""

    def label(self, row: str) -> str:
        return f"{row} {self.found[row]}" if row in self.found else row


def grids(report: MatrixReport) -> tuple[Grid, ...]:
    """The library's releases down and interpreters across, where both vary; a grid for each combination of the
    rest, or one over all of them."""
    cells: list[_Cell] = [(result.values, result.cell, outcome(result)) for result in report.results]
    cells += [(values_of(cell, report.axes), cell, MISSING) for cell in report.missing]
    axes = {axis: _there(seen, cells, axis) for axis, seen in axes_of(report.results, report.axes).items()}
    axes = {axis: seen for axis, seen in axes.items() if len(seen) > 1}
    if not cells:
        return ()
    resolved = {result.cell: result.resolved for result in report.results}
    down = _chosen([axis for axis in axes if axis != _ACROSS] or list(axes), axes, report.library)
    across = _chosen([axis for axis in axes if axis != down], axes, _ACROSS)
    others = [axis for axis in axes if axis not in (down, across)]
    groups = dict.fromkeys(tuple(values.get(axis, "") for axis in others) for values, *_ in cells)
    room = len(axes.get(down, ("",))) * len(axes.get(across, ("",))) * len(groups)
    if others and (len(groups) > _MOST_GROUPS or len(cells) < room * _FULL):
        return (_grid("", down, across, axes, cells, resolved),)
    ordered = [group for group in product(*(axes[axis] for axis in others)) if group in groups]
    ordered += [group for group in groups if group not in ordered]
    return tuple(
        _grid(
            ", ".join(f"{axis} {value}" for axis, value in zip(others, group, strict=True) if value),
            down,
            across,
            axes,
            [each for each in cells if tuple(each[0].get(axis, "") for axis in others) == group],
            resolved,
        )
        for group in ordered
    )


def _grid(
    title: str,
    down: str,
    across: str,
    axes: Mapping[str, Sequence[str]],
    cells: Sequence[_Cell],
    resolved: Mapping[str, Mapping[str, str]],
) -> Grid:
    squares: dict[tuple[str, str], list[_Cell]] = {}
    for cell in cells:
        squares.setdefault((cell[0].get(down, ""), cell[0].get(across, "")), []).append(cell)
    return Grid(
        title,
        down,
        across,
        _there(axes.get(down, ()), cells, down),
        _there(axes.get(across, ()), cells, across),
        {place: _square(found) for place, found in squares.items()},
        _found(cells, down, resolved),
    )


def _found(cells: Sequence[_Cell], axis: str, resolved: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    versions: dict[str, set[str]] = {}
    for values, cell, _ in cells:
        value = values.get(axis, "")
        if axis in resolved.get(cell, {}) and not value[:1].isdigit():
            versions.setdefault(value, set()).add(resolved[cell][axis])
    return {value: next(iter(found)) for value, found in versions.items() if len(found) == 1}


def _square(cells: Sequence[_Cell]) -> Square:
    outcomes = [found for _, _, found in cells]
    shown = worst(outcomes)
    return Square(shown, tuple(cell for _, cell, _ in cells), outcomes.count(shown))


def _there(known: Sequence[str], cells: Sequence[_Cell], axis: str) -> tuple[str, ...]:
    """Those values that occur, in the order of the axis; "" where it does not."""
    found = dict.fromkeys(values.get(axis, "") for values, *_ in cells)
    return (*(value for value in known if value in found), *(one for one in found if one not in known))


def _chosen(among: Sequence[str], axes: Mapping[str, Sequence[str]], wanted: str) -> str:
    """The axis that is wanted, or the one with the most values."""
    if wanted in among:
        return wanted
    return max(among, key=lambda axis: len(axes[axis]), default="")
