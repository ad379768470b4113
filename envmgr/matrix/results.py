"""Results in state.db: a row for each cell, there as soon as the cell has ended.

Nobody needs the project's lock for them: a matrix may run while a `sync` does. What is damaged or lost costs a
run of the cells that it was of.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator

from envmgr.environments import projectlock
from envmgr.environments.layout import Layout
from envmgr.environments.state import State, known_on_disk, open_state, read_state
from envmgr.errors import EnvmgrError
from envmgr.matrix.spelling import from_plain, to_plain
from envmgr.model.matrix import CellResult

_PATIENCE = 5.0
"""Seconds that another command has for what it is at."""


def keep(layout: Layout, result: CellResult, entry: str = "") -> None:
    """In the place of the cell's earlier result, in one transaction, on the disk when this returns. `entry`, the
    cell's environment in the store, is kept from gc.

    Raises E-DISK; E-STATE where state.db is damaged and another process holds the project's lock. Cost: a flush.
    """
    with _writing(layout) as state:
        state.results.keep(result.matrix, [(result.cell, _content(result), entry)])


def keep_all(layout: Layout, matrix: str, those: Iterable[CellResult]) -> None:
    """As `keep`, all or none, of cells that were run elsewhere."""
    with _writing(layout) as state:
        state.results.keep(matrix, [(result.cell, _content(result), "") for result in those])


def known(layout: Layout, matrix: str) -> dict[str, CellResult]:
    """Cell -> its last result, whatever its fingerprint. Cost: a query; nothing is written, but for a damaged
    state.db, which is rebuilt."""
    try:
        return _read(layout, matrix)
    except EnvmgrError as problem:
        if problem.code != "E-STATE":
            raise
        _mend(layout, problem)
        return _read(layout, matrix)


def forget(layout: Layout, matrix: str, cells: Iterable[str]) -> None:
    """Those of cells that there are no more."""
    gone = tuple(cells)
    if gone and layout.state.exists():
        with _writing(layout) as state:
            state.results.forget(matrix, gone)


def _content(result: CellResult) -> bytes:
    return json.dumps(to_plain(result), separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read(layout: Layout, matrix: str) -> dict[str, CellResult]:
    found = {}
    with read_state(layout) as state:
        rows = {} if state is None else state.results.of(matrix)
    for cell, content in rows.items():
        with contextlib.suppress(
            ValueError, KeyError, TypeError, AttributeError
        ):  # another envmgr's spelling
            found[cell] = from_plain(json.loads(content))
    return found


@contextlib.contextmanager
def _writing(layout: Layout) -> Iterator[State]:
    projectlock.prepare(layout)
    if not layout.state.exists() and known_on_disk(layout):
        _mend(layout, None)  # a new one would hide that generations were lost
    with contextlib.ExitStack() as stack:
        try:
            state = stack.enter_context(open_state(layout))
        except EnvmgrError as problem:
            if problem.code != "E-STATE":
                raise
            _mend(layout, problem)
            state = stack.enter_context(open_state(layout))
        yield state


def _mend(layout: Layout, problem: EnvmgrError | None) -> None:
    """As the next `sync` would. A command that holds the project's lock is doing it already, or soon fails of it."""
    from envmgr.environments import recovery

    try:
        with projectlock.hold(layout, wait=_PATIENCE), recovery.opened(layout):
            pass
    except EnvmgrError as hindrance:
        raise problem or hindrance from hindrance
