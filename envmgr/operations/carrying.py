"""What of another tool's project has a place in envmgr.toml, and as what: decided from what was read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import Version

from envmgr.config.fields import NAME
from envmgr.errors import EnvmgrError
from envmgr.operations.selection import unknown_names
from envmgr.tools import interpreters
from envmgr.tools.foreign.reading import AskedPython, Left, Pinned, Reading, Wanted
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical

# A lock is for one minor version of Python: a marker of these alone is decided once and for all.
_DECIDED = {"python_version", "python_full_version", "implementation_name", "platform_python_implementation"}
_VARIABLE = re.compile(r"\b[a-z]+_[a-z_]+\b|\bextra\b")
_ORDER = ("===", "==", "~=", ">", ">=", "<", "<=", "!=")


@dataclass(slots=True)
class Carried:
    """`libraries`: name → keys of its table, without its environment; `origins`: name → where it was asked for.
    `pins`: canonical name → the one that is meant for this interpreter.
    """

    libraries: dict[str, dict[str, Any]] = field(default_factory=dict)
    origins: dict[str, Wanted] = field(default_factory=dict)
    constraints: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    pins: dict[str, Pinned] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)


def carry(reading: Reading, markers: Mapping[str, str], names: Sequence[str] = ()) -> Carried:
    """Libraries, limits and pins for an interpreter with these marker values; `names` choose among them.

    Raises E-UNKNOWN-LIBRARY for names that are neither asked for nor pinned.
    """
    carried = Carried(left=list(reading.left))
    carried.pins = _applying(reading, markers, carried.left)
    carried.constraints = list(dict.fromkeys(str(one.requirement) for one in reading.constraints))
    carried.overrides = list(dict.fromkeys(str(one.requirement) for one in reading.overrides))
    for name, group in _chosen(carried, _wanted(reading, markers, carried.left), names).items():
        key = library_name(name)
        carried.libraries[key] = _table(key, name, group)
        carried.origins[key] = group[0]
    return carried


def with_implied(carried: Carried, reading: Reading, missing: Collection[str]) -> Carried | None:
    """With those of the implied requirements that are `missing` from a lock; None when none is."""
    more = {
        one.name: one for one in reading.implied if one.name in missing and one.name not in carried.origins
    }
    if not more:
        return None
    tables = {library_name(name): _table(library_name(name), name, [one]) for name, one in more.items()}
    origins = {library_name(name): one for name, one in more.items()}
    return replace(carried, libraries={**carried.libraries, **tables}, origins={**carried.origins, **origins})


def library_name(distribution: str) -> str:
    """The key of its table: the name itself, unless it cannot be one."""
    fit = canonical(distribution)
    if not NAME.match(fit):
        fit = f"lib-{fit}"
    return fit[:64]


def environment_name(project: str) -> str:
    """A project's name as an environment's."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", project).strip("-")
    if not plain:
        return "imported"
    return (plain if plain[0].isalpha() else f"env-{plain}")[:64]


def chosen_python(reading: Reading, root: Path, configured: str | None) -> tuple[Interpreter, str]:
    """The interpreter that the project's files ask for, and what envmgr.toml is to say of it.

    A version that is named is taken when this machine has it; a range keeps what is configured, or runs
    envmgr, when that is in it, and else takes the newest that is here. What cannot be met is left.
    """
    import sys

    own = configured or f"{sys.version_info.major}.{sys.version_info.minor}"
    for asked in reading.pythons:
        found = _in_range(asked, own, root) if asked.is_range else _of_version(asked, root)
        if found is not None:
            return found
        why = "this machine has none; `uv python install` or pyenv fetches one"
        reading.leave(f"python {asked.text}", why, asked.place)
    return interpreters.find(own, root=root), own


def _of_version(asked: AskedPython, root: Path) -> tuple[Interpreter, str] | None:
    try:
        return interpreters.find(asked.text, root=root), asked.text
    except EnvmgrError:
        return None


def _in_range(asked: AskedPython, own: str, root: Path) -> tuple[Interpreter, str] | None:
    try:
        allowed = SpecifierSet(asked.text)
        here = interpreters.find(own, root=root)
    except (InvalidSpecifier, EnvmgrError):
        return None
    if allowed.contains(here.version, prereleases=True):
        return here, own
    fitting = [
        found
        for found in interpreters.everything()
        if not found.free_threaded and allowed.contains(found.version, prereleases=True)
    ]
    newest = max(fitting, key=lambda found: Version(found.version), default=None)
    return None if newest is None else (newest, newest.minor)


def _applying(reading: Reading, markers: Mapping[str, str], left: list[Left]) -> dict[str, Pinned]:
    """One pin a name; what is meant for other interpreters or platforms only is left."""
    chosen: dict[str, Pinned] = {}
    excluded: dict[str, Pinned] = {}
    for pin in reading.pins:
        if not pin.applies(markers):
            excluded.setdefault(pin.name, pin)
            continue
        other = chosen.setdefault(pin.name, pin)
        if other.version == pin.version:
            chosen[pin.name] = _together(other, pin)
        else:
            first, second = sorted((other, pin), key=lambda one: Version(one.version))
            chosen[pin.name] = second
            left.append(
                Left(f"{first.name} {first.version}", f"{second.version} is pinned as well", first.place)
            )
    where = f"Python {markers['python_version']} on {markers['sys_platform']}"
    told = {wanted.place for wanted in reading.wanted}
    for name, pin in excluded.items():
        if name not in chosen and pin.place not in told:
            left.append(Left(f"{pin.name} {pin.version}", f"it is not for {where}", pin.place))
    return chosen


def _together(one: Pinned, other: Pinned) -> Pinned:
    return Pinned(one.name, one.version, one.hashes | other.hashes, one.place, one.marker, one.python)


def _wanted(reading: Reading, markers: Mapping[str, str], left: list[Left]) -> dict[str, list[Wanted]]:
    """By canonical name, without those whose marker excludes this interpreter."""
    found: dict[str, list[Wanted]] = {}
    where = f"Python {markers['python_version']} on {markers['sys_platform']}"
    for wanted in reading.wanted:
        marker = wanted.requirement.marker
        if marker is not None and not marker.evaluate({**markers, "extra": ""}):
            left.append(Left(str(wanted.requirement), f"its marker excludes {where}", wanted.place))
            continue
        if marker is not None and not _is_decided(marker):
            why = "a library is installed on every platform: it was carried over without the marker"
            left.append(Left(f"{wanted.requirement.name}; {marker}", why, wanted.place))
        if _is_types(wanted.name):
            why = "it holds types for checkers: nothing in it can be called"
            left.append(Left(str(wanted.requirement), why, wanted.place))
            continue
        found.setdefault(wanted.name, []).append(wanted)
    return found


def _is_types(name: str) -> bool:
    return name.startswith("types-") or name.endswith("-stubs")


def _is_decided(marker: Marker) -> bool:
    unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", str(marker))
    return set(_VARIABLE.findall(unquoted)) <= _DECIDED


def _chosen(
    carried: Carried, wanted: dict[str, list[Wanted]], names: Sequence[str]
) -> dict[str, list[Wanted]]:
    if not names:
        return wanted
    asked = [canonical(name) for name in names]
    unknown = [name for name in asked if name not in wanted and name not in carried.pins]
    if unknown:
        raise unknown_names("E-UNKNOWN-LIBRARY", "requirement", unknown, {*wanted, *carried.pins})
    for name in wanted.keys() - set(asked):
        carried.left += [
            Left(str(one.requirement), "--library did not name it", one.place) for one in wanted[name]
        ]
    pinned = {
        name: [Wanted(Requirement(name), carried.pins[name].place)] for name in asked if name not in wanted
    }
    return {name: wanted.get(name) or pinned[name] for name in dict.fromkeys(asked)}


def _table(key: str, name: str, group: Iterable[Wanted]) -> dict[str, Any]:
    requirements = [wanted.requirement for wanted in group]
    extras = sorted({extra for requirement in requirements for extra in requirement.extras})
    clauses = {clause for requirement in requirements for clause in requirement.specifier}
    table = {}
    if extras or key != name:
        table["package"] = f"{name}[{','.join(extras)}]" if extras else name
    if clauses:
        table["version"] = ",".join(map(str, sorted(clauses, key=_rank)))
    return table


def _rank(clause: Specifier) -> tuple[int, str]:
    return _ORDER.index(clause.operator), clause.version
