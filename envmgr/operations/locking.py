"""`envmgr lock`: every environment's requirements resolved, each into its own lock."""

from __future__ import annotations

from collections.abc import Sequence

from envmgr.environments import activation, files, locks, projectlock
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Lock
from envmgr.environments.state import open_state
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import LockOutcome, Report, silent
from envmgr.model.project import Environment, Project
from envmgr.operations import together
from envmgr.operations.selection import select
from envmgr.tools import interpreters

# Resolving waits for the network most of the time.
AT_ONCE = 8


def lock(
    project: Project,
    names: Sequence[str] = (),
    *,
    upgrade: bool = False,
    exclude_newer: str | None = None,
    report: Report = silent,
) -> tuple[LockOutcome, ...]:
    """Lock what these libraries or environments (default: all) ask for; one that already says so keeps its
    bytes.

    Pins are kept unless `upgrade`. Environments fail one by one: the others are locked, then every failure is
    raised.
    """
    chosen = select(project, names)
    layout = Layout(project.root)
    failures: dict[str, EnvmgrError] = {}

    def work(environment: Environment) -> tuple[Lock, bool]:
        return lock_one(
            layout, environment, upgrade=upgrade, exclude_newer=exclude_newer, again=True, report=report
        )

    with files.disk_problems("locking"), projectlock.hold(layout):
        recover(layout)
        layout.staging.mkdir(parents=True, exist_ok=True)
        made = together.each(chosen, work, failures, limit=AT_ONCE)
        files.remove(layout.staging)
    together.raise_failures(failures, made)
    return tuple(_outcome(environment, *made[environment.name]) for environment in chosen)


def lock_one(
    layout: Layout,
    environment: Environment,
    *,
    upgrade: bool,
    exclude_newer: str | None,
    again: bool,
    report: Report,
) -> tuple[Lock, bool]:
    """One environment's lock and whether it changed. A lock that fits is resolved anew only for what `again`
    allows.
    """
    with files.disk_problems(f"locking environment {environment.name}"):
        interpreter = interpreters.find(environment.python, root=layout.root, download=True)
        previous = locks.read(layout, environment.name)
        wanted = locks.inputs(environment, interpreter)
        if previous is not None and not locks.staleness(previous, wanted):
            noted = previous.document["tool"]["envmgr"].get("exclude-newer")
            if not (again and (upgrade or exclude_newer not in (None, noted))):
                return previous, False
        report(environment.name, "resolve")
        return locks.write(
            layout, environment, interpreter, previous=previous, upgrade=upgrade, exclude_newer=exclude_newer
        )


def recover(layout: Layout) -> None:
    """Complete what a killed process left unfinished, when there is a state at all."""
    if layout.state.exists():
        with open_state(layout) as state:
            activation.recover(layout, state)
    else:
        activation.sweep(layout)


def _outcome(environment: Environment, lock: Lock, changed: bool) -> LockOutcome:
    return LockOutcome(environment.name, str(lock.path), changed, lock.pins)
