"""A release that no environment asks for, in the store: locked, built and catalogued as any other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr.environments import files, layers, laying, locks
from envmgr.environments.layout import Layout, entry_name, python_of, site_packages
from envmgr.environments.locks import Lock
from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Library
from envmgr.operations import renewing
from envmgr.operations.ground import Ground
from envmgr.operations.run import Run
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter

ENVIRONMENT = "releases"
"""What such entries' names begin with."""


@dataclass(frozen=True, slots=True)
class Release:
    """It stands in the store. `site` is its library directory, `python` its interpreter's version."""

    library: str
    distribution: str
    version: str
    module: str
    python: str
    executable: Path
    site: Path
    catalog: Path


def have(
    run: Run, library: Library, distribution: str, version: str, interpreter: Interpreter, exclude_newer: str | None
) -> Release:
    """Lock it unless its lock is there, build it unless it stands, write its catalog. The caller holds the project's
    lock.

    Only for this machine's platform, from wheels where there are. Needs the network once. Raises what a lock and a
    build raise, and E-PROOF where it cannot be imported.
    """
    begun = time.perf_counter()
    name = f"{distribution}-{version}"
    environment = Environment(
        ENVIRONMENT,
        interpreter.executable,
        (replace(library, requirement=f"{distribution}=={version}"),),
        platforms=_here(interpreter),
    )
    lock = _locked(run, environment, name, interpreter, exclude_newer)
    laying.ensure(run.layout, interpreter, offline=run.offline)
    here = Ground(interpreter, layers.place(run.layout, interpreter), lock.digest, "")
    silent = replace(run, report=lambda _, stage: run.report(f"{distribution} {version}", stage))
    ready = renewing.prepare(silent, environment, here, lock, begun)
    renewing.share(run, environment, ready)
    (resolved,) = ready.libraries
    return _standing(run.layout, resolved, store_name(ready.key), interpreter, library, version)


def store_name(key: str) -> str:
    return entry_name(ENVIRONMENT, key)


def _locked(
    run: Run, environment: Environment, name: str, interpreter: Interpreter, exclude_newer: str | None
) -> Lock:
    path = run.layout.release(f"{name}-{interpreter.minor}")
    wanted = locks.inputs(environment, interpreter)
    try:
        known = locks.parse(path, path.read_bytes())
        if not locks.staleness(known, wanted) and known.noted.get("exclude-newer") == exclude_newer:
            return known
    except (OSError, EnvmgrError):
        pass
    if run.offline:
        raise EnvmgrError(
            "E-OFFLINE",
            f"{name} must be locked first, which needs the network",
            hint="run the command once without --offline",
        )
    run.report(name, "resolve")
    lock, content = locks.resolve(path, environment, interpreter, pins=(), exclude_newer=exclude_newer)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, content)
    return lock


def _here(interpreter: Interpreter) -> Sequence[str]:
    machine, system = interpreter.markers["platform_machine"], interpreter.markers["sys_platform"]
    wanted = f"sys_platform == '{system}' and platform_machine == '{machine}'"
    return tuple(name for name, marker in pypa.PLATFORMS.items() if marker == wanted)


def _standing(
    layout: Layout, resolved: Resolved, entry: str, interpreter: Interpreter, library: Library, version: str
) -> Release:
    home = layout.entry(entry)
    return Release(
        library.name,
        resolved.distribution or library.name,
        resolved.version or version,
        resolved.module,
        interpreter.version,
        python_of(home),
        site_packages(home),
        layout.catalog_of(entry, resolved.module),
    )
