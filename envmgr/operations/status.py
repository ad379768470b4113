"""`envmgr status`: whether what is active is what is configured. Reads only; starts no uv and no build."""

from __future__ import annotations

import os

from envmgr.environments import activation, launch, locks
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout
from envmgr.environments.state import State, read_state
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import EnvironmentStatus, LibraryStatus
from envmgr.model.project import Environment, Project
from envmgr.operations import ground


def status(project: Project) -> tuple[EnvironmentStatus, ...]:
    """Every configured environment, in configured order."""
    with read_state(Layout(project.root)) as state:
        return tuple(_status(project, state, environment) for environment in project.environments.values())


def _status(project: Project, state: State | None, environment: Environment) -> EnvironmentStatus:
    active = None if state is None else state.active(environment.name)
    try:
        word, detail = _unfinished(state, environment) or _judged(project, environment, active)
    except (EnvmgrError, OSError) as problem:
        word, detail = "broken", str(problem)
    facts = {} if active is None else launch.decode(active.launch)
    known = facts.get("libraries", {})
    libraries = tuple(
        LibraryStatus(
            library.name,
            known.get(library.name, {}).get("module") or library.module or library.name,
            known.get(library.name, {}).get("version"),
        )
        for library in environment.libraries
    )
    return EnvironmentStatus(
        environment.name,
        word,
        detail,
        None if active is None else active.number,
        None if active is None else active.key,
        facts.get("python", {}).get("version"),
        libraries,
    )


def _unfinished(state: State | None, environment: Environment) -> tuple[str, str] | None:
    for begun in () if state is None else state.unfinished():
        if begun.environment == environment.name and begun.outcome == "activating":
            return "broken", (
                f"the activation of generation {begun.generation} was begun and is not finished; "
                "unless a command is at work on it, run `envmgr sync`, which completes it"
            )
    return None


def _judged(project: Project, environment: Environment, active: Generation | None) -> tuple[str, str]:
    layout = Layout(project.root)
    if environment.adopt is not None:
        return _judged_adopted(project, environment, active)
    if active is not None and not activation.agrees(layout, active):
        base = launch.decode(active.launch)["python"]["executable"]
        if not os.access(base, os.X_OK):
            return (
                "broken",
                f"its interpreter {base} is gone; install it again, or name another and `envmgr sync`",
            )
        return "broken", f"generation {active.number} is not what is on disk; run `envmgr sync`"
    here = ground.survey(project, environment, download=False)
    if active is not None and here.fingerprint == active.fingerprint and here.layer.is_dir():
        return "ready", ""
    if here.lock_digest is None:
        return "not-locked", "it has no lock; run `envmgr lock` or `envmgr sync`"
    why = locks.staleness(locks.read(layout, environment.name), locks.inputs(environment, here.interpreter))
    if why:
        return "stale-lock", f"{why}; run `envmgr lock` or `envmgr sync`"
    if active is None:
        return "not-built", "it is locked and not built; run `envmgr sync`"
    return "not-built", f"lock or settings are newer than generation {active.number}; run `envmgr sync`"


def _judged_adopted(project: Project, environment: Environment, active: Generation | None) -> tuple[str, str]:
    here = ground.survey(project, environment, download=False)
    if active is None:
        return "not-built", f"{environment.adopt} is not adopted yet; run `envmgr sync`"
    if here.fingerprint != active.fingerprint or not here.layer.is_dir():
        return (
            "not-built",
            f"{environment.adopt}, or settings, changed since generation {active.number}; run `envmgr sync`",
        )
    if not activation.agrees(Layout(project.root), active):
        return "broken", f"generation {active.number} is not what is on disk; run `envmgr sync`"
    return "ready", ""
