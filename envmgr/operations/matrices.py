"""Which matrices a project has, and what each of them says."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envmgr.config import CONFIG_NAME, Layers
from envmgr.config import load as load_project
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import remembering, sources
from envmgr.model.matrix import Matrix
from envmgr.model.project import Library, Project

if TYPE_CHECKING:
    from envmgr.matrix.resolving import Around
    from envmgr.tools.index import Listing

FOLDER = "matrices"
NO_LAYERS = Layers()
_NO_DISTRIBUTIONS = ("python", "platform", "resolution")
_DISTRIBUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def find_root(start: Path) -> Path:
    """The nearest directory at or above `start` with an envmgr.toml, or with `matrices/*.toml`; absolute.

    Raises E-NO-PROJECT.
    """
    start = start.absolute()
    for directory in (start, *start.parents):
        if _is_root(directory):
            return directory
    raise _no_project(f"{start} or above it")


def require_root(directory: Path) -> Path:
    """`directory`, absolute, if it is one. Raises E-NO-PROJECT."""
    if not _is_root(directory):
        raise _no_project(str(directory.absolute()))
    return directory.absolute()


def _is_root(directory: Path) -> bool:
    return (directory / CONFIG_NAME).exists() or bool(_files(directory))


def _no_project(where: str) -> EnvmgrError:
    return EnvmgrError(
        "E-NO-PROJECT",
        f"no {CONFIG_NAME}, and no {FOLDER}/*.toml, in {where}",
        hint=f"write {FOLDER}/NAME.toml (docs/matrices.md), or name the project's directory with --project DIR",
    )


def project_at(root: Path, layers: Layers = NO_LAYERS) -> Project:
    """The project in a directory; one without libraries where there is no envmgr.toml. Raises E-CONFIG."""
    if (root / CONFIG_NAME).exists():
        return load_project(root, layers)
    return Project(root.absolute(), root.absolute().name, {})


def names(project: Project | Path) -> tuple[str, ...]:
    """Of a project, or of its directory; sorted."""
    root = project if isinstance(project, Path) else project.root
    return tuple(path.stem for path in _files(root))


def load(
    project: Project | Path,
    name: str,
    *,
    index: Listing,
    upgrade: bool = False,
    today: date | None = None,
) -> Matrix:
    """The matrix `name` with its cells. `index` is asked for what was not found before; for all, under `upgrade`.

    What was found is written to `.envmgr/matrix/NAME/`. Raises E-UNKNOWN-MATRIX; E-CONFIG with every problem of the
    file in `details["problems"]`; E-NETWORK. Cost with nothing new: two small files.
    """
    project = project_at(project) if isinstance(project, Path) else project
    path = project.root / FOLDER / f"{name}.toml"
    content = _content(project, name, path)
    day = today or datetime.now(UTC).date()
    layout, facts = Layout(project.root), _facts(project)
    if not upgrade:
        known = remembering.recall(layout, path, remembering.key(layout, name, content, facts, day))
        if known is not None:
            return _with_notes(project, known)
    from envmgr.config.source import parse

    before = {} if upgrade else remembering.releases(layout, name)
    try:
        source = parse(path, content)
    except EnvmgrError as problem:
        from envmgr.matrix.reading import check_command

        problem.hint = f"correct the file, then run `{check_command(name)}`"
        raise
    if not before:
        _expect(source.document, project, index)
    from envmgr.matrix.expanding import expand
    from envmgr.matrix.reading import read
    from envmgr.matrix.selecting import Selections

    spec = read(source, project)
    selections = Selections(index, before, day)
    matrix = expand(spec, source, project, _around(project, spec.library), selections, day)
    if selections.used != before:
        remembering.keep_releases(layout, name, selections.used)
    remembering.keep(layout, matrix, remembering.key(layout, name, content, facts, day))
    return _with_notes(project, matrix)


def _expect(document: Mapping[str, Any], project: Project, index: Listing) -> None:
    """An index answers while what reads the matrix is imported."""
    from envmgr.tools.index import Index

    axes = document.get("axes")
    if isinstance(index, Index) and isinstance(axes, dict):
        known = {name: library.requirement for name, library in project.libraries.items()}
        own = str(document.get("library", ""))
        names = [*axes, *(() if own in known else (own,))]
        words = [known.get(name) or name for name in names if name not in _NO_DISTRIBUTIONS]
        index.expect(found[0] for word in words if (found := _DISTRIBUTION.match(word)))


def _with_notes(project: Project, matrix: Matrix) -> Matrix:
    """And what files of tests it names that are not there: that may change at any time."""
    return replace(matrix, notes=(*matrix.notes, *sources.lacking(project.root, matrix.checks)))


def load_all(
    project: Project, wanted: Sequence[str] | None, *, index: Listing, upgrade: bool = False
) -> list[Matrix]:
    """Those that are wanted, or every one. Raises as `load`, with the problems of all files at once."""
    found, problems = [], []
    for name in names(project) if wanted is None else wanted:
        try:
            found.append(load(project, name, index=index, upgrade=upgrade))
        except EnvmgrError as problem:
            if problem.code != "E-CONFIG":
                raise
            problems.append(problem)
    if len(problems) > 1:
        raise EnvmgrError(
            "E-CONFIG",
            "\n\n".join(problem.message for problem in problems),
            hint="correct the files, then run `envmgr matrix list`",
            details={"problems": [one for problem in problems for one in problem.details["problems"]]},
        )
    if problems:
        raise problems[0]
    return found


def _files(root: Path) -> list[Path]:
    return sorted(path for path in (root / FOLDER).glob("*.toml") if path.is_file())


def _content(project: Project, name: str, path: Path) -> bytes:
    try:
        if name in names(project):
            return path.read_bytes()
    except OSError as problem:
        raise EnvmgrError(
            "E-CONFIG",
            f"{path} cannot be read: {problem.strerror}",
            hint="it must be a file that you may read",
            details={"problems": [], "file": str(path)},
        ) from problem
    from envmgr.config.problems import near

    known = names(project)
    suggestion = near(name, known)
    guess = f"did you mean `{suggestion}`? " if suggestion else ""
    raise EnvmgrError(
        "E-UNKNOWN-MATRIX",
        f"there is no {FOLDER}/{name}.toml in {project.root}",
        hint=f"{guess}matrices: {', '.join(known) or 'none yet (docs/matrices.md)'}",
    )


def _facts(project: Project) -> object:
    """All that cells take from envmgr.toml, and from the Python that runs this."""
    libraries = [
        (library.name, library.requirements, bool(library.health_calls), _home(project, library))
        for library in project.libraries.values()
    ]
    return libraries, sys.version_info[:2]


def _home(project: Project, library: Library) -> tuple[str, bool]:
    environment = project.environments[library.environment]
    return environment.python, environment.no_build


def _around(project: Project, name: str) -> Around:
    from envmgr.matrix import tags
    from envmgr.matrix.resolving import Around
    from envmgr.tools import interpreters

    library = project.libraries.get(name)
    if library is None:
        own = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return Around(own, own, tags.here())
    python, no_build = _home(project, library)
    is_version = python[:1].isdigit()
    version = python if is_version else interpreters.find(python, root=project.root).minor
    return Around(python, version, tags.here(), not no_build)
