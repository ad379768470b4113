"""Candidates of a bisect, tried one after the other; what is told of each, and of their order."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from envmgr.environments import files, projectlock
from envmgr.environments.layout import Layout
from envmgr.matrix import results, verdicts
from envmgr.matrix.bisecting import SKIPPED, Search
from envmgr.matrix.notes import Notes
from envmgr.matrix.preparing import Preparing
from envmgr.matrix.sources import Sources
from envmgr.model.bisection import Probe
from envmgr.model.matrix import FLAKY, OUT_OF_MEMORY, TIMED_OUT, UNRESOLVABLE, Cell, CellResult
from envmgr.model.outcomes import Report
from envmgr.operations.bisect_subjects import Subject
from envmgr.operations.matrix_session import entered

if TYPE_CHECKING:
    from envmgr.matrix.cells import Cells

_NOT_KEPT = (TIMED_OUT, OUT_OF_MEMORY)
"""A limit may have been met because of what else the machine did."""


class Trials:
    """`probes` are in the order in which they were tried. One at a time: two would be over sooner, and run more."""

    def __init__(
        self,
        subject: Subject,
        preparing: Preparing,
        enter: Callable[[], Cells],
        *,
        again: bool,
        report: Report,
    ) -> None:
        self._preparing = preparing
        self._enter = enter
        self._again = again
        self._report = report
        self._layout = Layout(subject.project.root)
        self._known = {} if again else results.known(self._layout, subject.matrix.name)
        self.probes: list[Probe] = []
        self.results: dict[str, CellResult] = {}

    @property
    def cells(self) -> int:
        return sum(not probe.kept for probe in self.probes)

    def cell(self, cell: Cell, candidate: str, about: str) -> Probe:
        """With what is known of it, where nothing that decides its result has changed. The result is on the disk when
        this returns; its environment goes with the next gc. Raises what running a cell raises."""
        begun = time.perf_counter()
        self._report(candidate, "lock")
        ready = self._preparing.prepare(cell, upgrade=self._again)
        result = self._known.get(cell.id)
        kept = (
            result is not None
            and result.status not in _NOT_KEPT
            and result.fingerprint == self._preparing.fingerprint(ready)
        )
        if result is None or not kept:
            result, _ = self._enter().run(ready, lambda _, stage: self._report(candidate, stage))
            results.keep(self._layout, result)
        self.results[candidate] = result
        return self._told(
            Probe(
                candidate,
                about,
                verdicts.verdict(result),
                result.status,
                verdicts.detail(result),
                round(time.perf_counter() - begun, 3),
                kept,
                result.status == FLAKY,
            )
        )

    def unlocked(self, candidate: str, about: str, problem: str) -> Probe:
        """One that cannot even be locked."""
        return self._told(Probe(candidate, about, SKIPPED, UNRESOLVABLE, problem, 0.0, True))

    def same(self, candidate: str, about: str, other: Probe) -> Probe:
        """One that is what `other` was."""
        self.results[candidate] = self.results[other.candidate]
        return self._told(
            Probe(candidate, about, other.verdict, other.status, other.detail, 0.0, True, other.flaky)
        )

    def _told(self, probe: Probe) -> Probe:
        self.probes.append(probe)
        self._report(probe.candidate, probe.verdict)
        return probe


@contextlib.contextmanager
def opened(subject: Subject, *, again: bool, report: Report) -> Iterator[Trials]:
    layout = Layout(subject.project.root)
    with files.disk_problems("bisecting"):
        projectlock.prepare(layout)
        sources, notes = Sources(layout), Notes(layout, subject.matrix.name)
        preparing = Preparing(subject.project, subject.matrix, sources, notes)
        with contextlib.ExitStack() as stack:
            stack.callback(sources.save)

            @functools.cache
            def enter() -> Cells:
                return stack.enter_context(entered(preparing, threading.Event()))

            yield Trials(subject, preparing, enter, again=again, report=report)


def run(search: Search, attempt: Callable[[int], Probe]) -> Search:
    """To its end."""
    while (place := search.next) is not None:
        search = search.told(place, attempt(place).verdict)
    return search


def untold(search: Search, names: Sequence[str], probes: Mapping[str, Probe], checks: Sequence[str]) -> str:
    """Why a search to its end has found nothing."""
    what = " and ".join(f"`{check}`" for check in checks)
    last = search.size - 1
    if search.good < 0 and search.bad > last:
        return f"none of these {search.size} can be tried: {probes[names[0]].detail}"
    if search.good < 0:
        failed = f"fails {what}: {probes[names[search.bad]].detail}"
        if search.bad == 0:
            return f"{names[0]}, which was to pass, {failed}"
        return f"{names[0]} cannot be tried, and {names[search.bad]}, the first that can, {failed}"
    if search.good == last:
        return f"{names[last]}, which was to fail, passes {what}"
    return f"{names[last]} cannot be tried, and {names[search.good]}, the last that can, passes {what}"
