"""One run of a matrix: what is known, what is run, what becomes known."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import locking, results, scheduling
from envmgr.matrix.notes import Notes
from envmgr.matrix.preparing import Prepared, Preparing, holding
from envmgr.matrix.sources import Sources
from envmgr.model.matrix import OUT_OF_MEMORY, TIMED_OUT, Cell, CellResult, Matrix
from envmgr.model.project import Project

if TYPE_CHECKING:
    from envmgr.matrix.cells import Cells


class Watch:
    """Who looks on: `began` comes once, before the others."""

    def began(self, pending: Sequence[str], known: Mapping[str, CellResult], jobs: int) -> None:
        """`pending` are to be run, so many at a time; `known` are results of earlier runs."""

    def stage(self, cell: str, stage: str) -> None:
        """What is done in a cell. Called by any thread."""

    def ended(self, result: CellResult) -> None:
        """A cell was run."""

    def kept(self, result: CellResult) -> None:
        """A cell was not run after all: what was resolved anew is what it was."""


@contextlib.contextmanager
def entered(preparing: Preparing, stop: threading.Event, *, keep: bool = False) -> Iterator[Cells]:
    """Cells that can be run: who ends what they leave stands beside."""
    from envmgr.matrix.cells import Cells
    from envmgr.matrix.warden import Warden

    with Warden() as warden:
        yield Cells(preparing, warden, stop, keep=keep)


class Session:
    """`results` of the cells that were kept or run, `ran` those that were run, `problems` of those of which nothing
    can be said, `signal` the name of what interrupted it."""

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
        self._own = Notes(self._layout, matrix.name)
        self._preparing = Preparing(project, matrix, self._sources, self._own)
        self.results: dict[str, CellResult] = {}
        self.ran: list[str] = []
        self.problems: dict[str, EnvmgrError] = {}
        self.signal: str | None = None
        self.notes: list[str] = []
        self.homes: dict[str, dict[str, str]] = {}

    def look(self, chosen: Sequence[Cell]) -> list[Cell]:
        """The cells that are to be run, in their order; of the others the results hold. Starts nothing."""
        pending = []
        for cell in chosen:
            found = None
            if cell.id in self._known and not self._again and not self._upgrade:
                found = self._preparing.prepare(cell, only_known=True)
            if found is not None and found.is_complete and self._holds(found):
                self._take(found)
            else:
                pending.append(cell)
        return scheduling.ordered(pending, self._known)

    def _holds(self, found: Prepared) -> bool:
        """A limit may have been met because of what else the machine did: that is no result to keep."""
        before = self._known.get(found.cell.id)
        return (
            before is not None
            and not any(check.status in (TIMED_OUT, OUT_OF_MEMORY) for check in before.checks)
            and before.fingerprint == self._preparing.fingerprint(found)
        )

    def _take(self, found: Prepared) -> CellResult:
        """The known result; what is expected may have changed."""
        before = self._known[found.cell.id]
        result = replace(before, expected=holding(found.cell.expectation), values=dict(found.cell.values))
        if result != before:
            results.keep(self._layout, result, self._preparing.entry_of(found))
        self.results[result.cell] = result
        return result

    def run(self, pending: Sequence[Cell], jobs: int, watch: Watch) -> None:
        if not pending:
            return
        from envmgr.matrix import running

        locking.sweep(self._layout, self._matrix.name)
        with self._entered() as cells:

            def kept(found: Prepared) -> CellResult | None:
                return None if self._again or not self._holds(found) else self._take(found)

            def done(result: CellResult, entry: str | None) -> None:
                if entry is None:
                    watch.kept(result)
                    return
                results.keep(self._layout, result, entry)
                self.results[result.cell] = result
                self.ran.append(result.cell)
                watch.ended(result)

            self.signal, self.problems = running.run(
                cells,
                pending,
                jobs=jobs,
                upgrade=self._upgrade,
                stop=self._stop,
                kept=kept,
                done=done,
                report=watch.stage,
            )
        self.homes = {
            cell: {"home": str(home), "environment": str(store)} for cell, home, store in cells.left
        }

    def _entered(self) -> contextlib.AbstractContextManager[Cells]:
        return entered(self._preparing, self._stop, keep=self._keep)

    def sample(self, chosen: Sequence[Cell], watch: Watch) -> None:
        """Take the times of cells whose times are not those of what they and the reference are now."""
        if self._matrix.timing is None or self.signal is not None:
            return
        from envmgr.operations.matrix_timing import Timed

        timed = Timed(self._preparing, self._matrix.timing, self.results)
        if timed.wanted(chosen):
            with self._entered() as cells:
                self.signal = timed.take(cells, watch.stage)
        self.notes += timed.notes

    def write(self, found: Sequence[CellResult], shard: str | None, whole: bool) -> None:
        """The committed file, or a part. Nothing is done when it is as it was written and nothing was run."""
        from envmgr.matrix import spelling

        root, name = self._project.root, self._matrix.name
        path = spelling.committed(root, name) if shard is None else spelling.part(root, name, shard)
        if whole and not self.ran and self._own.written and _digest(path) == self._own.written:
            return
        spelling.write_file(path, self._matrix, found, shard=shard)
        if whole:
            self._own.keep_only(cell.id for cell in self._matrix.cells)
            self._own.written = _digest(path)
            self._own.save()

    def save(self) -> None:
        self._sources.save()


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
