"""What is known of a matrix, gathered for a report."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from envmgr.matrix.comparing import Comparison
from envmgr.matrix.slowness import Finding, Ratio
from envmgr.model.matrix import CellResult, Timing


@dataclass(frozen=True, slots=True)
class MatrixReport:
    """`axes` are names and values in the order of the file. `missing` are cells that have no result yet. `source`
    is the file that the results were read from, None for state.db, which has logs too."""

    matrix: str
    library: str
    axes: Mapping[str, tuple[str, ...]]
    results: tuple[CellResult, ...]
    missing: tuple[str, ...] = ()
    timing: Timing | None = None
    slow: tuple[Finding, ...] = ()
    ratios: Mapping[str, Mapping[str, Ratio]] = field(default_factory=dict)
    comparison: Comparison | None = None
    source: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def red(self) -> tuple[CellResult, ...]:
        return tuple(result for result in self.results if result.red)

    @property
    def failed(self) -> bool:
        """Whether somebody should look: red cells, or, compared with earlier ones, those that were not red then."""
        return bool(self.red if self.comparison is None else self.comparison.broken)


def counts(report: MatrixReport) -> str:
    """ "6 cells: 5 passed, 1 failed (1 red)" """
    found = Counter(result.status for result in report.results)
    found.update({"without a result": len(report.missing)} if report.missing else {})
    words = ", ".join(f"{count} {status}" for status, count in found.items())
    total = found.total()
    red = f" ({len(report.red)} red)" if report.red else ""
    return f"{total} {'cell' if total == 1 else 'cells'}: {words}{red}" if total else "no cells"


def reproduce(matrix: str, cell: str) -> str:
    """The command that runs this cell again, wherever the project is."""
    return f"envmgr matrix run {shlex.quote(matrix)} --cell {shlex.quote(cell)} --again"


def versions(result: CellResult) -> str:
    """ "numpy 1.26.4, Python 3.12.3" """
    found = [f"{name} {version}" for name, version in result.resolved.items() if name != "python"]
    return ", ".join([*found, *([f"Python {result.python}"] if result.python else [])])


def values_of(cell: str, axes: Iterable[str]) -> dict[str, str]:
    """Back from a cell's id to what it was made of."""
    names = "|".join(re.escape(axis) for axis in axes)
    parts = re.split(rf"(?:^|,)({names})=", cell)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def axes_of(
    results: Iterable[CellResult], known: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """`known`, and what results have beyond that (an `include` may have a value of its own), in their order."""
    found = {axis: dict.fromkeys(values) for axis, values in known.items()}
    for result in results:
        for axis, value in result.values.items():
            found.setdefault(axis, {})[value] = None
    return {axis: tuple(values) for axis, values in found.items()}
