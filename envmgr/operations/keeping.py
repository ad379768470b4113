"""Pins of another tool, kept in a lock, or named when they cannot be."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr.environments import resolving
from envmgr.environments.locks import Lock
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Pin
from envmgr.model.project import Environment
from envmgr.tools.foreign.reading import Pinned
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical
from envmgr.tools.uv_failures import unknown_distribution


@dataclass(frozen=True, slots=True)
class Moved:
    """A pin, and the version that a resolution took instead."""

    pin: Pinned
    instead: str


def locked_as_pinned(
    path: Path, environment: Environment, interpreter: Interpreter, pins: Collection[Pinned]
) -> tuple[Lock, bytes]:
    """A lock to stand at `path`, and its bytes, with every pin as it was. Needs the network.

    Raises E-IMPORT naming those that cannot be kept, or as `resolving.resolve`.
    """
    preferred = [Pin(pin.name, pin.version) for pin in pins]
    try:
        return resolving.resolve(
            path, environment, interpreter, pins=preferred, exclude_newer=None, asked=exactly(pins)
        )
    except EnvmgrError as problem:
        if problem.code not in ("E-CONFLICT", "E-LOCK") or unknown_distribution(problem):
            raise
        raise _cannot_keep(problem, path, environment, interpreter, pins) from None


def _cannot_keep(
    problem: EnvmgrError,
    path: Path,
    environment: Environment,
    interpreter: Interpreter,
    pins: Collection[Pinned],
) -> EnvmgrError:
    """Each pin that gives way to the requirements, or when nothing but the names is asked for; `problem`
    itself when none does.
    """
    named = [replace(library, requirement=_bare(library.requirement)) for library in environment.libraries]
    loose = replace(environment, libraries=tuple(named), constraints=(), overrides=())
    preferred = [Pin(pin.name, pin.version) for pin in pins]
    for asked in (environment, loose):
        with contextlib.suppress(EnvmgrError):
            lock, _ = resolving.resolve(path, asked, interpreter, pins=preferred, exclude_newer=None)
            if moved := moved_pins(pins, lock):
                return _unkept(moved, interpreter, problem)
    return problem


def _unkept(moved: Iterable[Moved], interpreter: Interpreter, problem: EnvmgrError) -> EnvmgrError:
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


def exactly(pins: Iterable[Pinned]) -> tuple[str, ...]:
    """Constraints that allow nothing but the pins."""
    return tuple(sorted(f"{pin.name}=={pin.version}" for pin in pins))


def moved_pins(pins: Iterable[Pinned], lock: Lock) -> tuple[Moved, ...]:
    """Pins whose distribution is locked, and in no such version."""
    versions: dict[str, list[str]] = {}
    for found in lock.pins:
        versions.setdefault(canonical(found.name), []).append(found.version)
    return tuple(
        Moved(pin, ", ".join(versions[pin.name]))
        for pin in pins
        if pin.name in versions and pin.version not in versions[pin.name]
    )


def unneeded(pins: Iterable[Pinned], lock: Lock) -> tuple[Pinned, ...]:
    """Pins that the lock has no use for."""
    names = {canonical(found.name) for found in lock.pins}
    return tuple(pin for pin in pins if pin.name not in names)


def check_hashes(pins: Iterable[Pinned], lock: Lock) -> None:
    """Raises E-TAMPERED with every pin of which the lock has none of the files that were pinned."""
    locked: dict[str, set[str]] = {}
    for package in lock.document.get("packages", ()):
        kept = [
            *package.get("wheels", ()),
            *(package[kind] for kind in ("sdist", "archive") if kind in package),
        ]
        hashes = {f"{kind}:{value}" for file in kept for kind, value in file.get("hashes", {}).items()}
        locked.setdefault(canonical(package["name"]), set()).update(hashes)
    wrong = [pin for pin in pins if pin.hashes and pin.name in locked and not pin.hashes & locked[pin.name]]
    if wrong:
        lines = [f"{pin.name} {pin.version} ({pin.place.path}:{pin.place.line})" for pin in wrong]
        raise EnvmgrError(
            "E-TAMPERED",
            "\n  ".join(["the index has no file with one of the hashes that were pinned", *lines]),
            hint="nothing was written; see that the index is the one the hashes are from before you trust it",
            details={
                "pins": [
                    {
                        "name": pin.name,
                        "version": pin.version,
                        "file": str(pin.place.path),
                        "line": pin.place.line,
                        "pinned": sorted(pin.hashes),
                        "locked": sorted(locked[pin.name]),
                    }
                    for pin in wrong
                ]
            },
        )
