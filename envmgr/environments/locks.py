"""locks/pylock.<environment>.toml: PEP 751, for every platform, every file with its hash.

What was asked for stands in the lock's own table, `[tool.envmgr]`, so that a lock which no longer fits
envmgr.toml is found by reading two files. Where packages come from (indexes, credentials, caches) is the
machine's affair and no part of it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envmgr.environments import files, stages
from envmgr.environments.layout import Layout
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Pin
from envmgr.model.project import Environment
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter

_HEADER = "# Written by envmgr. Change envmgr.toml and run `envmgr lock` instead of editing this file.\n"
_WITH_CREDENTIALS = re.compile(r"://[^/\s\"'@]+@([^/\s\"']+)")
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


def resolve(
    path: Path,
    environment: Environment,
    interpreter: Interpreter,
    *,
    pins: Iterable[Pin],
    exclude_newer: str | None,
    asked: Sequence[str] = (),
) -> tuple[Lock, bytes]:
    """A lock that is not written yet, to stand at `path`, and its bytes. Pins are kept where they fit.

    `asked` are requirements of this one resolution: constraints that the lock does not note, so that it
    fits envmgr.toml as it is. Needs the network; blocks while uv resolves. Raises E-CONFLICT in the words of
    the libraries, E-LOCK, E-NETWORK.
    """
    wanted = inputs(environment, interpreter)
    constraints = (*wanted.constraints, *asked)
    try:
        return solve(
            path,
            environment.name,
            wanted,
            interpreter,
            pins=pins,
            exclude_newer=exclude_newer,
            constraints=constraints,
        )
    except EnvmgrError as problem:
        if problem.code == "E-LOCK" and "uv" not in problem.details:
            raise  # it was resolved
        from envmgr.environments import conflicts

        here = replace(environment, constraints=constraints)
        core = conflicts.reason(problem, here, interpreter, exclude_newer)
        raise _dated(conflicts.in_words(problem, here, core), exclude_newer) from None


def solve(
    path: Path,
    name: str,
    wanted: Inputs,
    interpreter: Interpreter,
    *,
    pins: Iterable[Pin] = (),
    exclude_newer: str | None = None,
    constraints: Sequence[str] | None = None,
) -> tuple[Lock, bytes]:
    """As `resolve`, of `wanted`, with uv's own words for what cannot be. `name` is for errors; `constraints` are
    those of this one resolution, if they differ from what the lock is to note."""
    from envmgr.tools import uv

    if wanted.requirements:
        resolved = uv.resolve(
            wanted.requirements,
            constraints=wanted.constraints if constraints is None else constraints,
            python=Path(interpreter.executable),
            minor=wanted.python,
            patch=interpreter.version,
            pins=[(pin.name, pin.version) for pin in pins if pin.version],
            exclude_newer=exclude_newer,
            overrides=wanted.overrides,
            no_build=wanted.no_build,
            platforms=[pypa.PLATFORMS[name] for name in wanted.platforms],
            resolution=wanted.resolution or "highest",
        )
    else:
        resolved = 'lock-version = "1.0"\ncreated-by = "envmgr"\npackages = []\n'
    text = _HEADER + resolved.rstrip() + "\n" + _table(wanted, exclude_newer)
    _no_credentials(text, name)
    content = text.encode()
    lock = parse(path, content)
    _every_file_has_a_hash(lock, name)
    return lock, content


def write(
    layout: Layout,
    environment: Environment,
    interpreter: Interpreter,
    *,
    previous: Lock | None,
    upgrade: bool,
    exclude_newer: str | None,
) -> tuple[Lock, bool]:
    """Resolve, and write the lock unless it says the same already; the lock, and whether its bytes changed.

    Pins of `previous` are kept where they fit, unless `upgrade`. Needs the network; blocks while uv resolves.
    Raises E-CONFLICT in the words of the libraries, E-LOCK, E-NETWORK.
    """
    path = layout.lock(environment.name)
    pins = () if previous is None or upgrade else previous.pins
    lock, content = resolve(path, environment, interpreter, pins=pins, exclude_newer=exclude_newer)
    if previous is not None and same(previous, lock):
        return previous, False
    path.parent.mkdir(parents=True, exist_ok=True)
    stages.reached("lock-resolved")
    files.write(path, content)
    stages.reached("lock-written")
    return lock, True


def _table(wanted: Inputs, exclude_newer: str | None) -> str:
    noted = {"inputs": wanted.digest, **wanted.table}
    if exclude_newer is not None:
        noted["exclude-newer"] = exclude_newer
    lines = ["\n[tool.envmgr]", *(f"{key} = {_toml(value)}" for key, value in noted.items())]
    return "\n".join(lines) + "\n"


def _toml(value: bool | str | Sequence[str]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "[" + ", ".join(_toml(item) for item in value) + "]"


def same(one: Lock, other: Lock) -> bool:
    """Whether they differ in nothing but their spelling."""
    return _meaning(one) == _meaning(other)


def _meaning(lock: Lock) -> object:
    packages = [
        [package["name"], package.get("version"), package.get("marker"), _hashes(package)]
        for package in lock.document.get("packages", [])
    ]
    return [sorted(packages, key=str), lock.document.get("requires-python"), lock.document.get("tool")]


def _hashes(package: Mapping[str, Any]) -> list[str]:
    held = [*package.get("wheels", ()), *(package[kind] for kind in ("sdist", "archive") if kind in package)]
    return sorted(value for file in held for value in file.get("hashes", {}).values())


def _dated(problem: EnvmgrError, exclude_newer: str | None) -> EnvmgrError:
    if exclude_newer is not None and problem.code in ("E-CONFLICT", "E-LOCK"):
        problem.hint += (
            f"\nonly what its index dates before {exclude_newer} counts; `envmgr lock --upgrade` lifts that"
        )
    return problem


def _every_file_has_a_hash(lock: Lock, name: str) -> None:
    loose = [package["name"] for package in lock.document.get("packages", []) if not _hashes(package)]
    if loose:
        raise EnvmgrError(
            "E-LOCK",
            f"environment {name}: {', '.join(loose)} cannot be locked: it comes from a directory"
            " or a repository, whose content has no hash",
            hint="build a wheel of it and ask for that file, or publish it to an index",
        )


def _no_credentials(text: str, name: str) -> None:
    hosts = sorted(set(_WITH_CREDENTIALS.findall(text)))
    if hosts:
        raise EnvmgrError(
            "E-LOCK",
            f"environment {name}: an address on {', '.join(hosts)} holds a user or a password, which"
            " a lock must not",
            hint="ask for it without; uv finds them in UV_INDEX_…_USERNAME and …_PASSWORD, in ~/.netrc or in the"
            " keyring",
        )


def _check_shape(document: Mapping[str, Any]) -> None:
    """Raises for one that cannot even be read; whether a lock is valid is asked when it is installed."""
    for package in document.get("packages", []):
        "".join([package["name"], package.get("version", ""), *_hashes(package)])
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
