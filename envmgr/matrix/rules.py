"""What a schema cannot say of a matrix's file: names that speak of axes and their values. Asks no index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from pydantic_core import PydanticCustomError

from envmgr.config.lexer import Path
from envmgr.config.problems import Finding, near
from envmgr.matrix import axes, fields, selectors
from envmgr.matrix.tables import CHECK_KINDS, CheckTable, ExpectTable, MatrixFile, PythonsTable, ReleasesTable
from envmgr.model.project import Project

_KINDS = {axes.PYTHON: fields.python, axes.PLATFORM: fields.platform, axes.RESOLUTION: fields.resolution}


def check(spec: MatrixFile, project: Project) -> Iterator[Finding]:
    written = axes.written(spec)
    values = {name: _values(table) for name, table in written.items()}
    yield from _axes(spec, values, project)
    yield from _includes(spec.include, project)
    if not written and not spec.include:
        yield Finding((), "the matrix has no cells", "write [axes], or an [[include]]")
    known: dict[str, set[str] | None] = {
        name: None if found is None else set(found) for name, found in values.items()
    }
    for entry in spec.include:
        for key, value in entry.items():
            if (some := known.setdefault(key, set())) is not None:
                some.add(value)
    for number, entry_values in enumerate(spec.exclude):
        yield from _wheres(("exclude", number), entry_values, known)
    for number, expectation in enumerate(spec.expect):
        yield from _expectation(("expect", number), expectation)
        yield from _wheres(("expect", number, "where"), expectation.where, known)
    if spec.timing is not None:
        reference = {key: [value] for key, value in spec.timing.reference.items()}
        yield from _wheres(("timing", "reference"), reference, known)
    yield from _checks(spec.check, project.libraries.get(spec.library) is not None)


def _values(table: ReleasesTable | PythonsTable | list[str]) -> Sequence[str] | None:
    """Those that the file says; None where rules find some."""
    if isinstance(table, list):
        return table
    each = table.each if isinstance(table, ReleasesTable) else None
    if each is not None or table.within is not None or table.support_window is not None:
        return None
    if isinstance(table, PythonsTable) and any(map(selectors.is_specifier, table.releases)):
        return None
    return table.releases


def _axes(
    spec: MatrixFile, values: Mapping[str, Sequence[str] | None], project: Project
) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    own = axes.package(spec.library, project.libraries).name
    for name, found in values.items():
        at: Path = ("axes", name)
        if found is not None and not found:
            yield Finding(at, "the axis has no values", 'name some in `releases`, or write `within = ">=1"`')
        for value, count in Counter(found or ()).items():
            if count > 1:
                yield Finding(at, f"the value `{value}` is there {count} times")
        if name in axes.RESERVED:
            continue
        if (problem := _refused(fields.distribution, name)) is not None:
            yield Finding(at, *problem, at="key")
            continue
        package = axes.package(name, project.libraries).name
        if package in seen:
            yield Finding(at, f"`{seen[package]}` is an axis of the same distribution", at="key")
        seen.setdefault(package, name)
        if package == own and found is not None and selectors.NONE in found:
            yield Finding(at, f"the matrix is of `{spec.library}`: no cell can be without it")


def _includes(entries: Iterable[Mapping[str, str]], project: Project) -> Iterator[Finding]:
    for number, entry in enumerate(entries):
        for key, value in entry.items():
            at: Path = ("include", number, key)
            if key not in axes.RESERVED and (problem := _refused(fields.distribution, key)):
                yield Finding(at, *problem, at="key")
                continue
            validate = _KINDS.get(key, fields.release)
            if (problem := _refused(validate, value)) is not None:
                yield Finding(at, *problem)
            elif key == axes.PYTHON and selectors.is_specifier(value):
                yield Finding(at, "a cell has one Python", "write the version, or one [[include]] for each")


def _wheres(
    at: Path, where: Mapping[str, Sequence[str]], known: Mapping[str, set[str] | None]
) -> Iterator[Finding]:
    """Each key is an axis, or what an include adds; each value one of its values, or a specifier."""
    for key, wanted in where.items():
        if key not in known:
            hint = f"axes: {', '.join(known)}" if known else ""
            yield Finding((*at, key), f"no axis is called `{key}`", hint, near(key, known), at="key")
            continue
        values = known[key]
        for place, value in enumerate(wanted):
            if values is None or value in values:
                continue
            if selectors.is_specifier(value) and key not in (axes.PLATFORM, axes.RESOLUTION):
                if selectors.specifier(value) is None:
                    yield Finding((*at, key, place), f"`{value}` is not a version specifier")
                continue
            yield Finding(
                (*at, key, place),
                f"`{value}` is no value of the axis `{key}`",
                f"its values: {', '.join(sorted(values))}",
                near(value, values),
            )


def _expectation(at: Path, expectation: ExpectTable) -> Iterator[Finding]:
    kinds = [expectation.allow_failure is not None, expectation.known_broken is not None]
    if sum(kinds) != 1:
        yield Finding(at, "exactly one of `allow-failure` and `known-broken` says what is expected")
    elif expectation.known_broken is not None and expectation.until is None:
        yield Finding(
            at,
            "the key `until` is missing: what is known to be broken is looked at again on that day",
            "until = 2027-06-01",
        )


def _checks(checks: Sequence[CheckTable], is_library: bool) -> Iterator[Finding]:
    names: dict[str, int] = {}
    for number, table in enumerate(checks):
        at: Path = ("check", number)
        kinds = [
            kind for kind in CHECK_KINDS if getattr(table, kind.replace("import", "import_")) is not None
        ]
        if len(kinds) != 1:
            there = f"there are {', '.join(f'`{kind}`' for kind in kinds)}" if kinds else "there is none"
            yield Finding(at, f"a check has exactly one of {', '.join(CHECK_KINDS)}: {there}")
            continue
        if kinds[0] == "health" and not is_library:
            yield Finding(
                (*at, "health"),
                "health calls are those of a library of envmgr.toml, and the matrix is of none",
                "name that library in `library`, or write the calls as a pytest file",
                at="key",
            )
        if table.command is not None and not table.command:
            yield Finding((*at, "command"), "the command is empty")
        name = table.name or kinds[0]
        if name in names:
            yield Finding(at, f"check {names[name] + 1} is called `{name}` too", "give it a `name`")
        names.setdefault(name, number)


def _refused(validate: Callable[[str], object], text: str) -> tuple[str, str, str | None] | None:
    """Message, hint and suggestion of a validator of `fields`."""
    try:
        validate(text)
    except PydanticCustomError as problem:
        context = problem.context or {}
        return context["message"], context["hint"], context["suggestion"]
    return None
