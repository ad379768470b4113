"""`envmgr rollback`: an older generation becomes active again. No network, no build, no uv, no configuration.

Imports little on purpose: a rollback is what an operator runs when all else is broken.
"""

from __future__ import annotations

import time
from pathlib import Path

from envmgr.environments import activation, files, overruled, projectlock, recovery, store
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout, entry_name
from envmgr.environments.state import State, known_on_disk
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import RollbackOutcome


def rollback(root: Path, environment: str, *, to: int | None = None) -> RollbackOutcome:
    """Activate generation `to`, or the greatest one below the active one.

    Costs one row, a note, two renames and their flushes. Raises E-UNKNOWN-ENVIRONMENT, E-UNKNOWN-GENERATION,
    E-NOT-INSTALLED when the generation's store entry is gone, E-BUSY, E-DISK.
    """
    begun = time.perf_counter()
    layout = Layout(root)
    if not layout.state.exists() and not known_on_disk(layout):
        raise _unknown_environment(environment, ())
    with files.disk_problems("rolling back"), projectlock.hold(layout), recovery.opened(layout) as state:
        active = state.active(environment)
        target = _target(state, environment, active, to)
        entry = entry_name(environment, target.key)
        if not store.is_whole(layout, entry):
            home = layout.entry(entry)
            why = f"is not whole any more: {home}"
            if home.is_symlink():
                why = f"was adopted from {home.readlink()}, which has changed since"
            raise EnvmgrError(
                "E-NOT-INSTALLED",
                f"generation {target.number} of {environment} {why}",
                hint="choose another generation with --to (see `envmgr history`), or run `envmgr sync`",
            )
        came_from = active.number if active is not None else target.number
        overruled.note(layout, environment, target.number)
        activation.activate(layout, state, target, action="rollback", reason=f"rollback from {came_from}")
    return RollbackOutcome(
        environment, came_from, target.number, target.key, (time.perf_counter() - begun) * 1000
    )


def _target(state: State, environment: str, active: Generation | None, to: int | None) -> Generation:
    numbers = state.numbers(environment)
    if not numbers:
        raise _unknown_environment(environment, state.environments())
    there = f"there is {', '.join(map(str, numbers))}"
    if to is not None:
        wanted = state.generation(environment, to)
        if wanted is None:
            raise EnvmgrError("E-UNKNOWN-GENERATION", f"{environment} has no generation {to}", hint=there)
        return wanted
    if active is None:
        raise EnvmgrError(
            "E-UNKNOWN-GENERATION",
            f"{environment} has no active generation to go back from",
            hint=f"name one with --to: {there}",
        )
    below = state.below(environment, active.number)
    if below is None:
        raise EnvmgrError(
            "E-UNKNOWN-GENERATION",
            f"{environment} has no generation before {active.number}, the active one",
            hint=f"name one with --to: {there}" if len(numbers) > 1 else "",
        )
    return below


def _unknown_environment(name: str, known: tuple[str, ...]) -> EnvmgrError:
    from envmgr.operations.selection import unknown_names

    return unknown_names("E-UNKNOWN-ENVIRONMENT", "activated environment", [name], known)
