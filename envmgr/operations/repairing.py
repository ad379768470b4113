"""A store entry built afresh from its lock: what is sick is marked and left, never patched."""

from __future__ import annotations

from pathlib import Path

from envmgr.environments import activation, adoption, files, launch, laying, locks, stages, store
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout, entry_name
from envmgr.environments.state import State
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Report
from envmgr.model.project import Environment, Project
from envmgr.operations import renewing
from envmgr.operations.run import Run
from envmgr.tools import uv


def rebuild(project: Project, state: State, environment: Environment, report: Report) -> Generation:
    """The generation that is active afterwards. The caller holds the project's lock.

    The mark comes first: a process that is killed leaves an entry that the next `sync` builds anew. It goes
    away again when nothing could be built. What uv's cache has changed under the environment is taken out of
    the cache, and fetched again. Raises E-ADOPT, E-STALE-LOCK and what a build raises.
    """
    adoption.refuse(environment, "envmgr never writes there, and so repairs nothing")
    layout = Layout(project.root)
    active = state.active(environment.name)
    if active is not None:
        _same_lock(layout, environment, active)
        layout.staging.mkdir(parents=True, exist_ok=True)  # first: what a kill leaves is swept where it is
        _layer_aside(layout, active)
        store.mark_sick(layout, entry_name(active.environment, active.key))
    try:
        layout.staging.mkdir(parents=True, exist_ok=True)
        _renewed(Run(project, layout, state, True, False, report, "repair"), environment)
        files.remove(layout.staging)
    except BaseException:
        if active is not None:
            store.clear_sick(layout, entry_name(active.environment, active.key))
            activation.sweep(layout)
        raise
    generation = state.active(environment.name)
    assert generation is not None  # noqa: S101 - it was just activated
    return generation


def _renewed(run: Run, environment: Environment) -> None:
    failures: dict[str, EnvmgrError] = {}
    renewing.renew(run, [environment], failures)
    problem = failures.get(environment.name)
    if problem is not None and problem.code == "E-TAMPERED" and "files" in problem.details:
        poisoned = sorted({row["distribution"] for row in problem.details["files"]})
        run.report(environment.name, "clean")
        uv.forget(poisoned)
        failures.clear()
        renewing.renew(run, [environment], failures)
        problem = failures.get(environment.name)
    if problem is not None:
        raise problem


def _same_lock(layout: Layout, environment: Environment, active: Generation) -> None:
    lock = locks.read(layout, environment.name)
    if lock is None or (lock.digest != active.lock_digest and lock.pins != active.pins):
        what = "is gone" if lock is None else "has other versions"
        raise EnvmgrError(
            "E-STALE-LOCK",
            f"environment {environment.name}: the lock that generation {active.number} was built from {what}",
            hint=f"put back {layout.lock(environment.name)} as it was and repair again, "
            f"or run `envmgr sync {environment.name}` to move to what is locked now",
        )


def _layer_aside(layout: Layout, active: Generation) -> None:
    layer = Path(launch.decode(active.launch)["command"][-1]).parent
    if layer.is_dir() and laying.changes(layout, layer, deep=True):
        layer.rename(layout.staging / f"sick-{layer.name}")
        stages.reached("sick-layer-aside")
