"""`envmgr matrix run`: cells are locked, built, tried; results are kept as soon as there are some."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from envmgr.environments.layout import Layout
from envmgr.matrix.cells import Cells
from envmgr.matrix.sources import Sources
from envmgr.matrix.standing import Standing
from envmgr.matrix.warden import Warden
from envmgr.model.matrix import Cell, CellResult, Matrix
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Project


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
    stop = stop or threading.Event()
    with _cells(project, matrix, stop) as cells:
        return cells.run(cells.prepare(cell, upgrade=upgrade), report)[0]


@contextlib.contextmanager
def _cells(project: Project, matrix: Matrix, stop: threading.Event, *, keep: bool = False) -> Iterator[Cells]:
    layout = Layout(project.root)
    sources = Sources(layout, matrix.name)
    with Warden() as warden:
        standing = Standing(layout, stop)
        yield Cells(project, matrix, standing=standing, sources=sources, warden=warden, stop=stop, keep=keep)
    sources.save()
