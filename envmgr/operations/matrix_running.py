"""`envmgr matrix run`: cells are locked, built, tried; results are kept as soon as there are some."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from envmgr.environments import files, projectlock
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import results, scheduling
from envmgr.model.matrix import Cell, Matrix, MatrixRun
from envmgr.model.project import Project
from envmgr.operations.matrix_session import Session, Watch

INTERRUPTED = "interrupted"
"""In the facts of a run: the signal that interrupted it."""
NOT_RUN = "not-run"
"""And the cells that it did not come to."""
HOMES = "homes"
"""Cell → its environment and its temporary home, of those that were kept."""
_NAMED = 5


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
    process is started. Raises E-USAGE, E-DISK, E-BUSY; when the rest has ended, what says nothing of a cell
    (E-NETWORK, E-UV).
    """
    begun = time.monotonic()
    watch = watch or Watch()
    layout = Layout(project.root)
    chosen = scheduling.chosen(matrix.cells, cells)
    if shard is not None:
        chosen = scheduling.shard(chosen, shard)
    known = results.known(layout, matrix.name)
    with files.disk_problems(f"running matrix {matrix.name}"):
        projectlock.prepare(layout)
        session = Session(project, matrix, known, again=again, upgrade=upgrade, keep=keep)
        pending = session.look(chosen)
        jobs = min(jobs or os.cpu_count() or 1, max(len(pending), 1))
        watch.began([cell.id for cell in pending], known, jobs)
        session.run(pending, jobs, watch)
        session.sample(chosen, watch)
        whole = not cells and shard is None
        if whole:
            results.forget(layout, matrix.name, known.keys() - {cell.id for cell in matrix.cells})
        found = tuple(session.results[cell.id] for cell in chosen if cell.id in session.results)
        if session.signal is None:
            session.write(found, shard, whole)
        session.save()
    _raise(session.problems, session.ran)
    ran = frozenset(session.ran)
    return MatrixRun(
        matrix.name,
        found,
        tuple(session.ran),
        tuple(result.cell for result in found if result.cell not in ran),
        round(time.monotonic() - begun, 3),
        shard,
        (*matrix.notes, *session.notes),
        _facts(session, chosen, jobs),
    )


def _facts(session: Session, chosen: Sequence[Cell], jobs: int) -> dict[str, object]:
    facts: dict[str, object] = {"jobs": jobs}
    if session.signal is not None:
        missing = [cell.id for cell in chosen if cell.id not in session.results]
        facts |= {INTERRUPTED: session.signal, NOT_RUN: missing}
    if session.homes:
        facts[HOMES] = session.homes
    return facts


def _raise(problems: Mapping[str, EnvmgrError], ran: Sequence[str]) -> None:
    """One error for all cells of which nothing can be said, under the gravest code."""
    if not problems:
        return
    gravest = max(problems.values(), key=lambda problem: problem.exit_status)
    lines = [f"{cell} could not be run: {problem.message}" for cell, problem in problems.items()]
    more = [f"and {len(lines) - _NAMED} more cells could not be run"] if len(lines) > _NAMED else []
    errors = {cell: {"code": problem.code, "message": problem.message} for cell, problem in problems.items()}
    raise EnvmgrError(
        gravest.code,
        "\n".join([*lines[:_NAMED], *more]),
        hint=gravest.hint,
        details={**gravest.details, "cells": errors, "succeeded": sorted(ran)},
    )
