"""`envmgr diff LIB==A LIB==B`: what changes for a caller between two releases."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import reduce
from pathlib import Path

from packaging.requirements import Requirement

from envmgr import changes
from envmgr.catalog import read
from envmgr.changes import asking, joining, keeping, natures, snapshot
from envmgr.changes.described import Api
from envmgr.environments import files, laying
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.model.changes import BREAKS, SEVERITIES, ApiDiff, Change, Suppressed
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Library, Project
from envmgr.operations import ground, releases, suiting
from envmgr.operations.releases import Release
from envmgr.operations.run import Run
from envmgr.operations.suiting import Attempt
from envmgr.tools import index, index_settings, interpreters
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical

_TRY_ELSE = frozenset({"E-LOCK", "E-CONFLICT", "E-BUILD", "E-PROOF"})
"""Failures after which another interpreter, or newer dependencies, may do."""


def compare(
    project: Project | None,
    library: str,
    before: str,
    after: str,
    *,
    python: str | None = None,
    again: bool = False,
    report: Report = silent,
) -> ApiDiff:
    """Between two exact versions of a library of the project, or of any distribution with all its public modules.

    By `python`, else by the library's interpreter where both releases have files for it, else by another of this
    machine, else by one for each. Both are locked with what there was to depend on in their days. What was compared
    once is kept, and not asked of an index again unless `again`: that costs 20 ms. Else two builds and two walks, and
    about 3 s for numpy, 9 for pandas, of one core. Raises E-USAGE, E-LOCK with near versions, E-INTERPRETER,
    E-NETWORK, and what a build raises.
    """
    wanted, distribution, name = _library(project, library)
    preferred = python or _python_of(project, wanted)
    decides = [distribution, name, wanted.requirement, wanted.module, before, after, python, preferred]
    kept = digest([decides, keeping.sources(), ground.catalogs(), _indexes(distribution)])
    found = None if again else keeping.read(kept)
    if found is None:
        with files.disk_problems("comparing"):
            found = _compared(project, wanted, distribution, (before, after), python, report, name)
        keeping.write(kept, found)
    return found


def between(old: Release, new: Release, told: Collection[str] = ()) -> ApiDiff:
    """Of two that stand somewhere, but for what is defined in modules that are `told` of. Costs their sources being
    read, and the new one being imported."""
    from envmgr.changes.sources import Reader

    before = Reader(old.site).complete(snapshot.read(read(old.catalog)))
    after = Reader(new.site).complete(snapshot.read(read(new.catalog)))
    paths = {path for path in before.places if _is_of_module(path, before)}
    paths |= {path for each in joining.gone(before, after) for path in each.paths}
    paths |= (before.named.keys() - after.named.keys()) | before.answered
    paths -= after.places.keys() - before.places.keys()
    paths |= set(natures.lost_attributes(joining.pairs(before, after)))
    answers, warned = asking.both((old.executable, new.executable), new.module, paths)
    found = changes.compare(before, after, answers=answers, warned=warned, told=told)
    name = old.library
    return ApiDiff(
        name,
        old.distribution,
        old.version,
        new.version,
        old.python,
        new.python,
        found.compared,
        tuple(_whole(change, name) for change in found.changes),
        tuple(Suppressed(_whole(each.change, name), each.reason) for each in found.suppressed),
        {
            _under(name, path): tuple(_under(name, other) for other in others)
            for path, others in found.paths.items()
        },
    )


def _compared(
    project: Project | None,
    library: Library,
    distribution: str,
    versions: tuple[str, str],
    python: str | None,
    report: Report,
    name: str | None,
) -> ApiDiff:
    known = index.releases(distribution)
    before, after = (suiting.find(known, distribution, version) for version in versions)
    if before.parsed == after.parsed:
        raise EnvmgrError(
            "E-USAGE",
            f"{versions[0]} and {versions[1]} are one release of {distribution}",
            hint=f"write two of its releases: {distribution}==A {distribution}==B",
        )
    spec = python or _python_of(project, library)
    root = Path.cwd() if project is None else project.root
    preferred = None if spec is None else interpreters.find(spec, root=root, download=True)
    here = [] if python is not None else list(interpreters.everything())
    with releases.scratch(report) as run:
        failure: EnvmgrError | None = None
        for attempt in suiting.attempts(before, after, preferred, here, only=python is not None):
            try:
                old, new = _built(
                    run, library, distribution, (before.version, after.version), attempt, name is None
                )
            except EnvmgrError as problem:
                if problem.code not in _TRY_ELSE:
                    raise
                failure = failure or problem
                continue
            report(f"{distribution} {before.version} -> {after.version}", "compare")
            return _of_modules(old, new, name)
        raise failure or _nothing_serves(distribution, versions)


def _built(
    run: Run, library: Library, distribution: str, versions: tuple[str, str], attempt: Attempt, others: bool
) -> list[tuple[Release, ...]]:
    """Beside each other."""
    for interpreter in (attempt.before, attempt.after):
        laying.ensure(run.layout, interpreter, offline=False)

    def build(version: str, interpreter: Interpreter, newer: str | None) -> tuple[Release, ...]:
        return releases.build(run, library, distribution, version, interpreter, newer, others=others)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(build, versions, (attempt.before, attempt.after), attempt.newer))


def _of_modules(old: Sequence[Release], new: Sequence[Release], name: str | None) -> ApiDiff:
    """Of each module that both have, as one. A library of the project goes by its `name`, whatever its module is."""
    if name is not None:
        return between(replace(old[0], library=name), new[0])
    there = {each.module: each for each in new}
    pairs = [(each, there[each.module]) for each in old if each.module in there]
    seen = [one.module.partition(".")[0] for one, _ in pairs]
    parts = [
        between(one, other, {name for name in seen[:number] if name != seen[number]})
        for number, (one, other) in enumerate(pairs)
    ]
    left = releases.modules(new[0])
    lost = [
        Change(each.module, "removed", BREAKS, "a module that is not there any more")
        for each in old
        if each.module not in left
    ]
    if not parts and not lost:
        raise EnvmgrError(
            "E-PROOF", f"{old[0].module} cannot be imported from {new[0].distribution} {new[0].version}"
        )
    whole = reduce(_united, parts) if parts else _of_nothing(old[0], new[0])
    changes = sorted((*lost, *whole.changes), key=_order)
    return replace(whole, compared=whole.compared + len(lost), changes=tuple(changes))


def _of_nothing(old: Release, new: Release) -> ApiDiff:
    return ApiDiff(old.library, old.distribution, old.version, new.version, old.python, new.python, 0, ())


def _united(one: ApiDiff, other: ApiDiff) -> ApiDiff:
    """The first module's objects are also at paths of the second: what is said of these is said once."""
    told = {_sense(change) for change in one.changes}
    fresh = tuple(change for change in other.changes if _sense(change) not in told)
    return replace(
        one,
        compared=one.compared + other.compared,
        changes=tuple(sorted((*one.changes, *fresh), key=_order)),
        suppressed=(*one.suppressed, *other.suppressed),
        paths={**other.paths, **one.paths},
    )


def _order(change: Change) -> tuple[int, str, str]:
    return SEVERITIES.index(change.severity), change.path, change.kind


def _sense(change: Change) -> tuple[str | None, ...]:
    return change.path.partition(".")[2], change.kind, change.parameter, change.before, change.after


def _is_of_module(path: str, api: Api) -> bool:
    """Whether it is no member of a class."""
    holder = api.get(path.rpartition(".")[0])
    return holder is None or holder.kind == "module"


def _whole(change: Change, library: str) -> Change:
    return replace(change, path=_under(library, change.path))


def _under(library: str, path: str) -> str:
    return f"{library}.{path}" if path else library


def _library(project: Project | None, name: str) -> tuple[Library, str, str | None]:
    """Without all that is nothing to a release; its distribution; what its paths begin with, where that is not the
    module's name."""
    known = None if project is None else project.libraries.get(name)
    if known is None:
        own = Requirement(name)
        return Library(canonical(own.name), name, None, ""), canonical(own.name), None
    if known.requirement is None:
        raise EnvmgrError(
            "E-USAGE", f"library {name} is a module of the interpreter itself: it has no releases to compare"
        )
    own = Requirement(known.requirement)
    return (
        Library(name, known.requirement, known.module or None, known.environment),
        canonical(own.name),
        name,
    )


def _python_of(project: Project | None, library: Library) -> str | None:
    environment = None if project is None else project.environments.get(library.environment)
    return None if environment is None or environment.adopt is not None else environment.python


def _indexes(distribution: str) -> list[object]:
    """What is asked, and, of what is on this disk, its files: these may be made anew under their names."""
    indexes = index_settings.read(os.environ)
    places = [Path(place.removeprefix("file://")) for place in (*indexes.addresses, *indexes.flat)]
    there = [file for place in places for file in (*place.glob("*"), *place.glob(f"{distribution}/*"))]
    return [repr(indexes), sorted((str(file), file.stat().st_mtime_ns) for file in there)]


def _nothing_serves(distribution: str, versions: tuple[str, str]) -> EnvmgrError:
    return EnvmgrError(
        "E-INTERPRETER",
        f"no Python on this machine that {distribution} {' or '.join(versions)} has files for",
        hint="install one with `uv python install`, or name one with --python",
    )
