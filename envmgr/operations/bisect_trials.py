"""Candidates of a bisect, tried one after the other; what is told of each, and of their order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from envmgr.environments.layout import Layout
from envmgr.matrix import results, verdicts
from envmgr.matrix.bisecting import SKIPPED, Search
from envmgr.model.bisection import Probe
from envmgr.model.matrix import FLAKY, UNRESOLVABLE, Cell, CellResult
from envmgr.model.outcomes import Report
from envmgr.operations import matrix_running
from envmgr.operations.bisect_subjects import Subject


class Trials:
    """`probes` are in the order in which they were tried. One at a time: two would be over sooner, and run more."""

    def __init__(self, subject: Subject, *, again: bool, report: Report) -> None:
        self._subject = subject
        self._report = report
        self._layout = Layout(subject.project.root)
        self._known = results.known(self._layout, subject.matrix.name)
        if again:
            results.forget(self._layout, subject.matrix.name, self._known)
            self._known = {}
        self.probes: list[Probe] = []
        self.results: dict[str, CellResult] = {}

    @property
    def cells(self) -> int:
        return sum(not probe.kept for probe in self.probes)

    def cell(self, cell: Cell, candidate: str, released: str | None) -> Probe:
        """Raises what running a cell raises."""
        begun = time.perf_counter()
        self._report(candidate, "try")
        result = matrix_running.run_cell(self._subject.project, self._subject.matrix, cell)
        before = self._known.get(cell.id)
        self._known[cell.id] = self.results[candidate] = result
        return self._told(
            Probe(
                candidate,
                released,
                verdicts.verdict(result),
                result.status,
                verdicts.detail(result),
                round(time.perf_counter() - begun, 3),
                before is not None and before.at == result.at,
                result.status == FLAKY,
            )
        )

    def unlocked(self, candidate: str, released: str | None, problem: str) -> Probe:
        """One that cannot even be locked."""
        return self._told(Probe(candidate, released, SKIPPED, UNRESOLVABLE, problem, 0.0, True))

    def same(self, candidate: str, released: str | None, other: Probe) -> Probe:
        """One that is what `other` was."""
        self.results[candidate] = self.results[other.candidate]
        return self._told(
            Probe(candidate, released, other.verdict, other.status, other.detail, 0.0, True, other.flaky)
        )

    def _told(self, probe: Probe) -> Probe:
        self.probes.append(probe)
        self._report(probe.candidate, probe.verdict)
        return probe


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
        return f"none of these {search.size} can be installed: {probes[names[0]].detail}"
    if search.good < 0:
        failed = f"fails {what}: {probes[names[search.bad]].detail}"
        if search.bad == 0:
            return f"{names[0]}, which was to pass, {failed}"
        return f"{names[0]} cannot be installed, and {names[search.bad]}, the first that can, {failed}"
    if search.good == last:
        return f"{names[last]}, which was to fail, passes {what}"
    return f"{names[last]} cannot be installed, and {names[search.good]}, the last that can, passes {what}"
