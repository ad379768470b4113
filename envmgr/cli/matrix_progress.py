"""How a run of a matrix goes, on stderr: a live table on a terminal, a line for each cell elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from envmgr.cli.invocation import Invocation
from envmgr.matrix import scheduling
from envmgr.model.matrix import FLAKY, PASSED, CellResult
from envmgr.operations.matrix_session import Watch

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_SILENT_SECONDS = 60.0


@contextmanager
def watching(invocation: Invocation) -> Iterator[Watch]:
    """Nothing with `--quiet`, nor for machines without a terminal."""
    if invocation.quiet:
        yield Watch()
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        live = _Live()
        try:
            yield live
        finally:
            live.close()
    elif invocation.is_text:
        lines = _Lines()
        try:
            yield lines
        finally:
            lines.close()
    else:
        yield Watch()


class _Counting(Watch):
    """Cells that have ended, of those that were to be run."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._pending: list[str] = []
        self._known: Mapping[str, CellResult] = {}
        self._took: list[float] = []
        self._total = 0
        self._jobs = 1
        self.red = 0

    def began(self, pending: Sequence[str], known: Mapping[str, CellResult], jobs: int) -> None:
        self._pending, self._known, self._jobs = list(pending), known, jobs
        self._total = len(pending)

    def _count(self, result: CellResult, *, ran: bool) -> int:
        """How many have ended, this one too."""
        with self._guard:
            if result.cell in self._pending:
                self._pending.remove(result.cell)
            if ran:
                self._took.append(result.seconds)
            self.red += result.red
            return self._total - len(self._pending)

    def _left(self) -> str:
        """The time that is left, in words; "" when nothing tells."""
        with self._guard:
            seconds = scheduling.left(self._pending, self._known, self._took, self._jobs)
        if seconds is None or not self._pending:
            return ""
        if seconds < 90:
            return f"about {max(1, round(seconds))} s left"
        return (
            f"about {round(seconds / 60)} min left"
            if seconds < 5400
            else f"about {seconds / 3600:.1f} h left"
        )


class _Lines(_Counting):
    """A line for each cell that has ended, and where none has for a while one of what runs: CI takes silence for a
    hang."""

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[str, tuple[str, float]] = {}
        self._closed = threading.Event()
        self._said = time.monotonic()

    def began(self, pending: Sequence[str], known: Mapping[str, CellResult], jobs: int) -> None:
        super().began(pending, known, jobs)
        threading.Thread(target=self._tell, daemon=True).start()

    def stage(self, cell: str, stage: str) -> None:
        with self._guard:
            self._running[cell] = stage, time.monotonic()

    def close(self) -> None:
        self._closed.set()

    def _tell(self) -> None:
        self._said = time.monotonic()
        while not self._closed.wait(max(0.0, self._said + _SILENT_SECONDS - time.monotonic())):
            now = time.monotonic()
            if now < self._said + _SILENT_SECONDS:
                continue
            with self._guard:
                running = "; ".join(
                    f"{cell} ({stage}, {now - since:.0f} s)" for cell, (stage, since) in self._running.items()
                )
            self._write(f"running: {running or 'locking'}")

    def ended(self, result: CellResult) -> None:
        self._say(result, f"{result.seconds:.1f} s", ran=True)

    def kept(self, result: CellResult) -> None:
        self._say(result, "unchanged", ran=False)

    def _say(self, result: CellResult, how: str, *, ran: bool) -> None:
        number = self._count(result, ran=ran)
        with self._guard:
            self._running.pop(result.cell, None)
        why = "" if result.status in (PASSED, FLAKY) else f": {result.detail}"
        self._write(f"[{number}/{self._total}] {result.cell} {result.status} ({how}){why}")

    def _write(self, line: str) -> None:
        self._said = time.monotonic()
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


class _Live(_Counting):
    """A bar of all cells, and a line for each that runs, with what is done in it."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Progress | None = None
        self._bar: TaskID | None = None
        self._tasks: dict[str, TaskID] = {}
        self._drawing = threading.Lock()

    def began(self, pending: Sequence[str], known: Mapping[str, CellResult], jobs: int) -> None:
        super().began(pending, known, jobs)
        if not pending:
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._lines = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[count]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._bar = self._lines.add_task(
            "cells", total=len(pending), count=f"0/{len(pending)}", words=self._left()
        )
        self._lines.start()

    def stage(self, cell: str, stage: str) -> None:
        with self._drawing:
            if self._lines is None:
                return
            row = (
                cell if cell in self._pending else ""
            )  # one cell after the other is timed when all have ended
            if row not in self._tasks:
                self._tasks[row] = self._lines.add_task("", total=None, count="", words="")
            self._lines.update(self._tasks[row], description=f"  {cell}", words=stage)

    def ended(self, result: CellResult) -> None:
        self._draw(result, ran=True)
        if result.status not in (PASSED, FLAKY) and self._lines is not None:
            self._lines.console.print(
                f"{result.cell} {result.status}: {result.detail}", markup=False, highlight=False
            )

    def kept(self, result: CellResult) -> None:
        self._draw(result, ran=False)

    def _draw(self, result: CellResult, *, ran: bool) -> None:
        number = self._count(result, ran=ran)
        with self._drawing:
            if self._lines is None or self._bar is None:
                return
            task = self._tasks.pop(result.cell, None)
            if task is not None:
                self._lines.remove_task(task)
            red = f"{self.red} red, " if self.red else ""
            words, count = f"{red}{self._left()}".rstrip(", "), f"{number}/{self._total}"
            self._lines.update(self._bar, completed=number, count=count, words=words)

    def close(self) -> None:
        with self._drawing:
            if self._lines is not None:
                self._lines.stop()
