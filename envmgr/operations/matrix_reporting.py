"""`matrix report` and `matrix merge`: what is known of matrices, and parts of it united."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import merging, results, spelling
from envmgr.matrix.comparing import compare
from envmgr.matrix.reporting import MatrixReport
from envmgr.matrix.slowness import Ratio, findings, ratios
from envmgr.matrix.spelling import ResultFile
from envmgr.model.matrix import UNABLE, CellResult, Matrix
from envmgr.model.project import Project
from envmgr.operations import matrices

if TYPE_CHECKING:
    from envmgr.tools.index import Release


@dataclass(frozen=True, slots=True)
class Union:
    """`path` is what was written, if it said anything else before (`changed`)."""

    report: MatrixReport
    path: Path
    changed: bool
    parts: int


def report(project: Project, name: str | None, against: str | None = None) -> tuple[MatrixReport, ...]:
    """Of the matrix `name`, or of every one that has results. `against`: a file of older results, or a revision of
    git, alone or with `:PATH`. Asks no index. Raises E-RESULTS when there are none, or the older ones cannot be
    read; as `matrices.load` for what is wrong with a matrix.
    """
    listed = (name,) if name is not None else matrices.names(project)
    found = [each for each in (_gathered(project, one) for one in listed) if each is not None]
    if not found:
        which = f"the matrix {name}" if name is not None else "any matrix"
        raise EnvmgrError(
            "E-RESULTS",
            f"there are no results of {which} yet",
            hint=f"`envmgr matrix run {name or 'NAME'}` makes them",
        )
    if against is None:
        return tuple(found)
    return tuple(_compared(project.root, each, against) for each in found)


def merge(root: Path, paths: Sequence[Path], output: Path | None = None) -> Union:
    """Unite the results of shards into state.db and the committed file, or `output`. Raises E-RESULTS with every
    contradiction, before anything is written; E-UNKNOWN-MATRIX."""
    parts = [spelling.read_file(path) for path in paths]
    merged = merging.merge(parts)
    name = merged.head.matrix
    if name not in matrices.names(root):
        raise EnvmgrError(
            "E-UNKNOWN-MATRIX",
            f"these are results of the matrix {name}, and there is no {matrices.FOLDER}/{name}.toml in {root}",
            hint="name its project's directory with --project DIR",
        )
    results.keep_all(Layout(root), name, merged.results)
    head = replace(merged.head, shard=None, results=())
    path = output or spelling.committed(root, name)
    changed = spelling.write(path, head, merged.results)
    return Union(_report(head, merged.results, {}, merged.missing), path, changed, len(parts))


def _gathered(project: Project, name: str) -> MatrixReport | None:
    """From state.db; what that lacks, or this machine cannot run, from the committed file. None without either."""
    matrix = _matrix(project, name)
    own = results.known(Layout(project.root), name)
    path = spelling.committed(project.root, name)
    there = spelling.read_file(path) if path.exists() else None
    if matrix is not None:
        head = spelling.head_of(matrix)
    elif there is not None:
        head = there
    else:
        head = ResultFile(Path(), name, name, {}, (), None, tuple(own.values()))
    cells = [cell.id for cell in matrix.cells] if matrix is not None else _ids(own, there)
    filed = {result.cell: result for result in there.results} if there is not None else {}
    elsewhere = {cell for cell, result in filed.items() if result.status not in UNABLE}
    own = {
        cell: result for cell, result in own.items() if result.status not in UNABLE or cell not in elsewhere
    }
    found = {cell: own.get(cell) or filed.get(cell) for cell in cells}
    having = [result for result in found.values() if result is not None]
    if not having:
        return None
    lent = [result for result in having if result.cell not in own]
    written = {
        result.cell: {
            ratio: Ratio(value, value, value, 0) for ratio, value in there.ratios[result.cell].items()
        }
        for result in lent
        if there is not None
    }
    notes = list(matrix.notes) if matrix is not None else []
    if lent and len(lent) < len(having):
        notes.append(f"{len(lent)} of them are read from {path.name}, which has no logs")
    source = path.name if lent and len(lent) == len(having) else None
    missing = tuple(cell for cell, result in found.items() if result is None)
    return _report(head, having, written, missing, source, tuple(notes))


def _report(
    head: ResultFile,
    having: Sequence[CellResult],
    written: Mapping[str, Mapping[str, Ratio]],
    missing: tuple[str, ...],
    source: str | None = None,
    notes: tuple[str, ...] = (),
) -> MatrixReport:
    measured = {result.cell: found for result in having if (found := ratios(result))}
    return MatrixReport(
        head.matrix,
        head.library,
        head.axes,
        tuple(having),
        missing,
        head.timing,
        findings(having, head.timing),
        {**written, **measured},
        source=source,
        notes=notes,
    )


def _matrix(project: Project, name: str) -> Matrix | None:
    """As its file says; None where an index would have to be asked first."""
    try:
        return matrices.load(project, name, index=_Silent())
    except _Asked:
        return None


class _Asked(Exception):
    """An index is not asked for a report."""


class _Silent:
    def releases(self, distribution: str) -> tuple[Release, ...]:
        raise _Asked


def _ids(own: Mapping[str, CellResult], there: ResultFile | None) -> Iterable[str]:
    filed = [result.cell for result in there.results] if there is not None else []
    return dict.fromkeys([*filed, *own])


def _compared(root: Path, report: MatrixReport, against: str) -> MatrixReport:
    older = _older(root, report, against)
    if older.matrix != report.matrix:
        raise EnvmgrError(
            "E-RESULTS",
            f"{against} has results of the matrix {older.matrix}, not of {report.matrix}",
            hint=f"`envmgr matrix report {older.matrix} --against {against}`",
        )
    comparison = compare(report.results, report.ratios, older, against, unknown=report.missing)
    return replace(report, comparison=comparison)


def _older(root: Path, report: MatrixReport, against: str) -> ResultFile:
    """A file of that name, or else what git has of the committed one: nothing, at a revision without it."""
    path = Path(against)
    if path.exists():
        return spelling.read_file(path)
    from envmgr.tools import git

    revision, _, inside = against.partition(":")
    usual = spelling.committed(root, report.matrix).relative_to(root).as_posix()
    content = git.show(root, revision, f"/{inside}" if inside else usual)
    if isinstance(content, bytes):
        return spelling.read(content, against)
    if not inside and git.is_revision(root, revision):
        return ResultFile(Path(), report.matrix, report.library, report.axes, (), report.timing, ())
    raise EnvmgrError(
        "E-RESULTS",
        f"{against} is no file, and no revision of git that has one: {content}",
        hint=f"name a file of results, or a revision: HEAD, v1.2, or main:{usual}",
    )
