"""From the table `[axes]`, and the keys of an `[[include]]`, to names and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from envmgr.matrix import selectors
from envmgr.matrix.selecting import Selections
from envmgr.matrix.tables import MatrixFile, PythonsTable, ReleasesTable
from envmgr.model.project import Library, Project
from envmgr.tools.pypa import canonical

PYTHON, PLATFORM, RESOLUTION = "python", "platform", "resolution"
RESERVED = (PYTHON, PLATFORM, RESOLUTION)


@dataclass(frozen=True, slots=True)
class Package:
    """What an axis's key stands for: a distribution, by its canonical `name`; `wanted` has its extras besides.
    `allowed` are the versions that envmgr.toml allows, where it says so."""

    name: str
    wanted: str
    allowed: SpecifierSet | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """`values` as written, or as a table's rules found them: `found` are these. `package` of an axis of releases."""

    name: str
    values: tuple[str, ...]
    package: Package | None = None
    found: frozenset[str] = frozenset()


def package(key: str, libraries: Mapping[str, Library]) -> Package:
    """By the name of a library of envmgr.toml, or of a distribution, perhaps with extras."""
    library = libraries.get(key)
    own = Requirement(key if library is None or library.requirement is None else library.requirement)
    name = canonical(own.name)
    if library is None:
        named = [Requirement(known.requirement) for known in libraries.values() if known.requirement]
        asked = next((found for found in named if canonical(found.name) == name), own)
        return Package(name, _wanted(own if own.extras else asked), asked.specifier or None)
    return Package(name, _wanted(own), own.specifier or None)


def _wanted(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}"


def written(spec: MatrixFile) -> dict[str, ReleasesTable | PythonsTable | list[str]]:
    """The axes of the file, whatever their order there."""
    known = {PYTHON: spec.axes.python, PLATFORM: spec.axes.platform, RESOLUTION: spec.axes.resolution}
    return {
        **{name: table for name, table in known.items() if table is not None},
        **(spec.axes.__pydantic_extra__ or {}),
    }


def axis(
    name: str, table: ReleasesTable | PythonsTable | list[str], project: Project, selections: Selections
) -> Axis:
    """Raises Undated. The index has the distribution."""
    if isinstance(table, list):
        return Axis(name, tuple(table))
    if isinstance(table, PythonsTable):
        rules = table.within is not None or table.support_window is not None
        found = selections.pythons(table.within, table.support_window) if rules else ()
        for value in table.releases:
            if selectors.is_specifier(value):
                found += selections.pythons(value, None)
        named = tuple(value for value in table.releases if not selectors.is_specifier(value))
        return Axis(name, _once(*found, *named), found=frozenset(found))
    here = package(name, project.libraries)
    found = ()
    if table.each is not None or table.within is not None or table.support_window is not None:
        found = selections.series(here.name, table.each or "minor", table.within, table.support_window)
    return Axis(name, _once(*found, *table.releases), here, frozenset(found))


def _once(*values: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
