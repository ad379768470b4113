"""state.db for a command that changes something: opened, rebuilt when it was lost, nothing in it half done.

What is lost comes back from the records of all generations, and from each environment's launch manifest and
`current`, which say what is active. So a damaged state.db costs its history, and no way back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from envmgr.environments import activation, files, records, stages, store
from envmgr.environments.database import problems
from envmgr.environments.generation import Generation
from envmgr.environments.journal import now
from envmgr.environments.layout import Layout, entry_name, site_packages
from envmgr.environments.state import State, known_on_disk, open_state
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Pin


@contextlib.contextmanager
def opened(layout: Layout) -> Iterator[State]:
    """The caller holds the project's lock. Raises E-DISK; E-STATE when damage shows only later: state.db is
    then moved aside, and rebuilt by the next command. Cost, when nothing was lost: two small queries.
    """
    try:
        with contextlib.ExitStack() as stack:
            why = "it was gone" if not layout.state.exists() else "it lacked them"
            try:
                state = _read(layout, stack)
            except EnvmgrError as problem:
                if problem.code != "E-STATE":
                    raise
                stack.close()
                why = f"it was damaged ({problem.__cause__}), and is kept as {_set_aside(layout).name}"
                state = stack.enter_context(open_state(layout))
            if _is_behind(layout, state):
                _rebuild(layout, state, f"state.db was rebuilt from what is on disk: {why}")
            activation.recover(layout, state)
            yield state
    except EnvmgrError as problem:
        if problem.code == "E-STATE":
            _set_aside(layout)
        raise


def _read(layout: Layout, stack: contextlib.ExitStack) -> State:
    with problems(layout):
        state = stack.enter_context(open_state(layout))
        state.count()
        for unfinished in state.unfinished():
            state.generation(unfinished.environment, unfinished.generation)
    return state


def _is_behind(layout: Layout, state: State) -> bool:
    known = state.count()
    return known != records.count(layout) or (known == 0 and known_on_disk(layout))


def _rebuild(layout: Layout, state: State, reason: str) -> None:
    known = {(found.environment, found.number): found for found in state.generations()}
    lost = {
        (found.environment, found.number): found
        for found in records.read(layout)
        if (found.environment, found.number) not in known
    }
    active = []
    for directory in sorted(layout.environments.glob("*")):
        environment = directory.name
        if not any(found == environment for found, _ in lost) and state.numbers(environment):
            continue  # nothing of it was lost
        candidates = [found for found in (known | lost).values() if found.environment == environment]
        found = _active_on_disk(layout, environment, candidates)
        if found is not None:
            active.append(found)
            if (environment, found.number) not in known:
                lost[environment, found.number] = found
    state.restore(sorted(lost.values(), key=lambda found: (found.environment, found.number)), active, reason)
    for found in state.generations():
        records.keep(layout, found)
    stages.reached("state-rebuilt")


def _active_on_disk(layout: Layout, environment: str, candidates: Iterable[Generation]) -> Generation | None:
    """The generation that workers are started from, as the launch manifest says, or else `current`."""
    whole = [
        found
        for found in sorted(candidates, key=lambda found: found.number, reverse=True)
        if store.is_whole(layout, entry_name(environment, found.key))
    ]
    with contextlib.suppress(OSError):
        launch = layout.launch(environment).read_bytes()
        for found in whole:
            if found.launch == launch:
                return found
        adopted = _adopted(layout, environment, launch)
        if adopted is not None:
            return adopted
    with contextlib.suppress(OSError):
        current = layout.current(environment).readlink().name
        for found in whole:
            if entry_name(environment, found.key) == current:
                return found
    return None


def _adopted(layout: Layout, environment: str, content: bytes) -> Generation | None:
    """A generation of which nothing but its launch manifest and its entry is left."""
    from envmgr.environments import launch
    from envmgr.tools import pypa

    try:
        said = launch.decode(content)
        number, key = int(said["generation"]), str(said["key"])
        entry = entry_name(environment, key)
        if said["environment"] != environment or not store.is_whole(layout, entry):
            return None
        installed = pypa.installed(site_packages(layout.entry(entry)))
    except (OSError, ValueError, KeyError, TypeError, EnvmgrError):
        return None
    pins = sorted((Pin(found.name, found.version) for found in installed), key=lambda pin: pin.name)
    return Generation(environment, number, key, "", "", tuple(pins), content)


def _set_aside(layout: Layout) -> Path:
    """Keep what is left of state.db under another name. Its log goes first: a database is never met with
    another's.
    """
    broken = layout.state.with_name(f"{layout.state.name}.broken-{now().replace(':', '')}")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            layout.state.with_name(f"{layout.state.name}{suffix}").rename(f"{broken}{suffix}")
    files.flush_directory(layout.home)
    stages.reached("state-aside")
    return broken
