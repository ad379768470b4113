"""`envmgr doctor`: whether this machine and this project have what envmgr needs. Changes nothing."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import envmgr
from envmgr import caches
from envmgr.config import CONFIG_NAME, Layers, load
from envmgr.environments import projectlock
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.model.machine import Check
from envmgr.model.project import Environment, Project
from envmgr.operations.status import status
from envmgr.tools import interpreters, uv
from envmgr_runtime.wire.messages import PROTOCOL

_OLDEST_UV = (0, 9)
_LITTLE_BYTES = 2 * 2**30
_TOO_LITTLE_BYTES = 200 * 2**20


@dataclass(frozen=True, slots=True)
class ElixirLibrary:
    """Whose command this is to be: its version, and the protocol that its pools speak."""

    version: str
    protocol: int


def doctor(place: Path, layers: Layers, library: ElixirLibrary | None = None) -> tuple[Check, ...]:
    """All checks, whatever the earlier ones found: of the machine, and of the project when `place` has one.

    Starts uv, and each interpreter that was never asked. Raises nothing that a check can tell.
    """
    checks: list[Check] = [*_guarded("envmgr", lambda: _ourselves(library))]
    checks += _guarded("uv", _uv)
    checks += _guarded("disk", lambda: _disk(place))
    checks += _guarded("cache", lambda: _cache(place))
    if (place / CONFIG_NAME).exists():
        checks += _guarded("file locks", lambda: _locking(place))
        checks += _project(place, layers)
    else:
        advice = "`envmgr init` starts one; `--project DIR` names another directory"
        checks.append(Check("project", "warning", f"there is no {CONFIG_NAME} in {place}", advice))
    return tuple(checks)


def _guarded(name: str, look: Callable[[], Iterator[Check]]) -> list[Check]:
    found = []
    try:
        for check in look():
            found.append(check)
    except EnvmgrError as problem:
        found.append(Check(name, "failed", problem.message, problem.hint))
    except OSError as problem:
        why = f"{problem.strerror or problem} ({problem.filename})" if problem.filename else str(problem)
        found.append(Check(name, "failed", why, "give this user the right to it, or mend the file system"))
    return found


def _ourselves(library: ElixirLibrary | None) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Check("envmgr", "ok", f"{envmgr.__version__}, protocol {PROTOCOL}, by Python {version}")
    if library is None:
        return
    told = f"the Elixir library is {library.version}, protocol {library.protocol}"
    if library.protocol != PROTOCOL:
        found = f"{told}: its pools do not understand the workers that this command builds"
        yield Check(
            "elixir library", "failed", found, "`mix envmgr.install` installs the command that fits it"
        )
    elif library.version != envmgr.__version__:
        advice = "`mix envmgr.install` installs the command of the same version"
        yield Check("elixir library", "warning", told, advice)
    else:
        yield Check("elixir library", "ok", told)


def _uv() -> Iterator[Check]:
    place = uv.executable()
    version = uv.version()
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers < _OLDEST_UV:
        oldest = ".".join(map(str, _OLDEST_UV))
        yield Check(
            "uv", "failed", f"{version} ({place}) is older than {oldest}", f"pip install 'uv>={oldest}'"
        )
    else:
        yield Check("uv", "ok", f"{version} ({place})")


def _disk(place: Path) -> Iterator[Check]:
    if not os.access(place, os.W_OK):
        advice = "give this user the right to write there; reading is enough to run what is built"
        yield Check("disk", "failed", f"{place} cannot be written", advice)
    free = shutil.disk_usage(place).free
    found = f"{free / 2**30:.1f} GiB free at {place}"
    advice = "make room: `envmgr gc` frees what no rollback reaches"
    state = "failed" if free < _TOO_LITTLE_BYTES else "warning" if free < _LITTLE_BYTES else "ok"
    yield Check("disk", state, found, "" if state == "ok" else advice)


def _cache(place: Path) -> Iterator[Check]:
    cache = caches.directory()
    there = cache
    while not there.exists() and there != there.parent:
        there = there.parent
    if not os.access(there, os.W_OK):
        advice = "ENVMGR_CACHE_DIR names another directory; without one every project builds its own"
        yield Check("cache", "warning", f"{cache} cannot be written", advice)
    elif there.stat().st_dev != place.stat().st_dev:
        advice = "ENVMGR_CACHE_DIR and UV_CACHE_DIR on the project's file system save time and room"
        found = f"{cache} is on another file system than {place}: files are copied, not linked"
        yield Check("cache", "warning", found, advice)
    else:
        yield Check("cache", "ok", str(cache))


def _locking(root: Path) -> Iterator[Check]:
    if projectlock.is_possible(root / CONFIG_NAME):
        yield Check("file locks", "ok", "work here")
    else:
        found = f"the file system of {root} has no locks: two commands at once may harm each other"
        yield Check("file locks", "failed", found, "put the project on a local disk")


def _project(root: Path, layers: Layers) -> Iterator[Check]:
    try:
        project = load(root, layers)
    except EnvmgrError as problem:
        yield Check("project", "failed", problem.message, problem.hint)
        return
    yield Check("project", "ok", f"{root / CONFIG_NAME} is valid")
    for warning in project.warnings:
        yield Check("project", "warning", warning, f"see docs/configuration.md, or change {CONFIG_NAME}")
    pythons: dict[str, list[Environment]] = {}
    for environment in project.environments.values():
        if environment.adopt is None:
            pythons.setdefault(environment.python, []).append(environment)
    for python, environments in pythons.items():
        names = ", ".join(environment.name for environment in environments)
        yield from _guarded(f"python {python}", functools.partial(_python, root, python, names))
    yield from _guarded("environments", lambda: _environments(project))


def _python(root: Path, python: str, names: str) -> Iterator[Check]:
    found = interpreters.find(python, root=root)
    yield Check(f"python {python}", "ok", f"{found.version} ({found.executable}), for {names}")


def _environments(project: Project) -> Iterator[Check]:
    for found in status(project):
        name = f"environment {found.environment}"
        if found.state == "ready":
            yield Check(name, "ok", f"generation {found.generation} is what {CONFIG_NAME} says")
        else:
            state = "failed" if found.state == "broken" else "warning"
            what, _, advice = found.detail.rpartition("; ")
            if not what:
                what, advice = advice, f"`envmgr health {found.environment}` says more"
            yield Check(name, state, f"{found.state}: {what}", advice)
    layout = Layout(project.root)
    strange = sorted(
        place.name for place in layout.environments.glob("*") if place.name not in project.environments
    )
    if strange:
        found_ = f"{', '.join(strange)}: active, and not in {CONFIG_NAME}"
        yield Check("environments", "warning", found_, "`envmgr sync` deactivates them")
