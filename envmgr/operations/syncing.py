"""`envmgr sync`: what envmgr.toml says becomes what is active."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

from envmgr.environments import activation, files, overruled, projectlock, recovery
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Report, SyncOutcome, silent
from envmgr.model.project import Environment, Project
from envmgr.operations import ground, together
from envmgr.operations.run import Run
from envmgr.operations.selection import select


def sync(
    project: Project,
    names: Sequence[str] = (),
    *,
    frozen: bool = False,
    offline: bool = False,
    keep_rollbacks: bool = False,
    report: Report = silent,
) -> tuple[SyncOutcome, ...]:
    """Lock what is missing or stale, build, verify, prove, activate; environments that are configured no more
    are removed.

    Each environment is active in its old state or in its new one at every instant, and one that fails leaves
    the others alone; every failure is raised at the end. `keep_rollbacks`, for a sync that nobody asked for,
    leaves alone what was rolled back since envmgr.toml and its lock last changed. When nothing changed, no
    process is started and no module of a builder imported. Raises E-STALE-LOCK (`frozen`), E-OFFLINE
    (`offline`), E-BUSY, E-DISK and what a build raises.
    """
    chosen = select(project, names)
    layout = Layout(project.root)
    with (
        files.disk_problems("syncing"),
        projectlock.hold(layout),
        recovery.opened(layout) as state,
    ):
        run = Run(project, layout, state, frozen, offline, report)
        failures: dict[str, EnvmgrError] = {}
        outcomes: dict[str, SyncOutcome] = {}
        changed = []
        for environment in chosen:
            outcome = _unchanged(run, environment)
            if outcome is None and keep_rollbacks:
                outcome = _kept(run, environment.name)
            if outcome is None:
                changed.append(environment)
            else:
                outcomes[environment.name] = outcome
        if changed:
            from envmgr.operations import renewing

            layout.staging.mkdir(parents=True, exist_ok=True)
            outcomes.update(renewing.renew(run, changed, failures))
        for name, outcome in outcomes.items():
            # Also "unchanged" may leave a note that holds: this process may have read an older envmgr.toml.
            if not (keep_rollbacks and overruled.holds(layout, name, outcome.generation)):
                overruled.forget(layout, name)
        removed = () if names else tuple(_remove_others(run, keep_rollbacks))
        if changed:
            activation.sweep(layout)
    together.raise_failures(failures, outcomes)
    return (*(outcomes[environment.name] for environment in chosen), *removed)


def _unchanged(run: Run, environment: Environment) -> SyncOutcome | None:
    begun = time.perf_counter()
    active = run.state.active(environment.name)
    if active is None:
        return None
    with contextlib.suppress(EnvmgrError, OSError):
        here = ground.survey(run.project, environment, download=False)
        if (
            here.layer.is_dir()
            and here.fingerprint == active.fingerprint
            and activation.agrees(run.layout, active)
        ):
            seconds = time.perf_counter() - begun
            return SyncOutcome(environment.name, "unchanged", active.number, active.key, seconds)
    return None


def _kept(run: Run, name: str) -> SyncOutcome | None:
    begun = time.perf_counter()
    active = run.state.active(name)
    if (
        active is not None
        and overruled.holds(run.layout, name, active.number)
        and activation.agrees(run.layout, active)
    ):
        return SyncOutcome(name, "kept", active.number, active.key, time.perf_counter() - begun)
    return None


def _remove_others(run: Run, keep_rollbacks: bool) -> Iterator[SyncOutcome]:
    with contextlib.suppress(FileNotFoundError):
        on_disk = {found.name for found in run.layout.environments.iterdir()}
        for name in sorted(on_disk - set(run.project.environments)):
            kept = _kept(run, name) if keep_rollbacks else None
            if kept is not None:
                yield kept
                continue
            number = activation.deactivate(run.layout, run.state, name, reason="no longer configured")
            yield SyncOutcome(name, "removed", number, None, 0.0)
