"""A release that no environment asks for: locked, built and catalogued as any other, in a directory that goes with
the command. What was built stays in this user's shared cache.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr import caches
from envmgr.environments import files, layers, projectlock, recovery, resolving
from envmgr.environments.layout import Layout, entry_name, python_of, site_packages
from envmgr.environments.locks import Lock
from envmgr.environments.modules import SELDOM_MEANT
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Report
from envmgr.model.project import Environment, Library, Project
from envmgr.operations import renewing
from envmgr.operations.ground import Ground
from envmgr.operations.run import Run
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter

_ENVIRONMENT = "releases"


@dataclass(frozen=True, slots=True)
class Release:
    """It stands somewhere. `library` is the name that its paths begin with, `site` its library directory, `python`
    its interpreter's version."""

    library: str
    distribution: str
    version: str
    module: str
    python: str
    executable: Path
    site: Path
    catalog: Path


@contextlib.contextmanager
def scratch(report: Report) -> Iterator[Run]:
    """Where releases are built; it goes when the caller is done."""
    place = caches.directory() / "scratch"
    place.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    root = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=place))
    layout = Layout(root)
    try:
        with projectlock.hold(layout), recovery.opened(layout) as state:
            layout.staging.mkdir(parents=True, exist_ok=True)
            yield Run(Project(root, _ENVIRONMENT, {}), layout, state, False, False, report)
    finally:
        files.remove(root)


def build(
    run: Run,
    library: Library,
    distribution: str,
    version: str,
    interpreter: Interpreter,
    exclude_newer: str | None,
    *,
    others: bool,
) -> tuple[Release, ...]:
    """Of the library's module, and, with `others`, of the distribution's other public ones. The runtime layer of the
    interpreter is there.

    Only for this machine's platform. `exclude_newer` bounds what it depends on. Needs the network. Raises what a lock
    and a build raise: E-LOCK, E-CONFLICT, E-BUILD, E-PROOF, E-NETWORK.
    """
    begun = time.perf_counter()
    named = f"{distribution} {version}"
    report = run.report
    run = replace(run, report=lambda _, stage: report(named, stage))
    wanted = replace(library, requirement=_pinned(library, distribution, version), environment=_ENVIRONMENT)
    environment = Environment(_ENVIRONMENT, interpreter.executable, (wanted,), platforms=_here(interpreter))
    lock = _locked(run, environment, f"{distribution}-{version}", interpreter, exclude_newer)
    ground = Ground(interpreter, layers.place(run.layout, interpreter), lock.digest, "")
    first = _stand(run, environment, ground, lock, begun)
    if not others:
        return (first,)
    own = _own_packages(first)
    found = [] if own else [first]
    for module in own or _others(first):
        with contextlib.suppress(EnvmgrError):  # what cannot be imported has no API here
            other = replace(wanted, name=module, module=module)
            found.append(_stand(run, replace(environment, libraries=(other,)), ground, lock, begun))
    return tuple(found) or (first,)


def _stand(run: Run, environment: Environment, ground: Ground, lock: Lock, begun: float) -> Release:
    ready = renewing.prepare(run, environment, ground, lock, begun)
    renewing.share(run, environment, ready)
    (resolved,) = ready.libraries
    entry = entry_name(environment.name, ready.key)
    home = run.layout.entry(entry)
    return Release(
        resolved.module,
        resolved.distribution or resolved.library.name,
        resolved.version or "",
        resolved.module,
        ground.interpreter.version,
        python_of(home),
        site_packages(home),
        run.layout.catalog_of(entry, resolved.module),
    )


def modules(found: Release) -> tuple[str, ...]:
    """The public ones of its distribution that are installed, whether they can be imported or not; in a namespace
    that it shares with others, its own packages."""
    own = pypa.canonical(found.distribution)
    there = (module for each in pypa.installed(found.site) if each.name == own for module in each.modules)
    return (*there, *_own_packages(found))


def _own_packages(found: Release) -> tuple[str, ...]:
    """The outermost packages of a distribution whose module is a namespace that it shares with others (PEP 420);
    empty where it is its own."""
    top = found.module.partition(".")[0]
    installed = pypa.installed(found.site)
    own = next((each for each in installed if each.name == pypa.canonical(found.distribution)), None)
    shared = any(top in each.modules for each in installed if each is not own)
    if own is None or not shared or found.site.joinpath(top, "__init__.py").exists():
        return ()
    packages = {
        tuple(entry.path.split("/")[:-1]) for entry in own.record if entry.path.endswith("/__init__.py")
    }
    outermost = [
        each for each in packages if not any(each[:size] in packages for size in range(1, len(each)))
    ]
    return tuple(
        sorted(".".join(each) for each in outermost if not any(part.startswith("_") for part in each))
    )


def _others(found: Release) -> Iterator[str]:
    for module in modules(found):
        if module not in (found.module, *SELDOM_MEANT):
            yield module


def _locked(
    run: Run, environment: Environment, name: str, interpreter: Interpreter, exclude_newer: str | None
) -> Lock:
    path = run.layout.root / f"{name}-{interpreter.minor}" / "pylock.toml"
    run.report(name, "resolve")
    lock, content = resolving.resolve(path, environment, interpreter, pins=(), exclude_newer=exclude_newer)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return lock


def _pinned(library: Library, distribution: str, version: str) -> str:
    """With the library's extras, which may make more of it importable."""
    from packaging.requirements import Requirement

    extras = ",".join(sorted(Requirement(library.requirement).extras)) if library.requirement else ""
    return f"{distribution}{f'[{extras}]' if extras else ''}=={version}"


def _here(interpreter: Interpreter) -> tuple[str, ...]:
    machine, system = interpreter.markers["platform_machine"], interpreter.markers["sys_platform"]
    wanted = f"sys_platform == '{system}' and platform_machine == '{machine}'"
    return tuple(name for name, marker in pypa.PLATFORMS.items() if marker == wanted)


def _sweep(place: Path) -> None:
    """What a killed command has left."""
    for left in place.iterdir():
        pid = left.name.partition("-")[0]
        if pid.isdigit() and not _runs(int(pid)):
            files.remove(left)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
