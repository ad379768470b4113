"""Taking the times of a cell: in turns with the reference cell, so that a slow moment of the machine meets both.

What is timed: health calls, through a worker, and tests that are marked `timed`, each environment in one process that
stays for all rounds. Which of the two begins changes from round to round.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.matrix import attempts, calling, homes, testing
from envmgr.matrix.attempts import Ground
from envmgr.model.matrix import Check, Sample
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.worker.client import WorkerError

Round = Callable[[], Mapping[str, float | None]]
"""Name → seconds; None: it failed this time."""

_LEAST_SECONDS = 0.005
"""A call is repeated within a round until it takes so long, for clocks and pipes are not exact."""
_MOST_CALLS = 1000
_LOOK_SECONDS = 0.2


class Unmeasurable(Exception):
    """What is to be timed did not run to its end."""


def measure(
    check: Check, cell: tuple[Ground, Path], reference: tuple[Ground, Path], rounds: int
) -> tuple[Sample, ...]:
    """The samples of a check: those of the cell, with those of the reference beside them; what failed once is left
    out. One more round, which does not count, comes first. Raises Unmeasurable."""
    times = rounds + 1
    try:
        with _rounds(check, *cell, times) as mine, _rounds(check, *reference, times) as theirs:
            taken = [_turn(mine, theirs, number) for number in range(times)][1:]
    except (EnvmgrError, OSError) as problem:
        raise Unmeasurable(str(problem).splitlines()[0]) from None
    names = [name for name in taken[0][0] if name in taken[0][1]]
    samples = []
    for name in names:
        seconds = [own.get(name) for own, _ in taken]
        beside = [other.get(name) for _, other in taken]
        if None not in seconds and None not in beside:
            samples.append(Sample(name, tuple(map(_rounded, seconds)), tuple(map(_rounded, beside))))
    return tuple(samples)


def _turn(
    mine: Round, theirs: Round, number: int
) -> tuple[Mapping[str, float | None], Mapping[str, float | None]]:
    if number % 2:
        own = mine()
        return own, theirs()
    other = theirs()
    return mine(), other


def _rounded(seconds: float | None) -> float:
    return float(f"{seconds:.6g}")


@contextlib.contextmanager
def _rounds(check: Check, ground: Ground, home: Path, times: int) -> Iterator[Round]:
    place = home / f"{check.name}-timed"
    variables = homes.settle(place, ground.store, ground.names)
    with attempts.attended(check, ground, variables, times=times) as (start, _):
        if check.kind == "pytest":
            with _tests(check, ground, place, start) as one:
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
        self._times = dict.fromkeys(range(len(self._calls)), 1)

    def __call__(self) -> Mapping[str, float | None]:
        taken: dict[str, float | None] = {}
        for place, health in enumerate(self._calls):
            name = health.call if health.call not in taken else f"{health.call} ({place + 1})"
            times = self._times[place]
            begun = time.perf_counter()
            try:
                for _ in range(times):
                    self._call(health.call, health.args, health.kwargs)
            except (WorkerError, ConversionError):
                taken[name] = None
                continue
            seconds = time.perf_counter() - begun
            taken[name] = seconds / times
            if times == 1 and seconds < _LEAST_SECONDS:  # in the first round, which does not count
                self._times[place] = min(_MOST_CALLS, int(_LEAST_SECONDS / max(seconds, 1e-6)) + 1)
        return taken


@contextlib.contextmanager
def _tests(check: Check, ground: Ground, place: Path, start: attempts.Start) -> Iterator[Round]:
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
        lines = _Lines(answer.fileno(), ground)

        def one() -> Mapping[str, float | None]:
            with contextlib.suppress(BrokenPipeError):  # that it has ended is read below
                ask.write(b".")
            known: Mapping[str, float | None] = json.loads(lines.next())
            return known

        yield one


class _Lines:
    def __init__(self, descriptor: int, ground: Ground) -> None:
        self._descriptor = descriptor
        self._ground = ground
        self._read = b""

    def next(self) -> bytes:
        """The next line. Raises Unmeasurable at the end: a limit of the check ends its process."""
        while b"\n" not in self._read:
            if not select.select([self._descriptor], [], [], _LOOK_SECONDS)[0]:
                continue
            content = os.read(self._descriptor, 65536)
            if not content:
                raise Unmeasurable("pytest ended before all rounds were taken")
            self._read += content
        line, _, self._read = self._read.partition(b"\n")
        return line
