"""Taking the times of a cell: in turns with the reference cell, so that a slow moment of the machine meets both.

What is timed: health calls, through a worker, and tests that are marked `timed`, each environment in one process that
stays for all rounds. Which of the two begins changes from round to round. Within a round what is short is repeated,
equally often on both sides, and the fastest counts: whatever disturbs makes slower.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.matrix import attempts, calling, homes, testing
from envmgr.matrix.attempts import Ground
from envmgr.matrix.limits import Ended
from envmgr.model.matrix import Check, Sample
from envmgr.model.project import HealthCall
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.worker.client import WorkerError

METHOD = 2
"""Counts changes of how times are taken."""
WARMING = 2
"""Rounds that do not count: the first has imports and caches to fill, the second tells how long things take."""
ONE_THREAD = dict.fromkeys(
    (
        "BLIS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "POLARS_MAX_THREADS",
        "RAYON_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
"""Threads of such a pool go on waiting busily when their work is done: in the way of the other side's turn."""
_SECONDS = 0.025
"""So long something is repeated within a round."""
_MOST_TIMES = 100
_LOOK_SECONDS = 0.2

Times = Mapping[str, int]
"""How often each is done in a round; what is not named, once."""
Round = Callable[[Times], Mapping[str, float | None]]
"""Name → seconds of the fastest; None: it failed this time."""


class Unmeasurable(Exception):
    """What is to be timed did not run to its end."""


def measure(
    check: Check, cell: tuple[Ground, Path], reference: tuple[Ground, Path], rounds: int
) -> tuple[Sample, ...]:
    """The samples of a check: those of the cell, with those of the reference beside them; what failed once is left
    out. WARMING rounds come first. Raises Unmeasurable."""
    every = WARMING + rounds
    try:
        with _rounds(check, *cell, every) as mine, _rounds(check, *reference, every) as theirs:
            warm = [_turn(mine, theirs, number, {}) for number in range(WARMING)]
            times = _often(warm)
            taken = [*warm, *(_turn(mine, theirs, number, times) for number in range(rounds))]
    except (EnvmgrError, OSError) as problem:
        raise Unmeasurable(str(problem).splitlines()[0]) from None
    samples = []
    for name in times:
        seconds = [own.get(name) for own, _ in taken]
        beside = [other.get(name) for _, other in taken]
        if None not in seconds and None not in beside:
            samples.append(
                Sample(name, tuple(map(_rounded, seconds))[WARMING:], tuple(map(_rounded, beside))[WARMING:])
            )
    return tuple(samples)


_Turn = tuple[Mapping[str, float | None], Mapping[str, float | None]]


def _turn(mine: Round, theirs: Round, number: int, times: Times) -> _Turn:
    if number % 2:
        own = mine(times)
        return own, theirs(times)
    other = theirs(times)
    return mine(times), other


def _often(warm: Sequence[_Turn]) -> dict[str, int]:
    """The same for both sides: the fastest of more would be faster."""
    own, other = warm[0]
    often = {}
    for name in own:
        if name in other:
            took = [seconds for turn in warm for side in turn if (seconds := side.get(name)) is not None]
            fastest = max(min(took, default=_SECONDS), 1e-6)
            often[name] = min(_MOST_TIMES, math.ceil(_SECONDS / fastest))
    return often


def _rounded(seconds: float | None) -> float:
    return float(f"{seconds:.6g}")


@contextlib.contextmanager
def _rounds(check: Check, ground: Ground, home: Path, times: int) -> Iterator[Round]:
    place = home / f"{check.name}-timed"
    variables = {**homes.settle(place, ground.store, ground.names), **ONE_THREAD}
    with attempts.attended(check, ground, variables, times=times) as (start, ends):
        if check.kind == "pytest":
            with _tests(check, ground, place, start, ends) as one:
                yield one
        else:
            assert isinstance(ground.library, Resolved)  # noqa: S101 - its health check passed
            from envmgr import catalog

            with catalog.worker(ground.root, calling.worker(ground, start), (ground.library,)) as client:
                yield _Calls(client.call, ground.library)


class _Calls:
    """Rounds of a library's health calls."""

    def __init__(self, call: Callable[..., object], found: Resolved) -> None:
        self._call = call
        self._calls = found.library.health_calls

    def __call__(self, times: Times) -> Mapping[str, float | None]:
        taken: dict[str, float | None] = {}
        for place, health in enumerate(self._calls):
            name = health.call if health.call not in taken else f"{health.call} ({place + 1})"
            try:
                taken[name] = min(self._seconds(health) for _ in range(times.get(name, 1)))
            except (WorkerError, ConversionError):
                taken[name] = None
        return taken

    def _seconds(self, health: HealthCall) -> float:
        begun = time.perf_counter()
        self._call(health.call, health.args, health.kwargs)
        return time.perf_counter() - begun


@contextlib.contextmanager
def _tests(
    check: Check, ground: Ground, place: Path, start: attempts.Start, ends: Sequence[Ended]
) -> Iterator[Round]:
    """Rounds of the tests that are marked."""
    asked, asking = os.pipe()
    answers, answered = os.pipe()
    try:
        words = testing.command(check, ground, place / "told", "--rounds", str(asked), str(answered))
        start(words, (asked, answered))
    finally:
        os.close(asked)
        os.close(answered)
    with os.fdopen(asking, "wb", buffering=0) as ask, os.fdopen(answers, "rb", buffering=0) as answer:
        lines = _Lines(answer.fileno(), ends)

        def one(times: Times) -> Mapping[str, float | None]:
            with contextlib.suppress(BrokenPipeError):  # that it has ended is read below
                ask.write(json.dumps(times).encode() + b"\n")
            known: Mapping[str, float | None] = json.loads(lines.next())
            return known

        yield one


class _Lines:
    """`ends`: how the process that writes them has ended. What it left may hold the pipe open."""

    def __init__(self, descriptor: int, ends: Sequence[Ended]) -> None:
        self._descriptor = descriptor
        self._ends = ends
        self._read = b""

    def next(self) -> bytes:
        """The next line. Raises Unmeasurable at the end: a limit of the check ends its process."""
        while b"\n" not in self._read:
            over = bool(self._ends)
            there = select.select([self._descriptor], [], [], _LOOK_SECONDS)[0]
            content = os.read(self._descriptor, 65536) if there else b""
            if not there and not over:
                continue
            if not content:
                raise Unmeasurable("pytest ended before all rounds were taken")
            self._read += content
        line, _, self._read = self._read.partition(b"\n")
        return line
