"""locks/pylock.<environment>.toml: PEP 751, for every platform, every file with its hash.

What was asked for stands in the lock's own table, `[tool.envmgr]`, so that a lock which no longer fits
envmgr.toml is found by reading two files. Where packages come from (indexes, credentials, caches) is the
machine's affair and no part of it.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envmgr.environments.layout import Layout
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Pin
from envmgr.model.project import Environment
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter

_LISTS = ("requirements", "constraints", "overrides", "platforms")


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that decides a resolution: sorted requirements, constraints, overrides and platforms (every one
    when empty), a Python minor version, whether only wheels will do, and which versions are preferred: the
    newest, or "lowest-direct".
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    python: str
    overrides: tuple[str, ...] = ()
    no_build: bool = False
    platforms: tuple[str, ...] = ()
    resolution: str = ""

    @property
    def digest(self) -> str:
        return digest([self.requirements, self.constraints, self.python, *self._further.items()])

    @property
    def table(self) -> dict[str, str | bool | tuple[str, ...]]:
        """As a lock notes it."""
        return {
            "python": self.python,
            "requirements": self.requirements,
            "constraints": self.constraints,
            **self._further,
        }

    @property
    def _further(self) -> dict[str, str | bool | tuple[str, ...]]:
        """What is set of the settings that locks of older versions do not know: those stay as they are."""
        known: dict[str, str | bool | tuple[str, ...]]
        known = {"overrides": self.overrides, "no-build": self.no_build, "platforms": self.platforms}
        known["resolution"] = self.resolution
        return {key: value for key, value in known.items() if value}


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock as it is on disk. `digest` is the sha256 of its bytes."""

    path: Path
    document: Mapping[str, Any]
    digest: str

    @property
    def pins(self) -> tuple[Pin, ...]:
        """Every package of every platform, by name."""
        packages = self.document.get("packages", [])
        return tuple(
            sorted(
                (Pin(p["name"], p.get("version", "")) for p in packages), key=lambda p: (p.name, p.version)
            )
        )

    @property
    def is_built(self) -> bool:
        """Whether something of it has to be built from its source, as no wheel of it is locked."""
        return any(not package.get("wheels") for package in self.document.get("packages", []))

    def packages(self, interpreter: Interpreter) -> tuple[pypa.Locked, ...]:
        """What one interpreter needs of it. Raises E-LOCK when the lock is no valid PEP 751 document."""
        try:
            return pypa.locked(self.document, interpreter.markers)
        except ValueError as problem:
            raise _damaged(self.path, problem) from None
        except pypa.Unserved as served:
            here = interpreter.platform
            raise EnvmgrError(
                "E-LOCK",
                f"{self.path} is not for this machine ({here}): it is locked for"
                f" {', '.join(self.noted.get('platforms', ())) or served}",
                hint="add this platform to `platforms` of the environment in envmgr.toml and lock again",
            ) from None

    @property
    def noted(self) -> Mapping[str, Any]:
        """Its own table, `[tool.envmgr]`; empty in a lock that another tool wrote."""
        table: Mapping[str, Any] = self.document.get("tool", {}).get("envmgr", {})
        return table


def inputs(environment: Environment, interpreter: Interpreter) -> Inputs:
    requirements = {word for library in environment.libraries for word in library.requirements}
    return Inputs(
        _sorted(requirements),
        _sorted(environment.constraints),
        interpreter.minor,
        _sorted(environment.overrides),
        environment.no_build,
        _sorted(environment.platforms),
    )


def read(layout: Layout, environment: str) -> Lock | None:
    """The environment's lock; None when it has none. Raises E-LOCK when it cannot be parsed."""
    path = layout.lock(environment)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return parse(path, content)


def parse(path: Path, content: bytes) -> Lock:
    try:
        document = tomllib.loads(content.decode("utf-8"))
        _check_shape(document)
    except ValueError as problem:
        raise _damaged(path, problem) from None
    except (AttributeError, KeyError, TypeError):
        raise _damaged(path, "its packages, or [tool.envmgr], are not what a lock says of them") from None
    return Lock(path, document, hashlib.sha256(content).hexdigest())


def staleness(lock: Lock | None, wanted: Inputs) -> str:
    """Why a lock does not fit what is asked for now, in words; empty when it fits."""
    if lock is None:
        return "there is no lock yet"
    noted = lock.noted
    if noted.get("inputs") == wanted.digest:
        return ""
    changes = [
        *_changes("asks", noted.get("requirements", ()), wanted.requirements),
        *_changes("is constrained to", noted.get("constraints", ()), wanted.constraints),
        *_changes("overrides", noted.get("overrides", ()), wanted.overrides),
    ]
    if noted.get("no-build", False) != wanted.no_build:
        changes.append("now takes wheels only" if wanted.no_build else "now may build from source")
    if tuple(noted.get("platforms", ())) != wanted.platforms:
        only = f"{', '.join(wanted.platforms)} only"
        changes.append(f"now for {only if wanted.platforms else 'every platform'}")
    if noted.get("python") != wanted.python:
        changes.append(f"was locked for Python {noted.get('python', '?')}, is now of Python {wanted.python}")
    return "; ".join(changes) or "it was locked from something else"


def same(one: Lock, other: Lock) -> bool:
    """Whether they differ in nothing but their spelling."""
    return _meaning(one) == _meaning(other)


def _meaning(lock: Lock) -> object:
    packages = [
        [package["name"], package.get("version"), package.get("marker"), hashes(package)]
        for package in lock.document.get("packages", [])
    ]
    return [sorted(packages, key=str), lock.document.get("requires-python"), lock.document.get("tool")]


def hashes(package: Mapping[str, Any]) -> list[str]:
    """Of all files of a package of a lock."""
    held = [*package.get("wheels", ()), *(package[kind] for kind in ("sdist", "archive") if kind in package)]
    return sorted(value for file in held for value in file.get("hashes", {}).values())


def _check_shape(document: Mapping[str, Any]) -> None:
    """Raises for one that cannot even be read; whether a lock is valid is asked when it is installed."""
    for package in document.get("packages", []):
        "".join([package["name"], package.get("version", ""), *hashes(package)])
    noted = document.get("tool", {}).get("envmgr", {})
    "".join([noted.get("exclude-newer", ""), *(word for key in _LISTS for word in noted.get(key, []))])


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


def _changes(verb: str, before: Sequence[str], after: Sequence[str]) -> list[str]:
    return [f"no longer {verb} {word}" for word in sorted({*before} - {*after})] + [
        f"now {verb} {word}" for word in sorted({*after} - {*before})
    ]


def _damaged(path: Path, problem: object) -> EnvmgrError:
    return EnvmgrError(
        "E-LOCK",
        f"{path} is not a valid lock: {problem}",
        hint="restore it from version control, or delete it and run `envmgr lock`",
    )
