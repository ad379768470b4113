"""`envmgr matrix run`: cells are locked, built, tried; results are kept as soon as there are some."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from envmgr.environments import files, projectlock
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import locking, results, scheduling
from envmgr.matrix.cells import Cells, Prepared, holding
from envmgr.matrix.notes import Notes
from envmgr.matrix.sources import Sources
from envmgr.matrix.standing import Standing
from envmgr.model.matrix import OUT_OF_MEMORY, TIMED_OUT, Cell, CellResult, Matrix, MatrixRun
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Project

INTERRUPTED = "interrupted"
"""In the facts of a run: the signal that interrupted it."""
NOT_RUN = "not-run"
"""And the cells that it did not come to."""


class Watch:
    """Who looks on: `began` once, then the others in whatever order, `stage` from any thread."""

    def began(
        self, pending: Sequence[str], kept: Sequence[CellResult], known: Mapping[str, CellResult], jobs: int
    ) -> None:
        """Of the cells that are to be run, `known` are earlier results."""

    def stage(self, cell: str, stage: str) -> None:
        """What is done in a cell."""

    def ended(self, result: CellResult) -> None:
        """A cell was run."""

    def kept(self, result: CellResult) -> None:
        """A cell was not run after all: nothing of it had changed."""


def run(
    project: Project,
    matrix: Matrix,
    *,
    jobs: int | None = None,
    cells: Sequence[str] = (),
    shard: str | None = None,
    again: bool = False,
    upgrade: bool = False,
    keep: bool = False,
    watch: Watch | None = None,
) -> MatrixRun:
    """Run the cells of a matrix of which something changed since their last result; each result is kept in state.db
    when its cell has ended, and all are written to the committed file at the end (to a part, of a `shard`).

    `cells` are ids, or patterns of them. `again` runs what did not change too, `upgrade` resolves anew; `keep` leaves
    the temporary homes. SIGINT or SIGTERM ends it early: `facts["interrupted"]` says so. When nothing changed no
    process is started. Raises E-USAGE, E-DISK; when the rest has ended, what says nothing of a cell (E-NETWORK, E-UV).
    """
    begun = time.monotonic()
    watch = watch or Watch()
    layout = Layout(project.root)
    chosen = scheduling.chosen(matrix.cells, cells)
    if shard is not None:
        chosen = scheduling.shard(chosen, shard)
    known = results.known(layout, matrix.name)
    with files.disk_problems(f"running matrix {matrix.name}"):
        projectlock.make_home(layout)
        running = _Running(project, matrix, known, again=again, upgrade=upgrade, keep=keep)
        kept, pending = running.look(chosen)
        jobs = min(jobs or os.cpu_count() or 1, max(len(pending), 1))
        watch.began([cell.id for cell in pending], kept, known, jobs)
        running.run(pending, jobs, watch)
        running.sample(chosen, watch)
        found = tuple(running.results[cell.id] for cell in chosen if cell.id in running.results)
        whole = not cells and shard is None
        if whole:
            results.forget(layout, matrix.name, known.keys() - {cell.id for cell in matrix.cells})
        if running.signal is None:
            running.write(found, shard, whole)
        running.save()
    _raise(running.problems, running.ran)
    not_run = [cell.id for cell in chosen if cell.id not in running.results]
    facts = {"jobs": jobs, **({INTERRUPTED: running.signal, NOT_RUN: not_run} if running.signal else {})}
    return MatrixRun(
        matrix.name,
        found,
        tuple(running.ran),
        tuple(result.cell for result in found if result.cell not in running.ran),
        round(time.monotonic() - begun, 3),
        shard,
        (*matrix.notes, *running.notes),
        facts,
    )


def run_cell(
    project: Project,
    matrix: Matrix,
    cell: Cell,
    *,
    upgrade: bool = False,
    stop: threading.Event | None = None,
    report: Report = silent,
) -> CellResult:
    """Lock, build and try one cell, which need not be of the matrix, with the matrix's checks. Nothing is kept but
    its lock (until `upgrade`) and its store entry, which goes with the next gc.

    `stop`, from another thread, ends what runs; Stopped is raised then. Raises what says nothing of the cell:
    E-NETWORK, E-UV, E-DISK, E-BUSY.
    """
    layout = Layout(project.root)
    projectlock.make_home(layout)
    with _cells(
        project, matrix, Sources(layout), Notes(layout, matrix.name), stop or threading.Event()
    ) as found:
        return found.run(found.prepare(cell, upgrade=upgrade), report)[0]


@contextlib.contextmanager
def _cells(
    project: Project,
    matrix: Matrix,
    sources: Sources,
    notes: Notes,
    stop: threading.Event,
    *,
    keep: bool = False,
) -> Iterator[Cells]:
    from envmgr.matrix.warden import Warden

    with Warden() as warden:
        standing = Standing(Layout(project.root), stop)
        yield Cells(
            project,
            matrix,
            standing=standing,
            sources=sources,
            notes=notes,
            warden=warden,
            stop=stop,
            keep=keep,
        )


class _Running:
    """One run: what is known, and becomes known."""

    def __init__(
        self,
        project: Project,
        matrix: Matrix,
        known: Mapping[str, CellResult],
        *,
        again: bool,
        upgrade: bool,
        keep: bool,
    ) -> None:
        self._project, self._matrix, self._known = project, matrix, known
        self._layout = Layout(project.root)
        self._again, self._upgrade, self._keep = again, upgrade, keep
        self._stop = threading.Event()
        self._sources = Sources(self._layout)
        self._notes = Notes(self._layout, matrix.name)
        self.results: dict[str, CellResult] = {}
        self.ran: list[str] = []
        self.problems: dict[str, EnvmgrError] = {}
        self.signal: str | None = None
        self.notes: list[str] = []

    def look(self, chosen: Sequence[Cell]) -> tuple[list[CellResult], list[Cell]]:
        """Results of which nothing has changed, and the cells that are to be run, in their order."""
        looking = self._looking()
        kept, pending = [], []
        for cell in chosen:
            found = None
            if cell.id in self._known and not self._again and not self._upgrade:
                found = looking.prepare(cell, only_known=True)
            if (
                found is not None
                and (found.locked is not None or found.interpreter is None)
                and self._holds(looking, found)
            ):
                kept.append(self._keep_known(looking, found))
            else:
                pending.append(cell)
        return kept, scheduling.ordered(pending, self._known)

    def _looking(self) -> Cells:
        """Cells that nobody runs."""
        from envmgr.matrix.warden import Warden

        return Cells(
            self._project,
            self._matrix,
            standing=Standing(self._layout, self._stop),
            sources=self._sources,
            notes=self._notes,
            warden=Warden(),
            stop=self._stop,
        )

    def _holds(self, cells: Cells, found: Prepared) -> bool:
        """A limit may have been met because of what else the machine did: that is no result to keep."""
        before = self._known.get(found.cell.id)
        return (
            before is not None
            and before.status not in (TIMED_OUT, OUT_OF_MEMORY)
            and before.fingerprint == cells.fingerprint(found)
        )

    def _keep_known(self, cells: Cells, found: Prepared) -> CellResult:
        """What is expected may have changed."""
        before = self._known[found.cell.id]
        result = replace(before, expected=holding(found.cell.expectation), values=dict(found.cell.values))
        if result != before:
            results.keep(self._layout, result, cells.entry_of(found))
        self.results[result.cell] = result
        return result

    def run(self, pending: Sequence[Cell], jobs: int, watch: Watch) -> None:
        if not pending:
            return
        from envmgr.matrix import running

        locking.sweep(self._layout, self._matrix.name)
        with self._cells() as cells:

            def kept(found: Prepared) -> bool:
                if self._again or not self._holds(cells, found):
                    return False
                watch.kept(self._keep_known(cells, found))
                return True

            def done(found: Prepared, result: CellResult, entry: str) -> None:
                results.keep(self._layout, result, entry)
                self.results[result.cell] = result
                self.ran.append(result.cell)
                watch.ended(result)

            ran = running.run(
                cells,
                pending,
                jobs=jobs,
                upgrade=self._upgrade,
                stop=self._stop,
                kept=kept,
                done=done,
                report=watch.stage,
            )
        self.signal, self.problems = ran.signal, ran.problems

    def _cells(self) -> contextlib.AbstractContextManager[Cells]:
        return _cells(self._project, self._matrix, self._sources, self._notes, self._stop, keep=self._keep)

    def sample(self, chosen: Sequence[Cell], watch: Watch) -> None:
        """Take the times of cells whose times are not those of what they and the reference are now."""
        if self._matrix.timing is None or self.signal is not None:
            return
        from envmgr.operations.matrix_timing import Timed

        timed = Timed(self._matrix, self._layout, self._notes, self.results)
        if timed.wanted(chosen):
            with self._cells() as cells:
                self.signal = timed.take(cells, chosen, watch.stage)
        self.notes += timed.notes

    def write(self, found: Sequence[CellResult], shard: str | None, whole: bool) -> None:
        """The committed file, or a part. Nothing is done when it is as it was written and nothing was run."""
        from envmgr.matrix import spelling

        path = spelling.committed if shard is None else lambda root, name: spelling.part(root, name, shard)
        place = path(self._project.root, self._matrix.name)
        with contextlib.suppress(OSError):
            if (
                not self.ran
                and whole
                and hashlib.sha256(place.read_bytes()).hexdigest() == self._notes.written
            ):
                return
        spelling.write_file(place, self._matrix, found, shard=shard)
        if whole:
            self._notes.keep_only(cell.id for cell in self._matrix.cells)
            self._notes.written = hashlib.sha256(place.read_bytes()).hexdigest()
            self._notes.save()

    def save(self) -> None:
        self._sources.save()


def _raise(problems: Mapping[str, EnvmgrError], ran: Sequence[str]) -> None:
    """One error for all cells of which nothing can be said."""
    if not problems:
        return
    from envmgr.operations import together

    first = next(iter(problems.values()))
    same = {problem.message for problem in problems.values()} == {first.message}
    if same:
        count = len(problems)
        of = f"{count} cells" if count > 1 else f"cell {next(iter(problems))}"
        raise EnvmgrError(
            first.code,
            f"{of} could not be run: {first.message}",
            hint=first.hint,
            details={**first.details, "cells": sorted(problems), "succeeded": sorted(ran)},
        )
    together.raise_failures(problems, ran)
