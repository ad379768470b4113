"""`envmgr import`: another tool's project becomes libraries of one environment, and a lock with its pins."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from envmgr.config import CONFIG_NAME
from envmgr.config.edit import extended
from envmgr.config.loading import load_project, validate
from envmgr.config.source import parse, read
from envmgr.config.toml import toml_value
from envmgr.config.writing import write
from envmgr.environments import files, locks, projectlock
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Lock
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import ImportedLibrary, ImportOutcome, NotCarried, Pin, Report, silent
from envmgr.model.project import Environment
from envmgr.operations.carrying import (
    Carried,
    carry,
    chosen_python,
    environment_name,
    library_name,
    with_implied,
)
from envmgr.operations.keeping import Moved, check_hashes, exactly, moved_pins, unneeded
from envmgr.tools.foreign import projects
from envmgr.tools.foreign.reading import Left, Reading
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical
from envmgr.tools.uv_failures import unknown_distribution

_NEW = """\
# Imported from {source} by `envmgr import`.
config-version = 1

[project]
name = {name}
python = {python}
"""


@dataclass(frozen=True, slots=True)
class _Target:
    """envmgr.toml as it is, or as it begins; `content` is None when there is none yet."""

    path: Path
    content: bytes | None
    text: str


def import_project(
    path: Path,
    root: Path,
    *,
    libraries: Sequence[str] = (),
    environment: str | None = None,
    report: Report = silent,
) -> ImportOutcome:
    """Add what `path` (a file, or the directory of a project) asks for to `<root>/envmgr.toml`, and lock it.

    Every pin is kept, or nothing is written. `libraries` are those that are wanted of it, all by default.
    Needs the network for the lock; blocks while uv resolves. Raises E-IMPORT with each pin that cannot be
    kept, E-EXISTS with each name that is taken, E-TAMPERED when the index has other files than were pinned,
    and what a lock raises.
    """
    file, beside = projects.choose(path)
    reading = projects.read(file)
    target = _target(root, reading, file)
    interpreter, python = chosen_python(reading, root, _configured_python(target))
    name = environment or environment_name(reading.name or "")
    carried = carry(reading, interpreter.markers, libraries)
    report(name, "resolve")
    while True:
        text, planned = _planned(target, reading, carried, name, python)
        try:
            lock, content = _locked(Layout(root), planned, interpreter, carried)
        except EnvmgrError as problem:
            carried = _without_unknown(carried, problem)
            continue
        missing = {pin.name for pin in unneeded(carried.pins.values(), lock)}
        completed = None if libraries else with_implied(carried, reading, missing)
        if completed is None:
            break
        carried = completed
    check_hashes(carried.pins.values(), lock)
    _write(target, text, Layout(root), planned, content)
    return _outcome(reading, beside, target, planned, python, carried, lock)


def _target(root: Path, reading: Reading, file: Path) -> _Target:
    if (root / CONFIG_NAME).exists():
        path, content = read(root)
        return _Target(path, content, parse(path, content).text)
    name = toml_value(reading.name or "project")
    text = _NEW.format(source=file.name, name=name, python="{python}")
    return _Target(root / CONFIG_NAME, None, text)


def _configured_python(target: _Target) -> str | None:
    if target.content is None:
        return None
    return validate(parse(target.path, target.content)).project.python


def _planned(
    target: _Target, reading: Reading, carried: Carried, name: str, python: str
) -> tuple[str, Environment]:
    """envmgr.toml as it will be, valid, and the environment in it."""
    if not carried.libraries:
        raise EnvmgrError(
            "E-IMPORT",
            "\n  ".join(
                [
                    f"{reading.files[0]} has nothing that can be carried over",
                    *(
                        f"{left.place.path}:{left.place.line}: {left.what}: {left.why}"
                        for left in carried.left
                    ),
                ]
            ),
            hint="nothing was written; `envmgr add LIB` adds a library by hand",
            details={"not_carried": [asdict(_not_carried(left)) for left in carried.left]},
        )
    settings: dict[str, object] = {"constraints": carried.constraints, "overrides": carried.overrides}
    settings = {key: value for key, value in settings.items() if value}
    if target.content is None:
        base = target.text.replace("{python}", toml_value(python))
    else:
        base = target.text
        if python != _configured_python(target):
            settings = {"python": python, **settings}
    tables = {key: {**table, "environment": name} for key, table in carried.libraries.items()}
    text = extended(parse(target.path, base.encode()), tables, name, settings)
    return text, load_project(target.path, text.encode()).environments[name]


def _locked(
    layout: Layout, environment: Environment, interpreter: Interpreter, carried: Carried
) -> tuple[Lock, bytes]:
    """A lock with every pin as it was; E-IMPORT names those that cannot be kept."""
    pins = [Pin(pin.name, pin.version) for pin in carried.pins.values()]
    path = layout.lock(environment.name)
    try:
        lock, content = locks.resolve(
            path,
            environment,
            interpreter,
            pins=pins,
            exclude_newer=None,
            asked=exactly(carried.pins.values()),
        )
    except EnvmgrError as problem:
        if problem.code not in ("E-CONFLICT", "E-LOCK") or unknown_distribution(problem):
            raise
        raise _cannot_keep(problem, path, environment, interpreter, carried) from None
    return lock, content


def _cannot_keep(
    problem: EnvmgrError, path: Path, environment: Environment, interpreter: Interpreter, carried: Carried
) -> EnvmgrError:
    """Each pin that gives way to the requirements, or when nothing but the names is asked for; `problem`
    itself when none does.
    """
    named = [replace(library, requirement=_bare(library.requirement)) for library in environment.libraries]
    loose = replace(environment, libraries=tuple(named), constraints=(), overrides=())
    preferred = [Pin(pin.name, pin.version) for pin in carried.pins.values()]
    moved: tuple[Moved, ...] = ()
    for asked in (environment, loose):
        with contextlib.suppress(EnvmgrError):
            lock, _ = locks.resolve(path, asked, interpreter, pins=preferred, exclude_newer=None)
            moved = moved or moved_pins(carried.pins.values(), lock)
    if not moved:
        return problem
    lines = [
        f"{found.pin.name} {found.pin.version} ({found.pin.place.path}:{found.pin.place.line});"
        f" there is {found.instead}"
        for found in moved
    ]
    reasons = problem.details.get("reasons", [])
    return EnvmgrError(
        "E-IMPORT",
        "\n  ".join(
            [
                f"these pins cannot be kept for Python {interpreter.version}:",
                *lines,
                *(["because"] if reasons else []),
                *reasons,
            ]
        ),
        hint="nothing was written; correct the pins, or name a Python that they were made for in .python-version",
        details={
            "pins": [
                {
                    "name": found.pin.name,
                    "version": found.pin.version,
                    "instead": found.instead,
                    "file": str(found.pin.place.path),
                    "line": found.pin.place.line,
                }
                for found in moved
            ],
            "cause": {"code": problem.code, "message": problem.message, "details": problem.details},
        },
    )


def _bare(requirement: str | None) -> str | None:
    """The name and the extras."""
    if requirement is None:
        return None
    return re.match(r"[\w.-]+(?:\[[^\]]*\])?", requirement)[0]  # type: ignore[index] # it is valid


def _without_unknown(carried: Carried, problem: EnvmgrError) -> Carried:
    """Without the library whose name only resembled one of the index; raises `problem`, at its place, when it is
    another's.
    """
    name = unknown_distribution(problem)
    key = library_name(name) if name else ""
    origin = carried.origins.get(key)
    if origin is None:
        raise problem
    if origin.certain:
        where = f"{origin.place.path}:{origin.place.line}"
        raise EnvmgrError(
            problem.code,
            f"{where}: {problem.message}",
            hint=f"{problem.hint}; or name the others with --library, and UV_INDEX when another index has it",
            details={**problem.details, "file": str(origin.place.path), "line": origin.place.line},
        ) from None
    is_absent = problem.code == "E-LOCK"
    why = (
        f"the package index has no distribution of this name{'' if is_absent else ' that can be built here'}"
    )
    left = Left(str(origin.requirement), why, origin.place)
    libraries = {other: table for other, table in carried.libraries.items() if other != key}
    pins = {other: pin for other, pin in carried.pins.items() if other != origin.name}
    return replace(carried, libraries=libraries, pins=pins, left=[*carried.left, left])


def _write(target: _Target, text: str, layout: Layout, environment: Environment, lock: bytes) -> None:
    """The lock first: without its environment nobody reads it."""
    with files.disk_problems("importing"), projectlock.hold(layout):
        now = target.path.read_bytes() if target.path.exists() else None
        if now != target.content:
            raise EnvmgrError(
                "E-USAGE",
                f"{target.path} was changed while its lock was made; nothing was written",
                hint="run the command again",
            )
        path = layout.lock(environment.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, lock)
        write(target.path, text)


def _outcome(
    reading: Reading,
    beside: Sequence[Path],
    target: _Target,
    environment: Environment,
    python: str,
    carried: Carried,
    lock: Lock,
) -> ImportOutcome:
    unused = [
        Left(f"{pin.name} {pin.version}", "nothing that was carried over needs it", pin.place)
        for pin in unneeded(carried.pins.values(), lock)
    ]
    left = sorted([*carried.left, *unused], key=lambda one: one.place)
    return ImportOutcome(
        reading.format,
        tuple(map(str, reading.files)),
        tuple(map(str, beside)),
        str(target.path),
        target.content is None,
        environment.name,
        python,
        tuple(ImportedLibrary(found.name, found.requirement or "") for found in environment.libraries),
        str(lock.path),
        lock.pins,
        tuple(pin for pin in lock.pins if canonical(pin.name) not in carried.pins),
        tuple(map(_not_carried, left)),
    )


def _not_carried(left: Left) -> NotCarried:
    return NotCarried(left.what, left.why, str(left.place.path), left.place.line)
