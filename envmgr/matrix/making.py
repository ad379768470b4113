"""A combination as a cell: its id, what is locked for it, what is expected of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from packaging.requirements import Requirement

from envmgr.matrix import axes, selectors
from envmgr.matrix.axes import PLATFORM, RESERVED, RESOLUTION
from envmgr.matrix.resolving import HIGHEST, Resolver
from envmgr.matrix.tables import ExpectTable, MatrixFile
from envmgr.model.matrix import Cell, Expectation
from envmgr.model.project import Project
from envmgr.tools.pypa import canonical

_SHOWN = 3


class Maker:
    def __init__(self, spec: MatrixFile, project: Project, resolver: Resolver, today: date) -> None:
        self._spec = spec
        self._resolver = resolver
        self._library = project.libraries.get(spec.library)
        self._own = axes.package(spec.library, project.libraries).name
        self._over = [table for table in spec.expect if table.until is not None and table.until <= today]

    def cell(self, values: Mapping[str, str]) -> Cell:
        """Of values that all lead to something."""
        return Cell(
            ",".join(f"{axis}={value}" for axis, value in values.items()),
            dict(values),
            self._resolver.python(values),
            values.get(PLATFORM, self._resolver.around.platform),
            values.get(RESOLUTION, HIGHEST),
            tuple(dict.fromkeys(self._requirements(values))),
            tuple(self._spec.constraints),
            self._expectation(values),
        )

    def notes(self, cells: Iterable[Cell]) -> list[str]:
        """Cells that are alike, and expectations that are over or fit nothing."""
        same: dict[object, list[str]] = {}
        known = list(cells)
        for cell in known:
            alike = (cell.requirements, cell.python, cell.platform, cell.resolution, cell.constraints)
            same.setdefault(alike, []).append(cell.id)
        twins = [ids for ids in same.values() if len(ids) > 1]
        lines = [f"the same releases: {' and '.join(ids)}" for ids in twins[:_SHOWN]]
        if twins[_SHOWN:]:
            lines.append(f"the same releases: {len(twins) - _SHOWN} more of such cells")
        lines += self._expectations(known)
        tested = [number for number, table in enumerate(self._spec.check, 1) if table.pytest is not None]
        if tested and not any(_brings_pytest(text) for cell in known for text in cell.requirements):
            of = f"[[check]] {tested[0]} needs pytest, which no cell asks for"
            lines.append(f'{of}: `with = ["pytest"]` brings it into them')
        return lines

    def _expectations(self, cells: Sequence[Cell]) -> Iterable[str]:
        """Those that are over, fit nothing, or come too late."""
        taken: set[str] = set()
        for number, table in enumerate(self._spec.expect, 1):
            fitting = {cell.id for cell in cells if self._resolver.fits(cell.values, table.where)}
            if not fitting and not any(selectors.NEXT in words for words in table.where.values()):
                yield f"[[expect]] {number} fits no cell"
            elif table in self._over:
                why = f" ({table.known_broken})" if table.known_broken else ""
                of = "1 cell counts" if len(fitting) == 1 else f"{len(fitting)} cells count"
                yield f"[[expect]] {number}{why} ended on {table.until}: {of} again"
                continue
            elif fitting and fitting <= taken:
                yield f"[[expect]] {number} never holds: others before it fit all of its cells"
            taken |= fitting

    def _requirements(self, values: Mapping[str, str]) -> Iterable[str]:
        packages = {key: self._resolver.packages[key] for key in values if key not in RESERVED}
        for key, package in packages.items():
            if values[key] != selectors.NONE:
                yield f"{package.wanted}=={self._resolver.version(values, key)}"
        chosen = {package.name for package in packages.values()}
        others = list(self._spec.with_)
        if self._library is not None:
            others = [*self._library.requirements, *others]
        elif self._own not in chosen:
            yield self._spec.library
        yield from (text for text in others if canonical(Requirement(text).name) not in chosen)

    def _expectation(self, values: Mapping[str, str]) -> Expectation | None:
        """The first that fits and is not over."""
        for table in self._spec.expect:
            if table not in self._over and self._resolver.fits(values, table.where):
                return _expectation(table)
        return None


def _brings_pytest(requirement: str) -> bool:
    """Itself, or a plugin, which needs it."""
    return canonical(Requirement(requirement).name).startswith("pytest")


def _expectation(table: ExpectTable) -> Expectation:
    if table.known_broken is not None:
        return Expectation("known-broken", table.known_broken, table.until)
    return Expectation("allow-failure", "", table.until)
