"""`envmgr import`: another tool's project becomes libraries of one environment, and a lock with its pins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from envmgr.config import CONFIG_NAME
from envmgr.config.edit import extended
from envmgr.config.loading import load_project, validate
from envmgr.config.source import Source, parse, read
from envmgr.config.toml import toml_value
from envmgr.config.writing import write
from envmgr.environments import files, projectlock
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Lock
from envmgr.errors import EnvmgrError
from envmgr.model.imports import ImportedLibrary, ImportOutcome, NotCarried
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Environment
from envmgr.operations.carrying import (
    Carried,
    carry,
    chosen_python,
    environment_name,
    library_name,
    with_implied,
)
from envmgr.operations.keeping import check_hashes, locked_as_pinned, unneeded
from envmgr.tools.foreign import projects
from envmgr.tools.foreign.reading import Left, Reading
from envmgr.tools.pypa import canonical
from envmgr.tools.uv_failures import unknown_distribution

_NEW = """\
# Imported from {source} by `envmgr import`.
config-version = 1

[project]
name = {name}
python = {python}
"""


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
    if not root.is_dir():
        raise EnvmgrError(
            "E-NO-PROJECT", f"{root} is no directory", hint="make it, or name another one with --project"
        )
    file, beside = projects.choose(path)
    reading = projects.read(file)
    config = root / CONFIG_NAME
    content = read(root)[1] if config.exists() else None
    configured = None if content is None else validate(parse(config, content)).project.python
    interpreter, python = chosen_python(reading, root, configured)
    if content is None:
        names = {"source": _quoted(file.name), "name": _quoted(reading.name or "project")}
        source = parse(config, _NEW.format(**names, python=_quoted(python)).encode())
    else:
        source = parse(config, content)
    name = environment or environment_name(reading.name or "")
    carried = carry(reading, interpreter.markers, libraries)
    report(name, "resolve")
    own_python = python if content is not None and python != configured else None
    while True:
        text, planned = _planned(source, reading, carried, name, own_python)
        pins = carried.pins.values()
        try:
            lock, lock_content = locked_as_pinned(Layout(root).lock(name), planned, interpreter, pins)
        except EnvmgrError as problem:
            carried = _without_unknown(carried, problem)
            continue
        missing = {pin.name for pin in unneeded(pins, lock)}
        completed = None if libraries else with_implied(carried, reading, missing)
        if completed is None:
            break
        carried = completed
    check_hashes(pins, lock)
    _write(config, content, text, lock.path, lock_content)
    return ImportOutcome(
        reading.format,
        tuple(map(str, reading.files)),
        tuple(map(str, beside)),
        str(config),
        content is None,
        name,
        python,
        tuple(ImportedLibrary(found.name, found.requirement or "") for found in planned.libraries),
        str(lock.path),
        lock.pins,
        tuple(pin for pin in lock.pins if canonical(pin.name) not in carried.pins),
        tuple(map(_not_carried, _left(carried, lock))),
    )


def _quoted(text: str) -> str:
    """As TOML writes it, also what is no UTF-8."""
    return toml_value(text.encode(errors="replace").decode())


def _planned(
    source: Source, reading: Reading, carried: Carried, name: str, python: str | None
) -> tuple[str, Environment]:
    """envmgr.toml as it will be, valid, and the environment in it, with a `python` of its own or without."""
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
    settings = {"python": python, "constraints": carried.constraints, "overrides": carried.overrides}
    tables = {key: {**table, "environment": name} for key, table in carried.libraries.items()}
    text = extended(source, tables, name, {key: value for key, value in settings.items() if value})
    return text, load_project(source.path, text.encode()).environments[name]


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


def _write(config: Path, before: bytes | None, text: str, lock: Path, lock_content: bytes) -> None:
    """The lock first: without its environment nobody reads it."""
    with files.disk_problems("importing"), projectlock.hold(Layout(config.parent)):
        if before != (config.read_bytes() if config.exists() else None):
            raise EnvmgrError(
                "E-USAGE",
                f"{config} was changed while its lock was made; nothing was written",
                hint="run the command again",
            )
        lock.parent.mkdir(parents=True, exist_ok=True)
        files.write(lock, lock_content)
        write(config, text)


def _left(carried: Carried, lock: Lock) -> list[Left]:
    unused = [
        Left(f"{pin.name} {pin.version}", "nothing that was carried over needs it", pin.place)
        for pin in unneeded(carried.pins.values(), lock)
    ]
    return sorted([*carried.left, *unused], key=lambda one: one.place)


def _not_carried(left: Left) -> NotCarried:
    return NotCarried(left.what, left.why, str(left.place.path), left.place.line)
