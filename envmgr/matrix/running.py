"""Running the cells of a matrix, several at a time, until all have ended or somebody interrupts."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from types import FrameType

from envmgr.errors import EnvmgrError
from envmgr.matrix.attempts import Stopped
from envmgr.matrix.cells import Cells
from envmgr.matrix.preparing import Prepared
from envmgr.matrix.turns import Turns, ahead
from envmgr.model.matrix import Cell, CellResult
from envmgr.model.outcomes import Report
from envmgr.tools import process

LOCKS_AT_ONCE = 8
"""Resolving waits for the network most of the time."""
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 6.0
"""That checks have to end once they were asked to: a little more than the grace of their limits."""


Outcome = tuple[CellResult, str | None]


class Terminated(BaseException):
    """SIGTERM."""


Done = Callable[[CellResult, str | None], None]
"""A result, and the name of its store entry ("": it has none; None: the result was kept)."""


def run(
    cells: Cells,
    wanted: Sequence[Cell],
    *,
    jobs: int,
    upgrade: bool,
    stop: threading.Event,
    kept: Callable[[Prepared], CellResult | None],
    done: Done,
    report: Report,
) -> tuple[str | None, dict[str, EnvmgrError]]:
    """Prepare and run these cells in their order, `jobs` at a time, but for those of which `kept` has a result once
    they are locked. The next ones are built while these are tried.

    The name of the signal that interrupted it, and why of some cells nothing can be said.
    `done` is called in this thread as soon as a cell has ended. SIGINT and SIGTERM end what runs, and what has ended
    stays; a second one kills it at once.
    """
    problems: dict[str, EnvmgrError] = {}
    interrupted = None
    turns = Turns(jobs, stop)
    with ThreadPoolExecutor(LOCKS_AT_ONCE) as locking, ThreadPoolExecutor(jobs + ahead(jobs)) as running:
        first: list[Future[Prepared]] = []

        def prepare(cell: Cell, *, at_once: bool) -> Prepared:
            if (
                not at_once
            ):  # those that are tried first have the cores to themselves until one of them can begin
                wait(first, return_when=FIRST_COMPLETED)
            return cells.preparing.prepare(cell, upgrade=upgrade)

        first += [locking.submit(prepare, cell, at_once=True) for cell in wanted[:jobs]]
        later = [locking.submit(prepare, cell, at_once=False) for cell in wanted[jobs:]]
        locked = {cell.id: future for cell, future in zip(wanted, [*first, *later], strict=True)}

        def work(cell: Cell) -> tuple[CellResult, str | None]:
            found = locked[cell.id].result()
            if stop.is_set():
                raise Stopped
            known = kept(found)
            return (known, None) if known is not None else cells.run(found, report, turns)

        futures = {running.submit(work, cell): cell for cell in wanted}
        pools = (locking, running)
        try:
            with terminating():
                _collect(futures, problems, done)
        except (KeyboardInterrupt, Terminated) as interruption:
            interrupted = "SIGTERM" if isinstance(interruption, Terminated) else "SIGINT"
            _end(pools, futures, stop)
            ended = (future for future in futures if future.done() and not future.cancelled())
            _collect({future: futures[future] for future in ended}, problems, done)
        except BaseException:
            _end(pools, futures, stop)
            raise
    return interrupted, problems


def _collect(futures: dict[Future[Outcome], Cell], problems: dict[str, EnvmgrError], done: Done) -> None:
    """What each has come to, once: those that were looked at are taken out."""
    while futures:
        finished, _ = wait(futures, _LOOK_SECONDS, FIRST_COMPLETED)
        for future in finished:
            cell = futures.pop(future)
            if future.cancelled():
                continue
            try:
                outcome = future.result()
            except (Stopped, CancelledError):
                continue
            except EnvmgrError as problem:
                problems[cell.id] = problem
                continue
            done(*outcome)


def _end(
    pools: Sequence[ThreadPoolExecutor], futures: dict[Future[Outcome], Cell], stop: threading.Event
) -> None:
    stop.set()
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
    begun = [future for future in futures if not future.cancelled()]  # `wait` never calls those done
    deadline = time.monotonic() + _PATIENCE_SECONDS
    try:
        while time.monotonic() < deadline and wait(begun, _LOOK_SECONDS).not_done:
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
