"""Making a generation the active one: journal, launch manifest, `current`, journal.

Whatever kills the process in between, `launch.msgpack` and `current` each name a whole, verified store entry,
and the next mutating operation completes what the journal says was begun.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from envmgr.environments import files, records, stages, store, undo
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout, entry_name
from envmgr.environments.state import State

_PATIENCE = 100
_PAUSE_SECONDS = 0.02


def activate(layout: Layout, state: State, generation: Generation, *, action: str, reason: str) -> None:
    """The generation's entry must be whole, and the generation in `state`. OSError when the disk refuses."""
    _complete(
        layout, state, state.begin(generation.environment, generation.number, action, reason), generation
    )


def introduce(layout: Layout, state: State, generation: Generation, *, action: str, reason: str) -> None:
    """`activate` a generation that `state` does not know yet."""
    _complete(layout, state, state.introduce(generation, action, reason), generation)


def attempt(state: State, serving: Generation, *, action: str, reason: str) -> int:
    """Note in the journal what is begun, and may lead to a generation; its line's id."""
    journal = state.attempt(serving.environment, serving.number, action, reason)
    stages.reached("attempt-noted")
    return journal


def fulfil(
    layout: Layout,
    state: State,
    journal: int,
    generation: Generation,
    *,
    changes: Sequence[undo.Change],
    detail: str,
) -> None:
    """`introduce` what an attempt led to, with changes of files outside of `.envmgr` that belong to it.

    `abandon` takes all of it back, until `keep`.
    """
    undo.make(layout, undo.Note(generation.environment, generation.number, tuple(changes)))
    state.fulfil(journal, generation, detail)
    _complete(layout, state, journal, generation)


def keep(layout: Layout) -> None:
    """What was fulfilled stays."""
    undo.drop(layout)


def abandon(layout: Layout, state: State, journal: int, serving: Generation, why: str) -> None:
    """Take back what an attempt has made visible. OSError or E-DISK when the disk refuses: the next command
    then does it.
    """
    state.fail(journal, serving.number, why)
    _take_back(layout, state)


def deactivate(layout: Layout, state: State, environment: str, *, reason: str) -> int | None:
    """Take an environment that is no longer configured out of service; its generation's number, if it had
    one.
    """
    active = state.active(environment)
    journal = None if active is None else state.begin(environment, active.number, "removed", reason)
    stages.reached("removal-begun")
    _take_down(layout, environment)
    if journal is not None:
        state.settle(journal, "removed")
        stages.reached("removal-settled")
    return None if active is None else active.number


def recover(layout: Layout, state: State) -> tuple[str, ...]:
    """Complete what a killed process began, and delete what it staged; the environments that were touched."""
    touched = []
    for unfinished in state.unfinished():
        touched.append(unfinished.environment)
        if unfinished.outcome == "attempted":
            state.fail(unfinished.id, unfinished.generation, "its process ended")
            continue
        if unfinished.action == "removed":
            _take_down(layout, unfinished.environment)
            state.settle(unfinished.id, "removed")
            continue
        wanted = state.generation(unfinished.environment, unfinished.generation)
        if wanted is not None and store.is_whole(layout, entry_name(wanted.environment, wanted.key)):
            _complete(layout, state, unfinished.id, wanted)
            continue
        state.settle(unfinished.id, "failed")
        before = state.active(unfinished.environment)
        if before is not None:
            _switch(layout, before)
    _take_back(layout, state)
    if touched or layout.staging.exists():
        sweep(layout)
    return tuple(touched)


def sweep(layout: Layout) -> None:
    """Delete what a killed process was writing, and what stood beside entries that it freed or never finished.

    `staging` goes last: while it is there, more may be. Every operation that writes more than an activation
    makes `staging` first and removes it last.
    """
    for directory in (
        layout.lock("").parent,
        layout.records,
        layout.store,
        *layout.store.glob("*.catalog"),
        layout.layers,
        *layout.environments.glob("*"),
    ):
        for path in files.unfinished(directory):
            files.remove(path)
    layout.staging.mkdir(parents=True, exist_ok=True)
    from envmgr.environments import freeing

    freeing.free_orphans(layout)
    stages.reached("leftovers-swept")
    for _ in range(_PATIENCE):
        files.remove(layout.staging)
        if not layout.staging.exists():
            break
        time.sleep(_PAUSE_SECONDS)  # a program that the killed process had started is just dying, writing
    stages.reached("staging-deleted")


def agrees(layout: Layout, generation: Generation) -> bool:
    """Whether the disk says what `generation` says: launch manifest, `current`, and a whole entry. Cost: a
    few stats.
    """
    entry = entry_name(generation.environment, generation.key)
    try:
        launch = layout.launch(generation.environment).read_bytes()
        current = layout.current(generation.environment).readlink()
    except OSError:
        return False
    return (
        launch == generation.launch
        and current == layout.entry(entry)
        and store.is_whole(layout, entry)
        and layout.lease(entry).exists()
    )


def _complete(layout: Layout, state: State, journal: int, generation: Generation) -> None:
    stages.reached("activation-begun")
    _switch(layout, generation)
    state.settle(journal, "active")
    files.flush_directory(layout.launch(generation.environment).parent)
    stages.reached("activation-settled")


def _take_back(layout: Layout, state: State) -> None:
    """Files that were changed for a generation which did not become active are as they were."""
    note = undo.read(layout)
    if note is None:
        return
    active = state.active(note.environment)
    if active is None or active.number != note.generation:
        undo.take_back(note.changes)
        if active is not None and not agrees(layout, active):
            _switch(layout, active)
    undo.drop(layout)


def _switch(layout: Layout, generation: Generation) -> None:
    entry = entry_name(generation.environment, generation.key)
    records.keep(layout, generation)
    lease = layout.lease(entry)
    lease.parent.mkdir(parents=True, exist_ok=True)
    lease.touch()
    launch = layout.launch(generation.environment)
    launch.parent.mkdir(parents=True, exist_ok=True)
    files.link(launch, records.launch_file(layout, generation))
    stages.reached("launch-written")
    files.point(layout.current(generation.environment), str(layout.entry(entry)))
    stages.reached("current-swapped")


def _take_down(layout: Layout, environment: str) -> None:
    layout.launch(environment).unlink(missing_ok=True)
    stages.reached("removal-launch-deleted")
    files.remove(layout.launch(environment).parent)
    stages.reached("removal-directory-deleted")
