"""`envmgr lock`: every environment's requirements resolved, each into its own lock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from envmgr.environments import activation, files, locks, projectlock, recovery, resolving
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Lock
from envmgr.environments.state import known_on_disk
from envmgr.errors import EnvmgrError
from envmgr.model.locks import LockOutcome
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Environment, Project
from envmgr.operations import together
from envmgr.operations.selection import select
from envmgr.tools import interpreters

# Resolving waits for the network most of the time.
AT_ONCE = 8
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?P<time>[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?P<zone>[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)


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

    Pins are kept unless `upgrade`. With `exclude_newer` (a date or an RFC 3339 time) nothing counts that was
    published later; it holds for later locks of the same environment too, until `upgrade` or another one.
    An adopted environment has no lock. Environments fail one by one: the others are locked, then every failure
    is raised. Raises E-USAGE for what is neither date nor time.
    """
    exclude_newer = None if exclude_newer is None else moment(exclude_newer)
    chosen = []
    for environment in select(project, names):
        if environment.adopt is None:
            chosen.append(environment)
        else:
            report(environment.name, f"adopted from {environment.adopt}: nothing to lock")
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
        held = None if previous is None else previous.noted.get("exclude-newer")
        anew = again and (upgrade or exclude_newer not in (None, held))
        if previous is not None and not anew and not locks.staleness(previous, wanted):
            return previous, False
        if not upgrade:
            exclude_newer = exclude_newer or held
        report(environment.name, "resolve")
        return resolving.write(
            layout, environment, interpreter, previous=previous, upgrade=upgrade, exclude_newer=exclude_newer
        )


def moment(text: str) -> str:
    """A date, which counts to its end in UTC, or an RFC 3339 time, as a UTC time that uv reads alike
    everywhere: of itself it ends a date at local midnight, and reads a time without a zone as a date.

    Raises E-USAGE.
    """
    found = _MOMENT.fullmatch(text)
    if found is not None and found["time"] and not found["zone"]:
        raise EnvmgrError(
            "E-USAGE", f"--exclude-newer: {text} has no time zone", hint=f"write {text}Z if it is UTC"
        )
    try:
        if found is None:
            raise ValueError
        said = datetime.fromisoformat(text.upper())
        at = said.astimezone(UTC) if found["time"] else said.replace(tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise EnvmgrError(
            "E-USAGE",
            f"--exclude-newer: {text!r} is neither a date nor a time",
            hint="write 2026-01-31, or 2026-01-31T12:00:00Z",
        ) from None
    return at.isoformat().replace("+00:00", "Z")


def recover(layout: Layout) -> None:
    """Complete what a killed process left unfinished, when there is a state at all."""
    if layout.state.exists() or known_on_disk(layout):
        with recovery.opened(layout):
            pass
    else:
        activation.sweep(layout)


def _outcome(environment: Environment, lock: Lock, changed: bool) -> LockOutcome:
    return LockOutcome(environment.name, str(lock.path), changed, lock.pins)
