"""`envmgr diff LIB==A LIB==B`: what changes for a caller between two releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from packaging.requirements import Requirement

from envmgr import changes
from envmgr.catalog import read
from envmgr.changes import asking, snapshot
from envmgr.changes.asking import Answer
from envmgr.changes.described import Api
from envmgr.environments import files, projectlock, recovery
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.model.changes import ApiDiff, Change, Suppressed
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Library, Project
from envmgr.operations import releases
from envmgr.operations.releases import Release
from envmgr.operations.run import Run
from envmgr.tools import interpreters
from envmgr.tools.pypa import canonical


def compare(
    project: Project,
    library: str,
    before: str,
    after: str,
    *,
    python: str | None = None,
    offline: bool = False,
    report: Report = silent,
) -> ApiDiff:
    """Between two exact versions of a library of the project, or of any distribution.

    Each is locked, built into the store and catalogued, unless it is there; what is compared once is kept. Raises
    what a build raises, E-INTERPRETER, E-BUSY.
    """
    layout = Layout(project.root)
    wanted, distribution = _library(project, library)
    interpreter = interpreters.find(
        python or _python_of(project, wanted), root=project.root, download=not offline
    )
    with files.disk_problems("comparing"), projectlock.hold(layout), recovery.opened(layout) as state:
        layout.staging.mkdir(parents=True, exist_ok=True)
        run = Run(project, layout, state, False, offline, report)
        old = releases.have(run, wanted, distribution, before, interpreter, None)
        new = releases.have(run, wanted, distribution, after, interpreter, None)
    report(f"{distribution} {before} -> {after}", "compare")
    return between(old, new)


def between(old: Release, new: Release) -> ApiDiff:
    """Of two that stand somewhere. Costs their sources being read, and the new one being imported."""
    before, after = _api(old), _api(new)
    paths = {path for path in before.places if _is_of_module(path, before)}
    answers = asking.ask(new.executable, new.module, paths | set(_gone(before, after)))
    warned: Mapping[str, Answer] | None = {}
    if answers:
        warned = asking.ask(
            old.executable, old.module, [path for path, said in answers.items() if said.state == asking.WARNS]
        )
    found = changes.compare(before, after, answers=answers, warned=warned)
    name = old.library
    return ApiDiff(
        old.library,
        old.distribution,
        old.version,
        new.version,
        old.python,
        new.python,
        found.compared,
        tuple(_whole(change, name) for change in found.changes),
        tuple(Suppressed(_whole(each.change, name), each.reason) for each in found.suppressed),
        {f"{name}.{path}": tuple(f"{name}.{other}" for other in others) for path, others in found.paths.items()},
    )


def _api(release: Release) -> Api:
    from envmgr.changes.sources import Reader

    return Reader(release.site).complete(snapshot.read(read(release.catalog)))


def _gone(before: Api, after: Api) -> list[str]:
    from envmgr.changes import joining

    return [path for each in joining.gone(before, after) for path in each.paths]


def _is_of_module(path: str, api: Api) -> bool:
    """Whether it is no member of a class."""
    holder = api.get(path.rpartition(".")[0])
    return holder is None or holder.kind == "module"


def _whole(change: Change, library: str) -> Change:
    """With the library's name before its paths."""
    return replace(change, path=f"{library}.{change.path}")


def _library(project: Project, name: str) -> tuple[Library, str]:
    known = project.libraries.get(name)
    if known is None:
        return Library(name, name, None, releases.ENVIRONMENT), canonical(name)
    if known.requirement is None:
        raise EnvmgrError(
            "E-USAGE", f"library {name} is a module of the interpreter itself: it has no releases to compare"
        )
    bare = replace(
        known,
        extra_requirements=(),
        init="",
        health_calls=(),
        serializers={},
        hooks={},
        pipelines={},
        aliases={},
        fork=True,
    )
    return bare, canonical(Requirement(known.requirement).name)


def _python_of(project: Project, library: Library) -> str:
    environment = project.environments.get(library.environment)
    if environment is not None and environment.adopt is None:
        return environment.python
    return f"{3}.{12}"
