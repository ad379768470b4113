"""The times of a matrix's cells, taken when all checks have ended and nothing else of the run takes the machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from envmgr.environments.layout import Layout
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.matrix import results, sampling
from envmgr.matrix.attempts import Stopped
from envmgr.matrix.cells import Cells, Stands
from envmgr.matrix.locking import Locked
from envmgr.matrix.notes import Notes
from envmgr.matrix.preparing import Prepared
from envmgr.matrix.running import Terminated, terminating
from envmgr.model.matrix import FLAKY, PASSED, Cell, CellResult, Check, CheckResult, Matrix, Sample
from envmgr.model.outcomes import Report


class Timed:
    """What is to be timed of a matrix with `timing`, and was. `known` are the results of this run: those that get
    times are replaced there."""

    def __init__(self, matrix: Matrix, layout: Layout, notes: Notes, known: dict[str, CellResult]) -> None:
        assert matrix.timing is not None  # noqa: S101 - the caller asks only then
        self._matrix, self._timing = matrix, matrix.timing
        self._layout, self._own, self._known = layout, notes, known
        self._marks: dict[str, str] = {}
        self.notes: list[str] = []

    def wanted(self, chosen: Sequence[Cell]) -> bool:
        """Whether there is something to do; cost: nothing."""
        stored = self._known | results.known(self._layout, self._matrix.name)
        reference = self._known.get(self._timing.reference) or stored.get(self._timing.reference)
        if reference is None or reference.status not in (PASSED, FLAKY):
            if any(map(self._has_times, chosen)):
                why = "has no result yet" if reference is None else f"is {reference.status}"
                self.notes.append(f"nothing was timed: the reference {self._timing.reference} {why}")
            return False
        self._marks = {
            cell.id: digest([self._known[cell.id].fingerprint, reference.fingerprint, self._timing.rounds])
            for cell in chosen
            if self._has_times(cell)
        }
        self._marks = {cell: mark for cell, mark in self._marks.items() if self._own.sampled(cell) != mark}
        return bool(self._marks)

    def _has_times(self, cell: Cell) -> bool:
        found = self._known.get(cell.id)
        return (
            found is not None
            and cell.id != self._timing.reference
            and found.status in (PASSED, FLAKY)
            and any(self._is_timed(check, cell.id) for check in self._matrix.checks)
        )

    def _is_timed(self, check: Check, cell: str) -> bool:
        return check.kind == "health" or (check.kind == "pytest" and check.name in self._own.timed_in(cell))

    def take(self, cells: Cells, report: Report) -> str | None:
        """One cell after the other; the signal that interrupted it, if one did."""
        by_id = {cell.id: cell for cell in self._matrix.cells}
        reference = cells.preparing.prepare(by_id[self._timing.reference])
        try:
            with terminating(), _stands(cells, reference, report) as beside:
                for name in self._marks:
                    found = cells.preparing.prepare(by_id[name])
                    with _stands(cells, found, report) as stands:
                        report(name, "time")
                        self._note(found, cells, self._samples(stands, beside))
        except (KeyboardInterrupt, Stopped):
            return "SIGINT"
        except Terminated:
            return "SIGTERM"
        except EnvmgrError as problem:
            self.notes.append(f"not all cells were timed: {problem.message.splitlines()[0]}")
        return None

    def _samples(self, stands: Stands, beside: Stands) -> dict[str, tuple[Sample, ...]]:
        taken = {}
        for check in self._matrix.checks:
            cell = stands.ground.names["ENVMGR_CELL"]
            if not self._is_timed(check, cell):
                continue
            try:
                taken[check.name] = sampling.measure(
                    check, (stands.ground, stands.home), (beside.ground, beside.home), self._timing.rounds
                )
            except sampling.Unmeasurable as problem:
                self.notes.append(f"{cell}: {check.name} could not be timed: {problem}")
        return taken

    def _note(self, found: Prepared, cells: Cells, taken: dict[str, tuple[Sample, ...]]) -> None:
        before = self._known[found.cell.id]
        checks = tuple(_sampled(check, taken) for check in before.checks)
        result = self._known[found.cell.id] = replace(before, checks=checks)
        results.keep(self._layout, result, cells.preparing.entry_of(found))
        self._own.was_sampled(found.cell.id, self._marks[found.cell.id])


def _sampled(check: CheckResult, taken: dict[str, tuple[Sample, ...]]) -> CheckResult:
    return replace(check, samples=taken[check.name]) if check.name in taken else check


def _stands(cells: Cells, found: Prepared, report: Report) -> AbstractContextManager[Stands]:
    assert isinstance(found.locked, Locked)  # noqa: S101 - it passed
    assert found.interpreter is not None  # noqa: S101
    return cells.ground(found, found.locked, found.interpreter, report)
