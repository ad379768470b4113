"""The times of a matrix's cells, taken when all checks have ended and nothing else of the run takes the machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from envmgr.environments.layout import Layout
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.matrix import results, sampling
from envmgr.matrix.attempts import Stopped
from envmgr.matrix.cells import Cells, Stands
from envmgr.matrix.locking import Locked
from envmgr.matrix.preparing import Prepared, Preparing
from envmgr.matrix.running import Terminated, terminating
from envmgr.model.matrix import FLAKY, PASSED, Cell, CellResult, Check, CheckResult, Sample, Timing
from envmgr.model.outcomes import Report


class Timed:
    """What is to be timed of a matrix, and was. `known` are the results of this run: what gets times is replaced
    there."""

    def __init__(self, preparing: Preparing, timing: Timing, known: dict[str, CellResult]) -> None:
        self._preparing, self._timing, self._known = preparing, timing, known
        self._matrix, self._own = preparing.matrix, preparing.notes
        self._layout = Layout(preparing.project.root)
        self._marks: dict[str, str] = {}
        self.notes: list[str] = []

    def wanted(self, chosen: Sequence[Cell]) -> bool:
        """Whether there is something to do. A reference that is another machine's may have to be locked for it."""
        having = [cell.id for cell in chosen if self._has_times(cell)]
        name = self._timing.reference
        stored = self._known.get(name) or results.known(self._layout, self._matrix.name).get(name)
        if not having or (stored is not None and stored.status not in (PASSED, FLAKY)):
            if having and stored is not None:
                self.notes.append(f"nothing was timed: the reference {name} is {stored.status}")
            return False
        try:
            beside = self._fingerprint(name) if stored is None else stored.fingerprint
        except EnvmgrError as problem:
            self.notes.append(f"nothing was timed: the reference {name}: {_gist(problem)}")
            return False
        marks = {cell: self._mark(self._known[cell].fingerprint, beside) for cell in having}
        self._marks = {cell: mark for cell, mark in marks.items() if self._own.sampled(cell) != mark}
        return bool(self._marks)

    def _mark(self, *fingerprints: str) -> str:
        return digest([*fingerprints, self._timing.rounds, sampling.METHOD])

    def _fingerprint(self, name: str) -> str:
        """Of a reference that another machine runs."""
        cell = next(cell for cell in self._matrix.cells if cell.id == name)
        return self._preparing.fingerprint(self._preparing.prepare(cell))

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
        try:
            with terminating(), _stands(cells, by_id[self._timing.reference], report) as (beside, _):
                for name in self._marks:
                    with _stands(cells, by_id[name], report) as (stands, found):
                        report(name, "time")
                        self._note(found, cells, self._samples(stands, beside))
        except (KeyboardInterrupt, Stopped):
            return "SIGINT"
        except Terminated:
            return "SIGTERM"
        except EnvmgrError as problem:
            self.notes.append(f"not all cells were timed: {_gist(problem)}")
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


@contextlib.contextmanager
def _stands(cells: Cells, cell: Cell, report: Report) -> Iterator[tuple[Stands, Prepared]]:
    """What it raises is no news of a cell that passed, but a result may be another machine's, or of yesterday."""
    found = cells.preparing.prepare(cell)
    if found.interpreter is None or not found.is_here:
        why = found.problem or f"it is of {cell.platform}, and not run here"
        raise EnvmgrError("E-INTERPRETER", f"{cell.id}: {why}")
    if not isinstance(found.locked, Locked):
        why = "it is not locked" if found.locked is None else found.locked.detail
        raise EnvmgrError("E-LOCK", f"{cell.id}: {why}")
    with cells.ground(found, found.locked, found.interpreter, report) as stands:
        yield stands, found


def _gist(problem: EnvmgrError) -> str:
    return problem.message.splitlines()[0]
