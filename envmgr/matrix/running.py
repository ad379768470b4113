"""Running the cells of a matrix, as many at a time as there are cores, until all have ended or somebody interrupts."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from envmgr.errors import EnvmgrError
from envmgr.matrix.attempts import Stopped
from envmgr.matrix.cells import Cells, Prepared
from envmgr.model.matrix import Cell, CellResult
from envmgr.model.outcomes import Report
from envmgr.tools import process

LOCKS_AT_ONCE = 8
"""Resolving waits for the network most of the time."""
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 6.0
"""That checks have to end once they were asked to: a little more than the grace of their limits."""


class Terminated(BaseException):
    """SIGTERM."""


@dataclass(slots=True)
class Ran:
    """`results` in the order in which they came; `problems` of cells of which nothing can be said. `signal` is the name
    of the one that interrupted it."""

    results: list[tuple[Prepared, CellResult]] = field(default_factory=list)
    problems: dict[str, EnvmgrError] = field(default_factory=dict)
    signal: str | None = None


Done = Callable[[Prepared, CellResult, str], None]


def run(
    cells: Cells,
    wanted: Sequence[Cell],
    *,
    jobs: int,
    upgrade: bool,
    stop: threading.Event,
    kept: Callable[[Prepared], bool],
    done: Done,
    report: Report,
) -> Ran:
    """Prepare and run these cells in their order; those that `kept` says of are left out once they are locked.

    `done` is called in this thread as soon as a cell has ended. SIGINT and SIGTERM end what runs, and what has ended
    stays; a second one kills it at once.
    """
    ran = Ran()
    with ThreadPoolExecutor(LOCKS_AT_ONCE) as locking, ThreadPoolExecutor(jobs) as running:
        locked = {cell.id: locking.submit(cells.prepare, cell, upgrade=upgrade) for cell in wanted}

        def work(cell: Cell) -> tuple[Prepared, CellResult, str] | None:
            found = locked[cell.id].result()
            if stop.is_set():
                raise Stopped
            return None if kept(found) else (found, *cells.run(found, report))

        futures = {running.submit(work, cell): cell for cell in wanted}
        pools = (locking, running)
        try:
            with terminating():
                _collect(futures, ran, done)
        except (KeyboardInterrupt, Terminated) as interruption:
            ran.signal = "SIGTERM" if isinstance(interruption, Terminated) else "SIGINT"
            _end(pools, futures, stop)
            _collect({future: cell for future, cell in futures.items() if future.done()}, ran, done)
        except BaseException:
            _end(pools, futures, stop)
            raise
    return ran


def _collect(futures: dict[Future[Any], Cell], ran: Ran, done: Done) -> None:
    """What each has come to, once: those that were looked at are taken out."""
    while futures:
        finished, _ = wait(futures, _LOOK_SECONDS, FIRST_COMPLETED)
        for future in finished:
            cell = futures.pop(future)
            if future.cancelled():
                continue
            try:
                outcome = future.result()
            except Stopped:
                continue
            except EnvmgrError as problem:
                ran.problems[cell.id] = problem
                continue
            if outcome is not None:
                found, result, entry = outcome
                ran.results.append((found, result))
                done(found, result, entry)


def _end(
    pools: Sequence[ThreadPoolExecutor], futures: dict[Future[Any], Cell], stop: threading.Event
) -> None:
    stop.set()
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline and wait(futures, _LOOK_SECONDS).not_done:
            pass
    except (KeyboardInterrupt, Terminated):
        pass
    process.end_all()


@contextlib.contextmanager
def terminating() -> Iterator[None]:
    """SIGTERM is raised inside, as SIGINT is, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminated(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
