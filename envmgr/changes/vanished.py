"""Paths that lead nowhere any more: removed, moved, renamed, or still there for those who ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from envmgr.changes import joining, texts
from envmgr.changes.asking import ABSENT, FAILED, WARNS, Answer
from envmgr.changes.described import Api, Described
from envmgr.changes.joining import Gone
from envmgr.changes.rules import MOVED, REMOVED, RENAMED
from envmgr.changes.successors import Successors
from envmgr.model.changes import BREAKS, MAY_BREAK, Change, Suppressed

Placed = tuple[Change, tuple[str, ...]]
DEPRECATED = "deprecated"
_MANY = 5
"""Names of one module that warn alike are one deprecation of the module."""


def explain(
    before: Api,
    after: Api,
    come: Sequence[Described],
    answers: Mapping[str, Answer] | None,
    warned: Mapping[str, Answer],
) -> tuple[list[Placed], list[Suppressed]]:
    """What became of each path that is gone, with its other paths; and of those that are deprecated by what reading
    them says."""
    successors = Successors(come)
    changes: list[Placed] = []
    suppressed: list[Suppressed] = []
    for gone in joining.gone(before, after):
        failed = failed_import(gone.paths, after)
        if failed is not None:
            change = Change(gone.path, REMOVED, BREAKS, f"a {gone.object.kind} that is not there any more")
            suppressed.append(Suppressed(change, f"{failed[0]} cannot be imported now: {failed[1]}"))
            continue
        there, lost = _split(gone, answers)
        if there and answers is not None:
            silent = [path for path in there if path not in answers]
            if silent:
                change = Change(silent[0], REMOVED, BREAKS, f"a {gone.object.kind} that is not listed any more")
                suppressed.append(Suppressed(change, f"it is still there when {after.module}.{silent[0]} is read"))
        if lost:
            found = Gone(gone.object, tuple(lost), gone.rest)
            answer = None if answers is None else answers.get(lost[0])
            changes.append((_lost(found, after, successors, answer), tuple(lost)))
    changes += _warning(before, answers or {}, warned)
    return changes, suppressed


def failed_import(paths: Iterable[str], api: Api) -> tuple[str, str] | None:
    """The submodule on the way to all of these paths that could not be imported in a release, and why."""
    found = None
    for path in paths:
        parts = path.split(".")
        on_the_way = (".".join([api.module, *parts[:size]]) for size in range(1, len(parts) + 1))
        found = next(((name, api.errors[name]) for name in on_the_way if name in api.errors), None)
        if found is None:
            return None
    return found


def _split(gone: Gone, answers: Mapping[str, Answer] | None) -> tuple[list[str], list[str]]:
    """Those that are there when they are asked for, and those that are not."""
    if answers is None:
        return [], list(gone.paths)
    there = [path for path in gone.paths if path not in answers or answers[path].state == WARNS]
    return there, [path for path in gone.paths if path not in there]


def _lost(gone: Gone, after: Api, successors: Successors, answer: Answer | None) -> Change:
    old = gone.object
    said = texts.own_words(answer.text) if answer is not None and answer.state in (ABSENT, FAILED) else ""
    words = f": {texts.shortened(said)}" if said else ""
    instead = texts.instead(said) if said else None
    before = old.kind
    rest = _kept(gone, after)
    if rest is None and (new := successors.moved(gone)) is not None:
        return Change(
            gone.path, MOVED, BREAKS, f"it is {new.path} now{words}", None, gone.path, new.path, instead or new.path
        )
    if rest is None and (new := successors.renamed(gone)) is not None:
        return Change(
            gone.path, RENAMED, BREAKS, f"it is called {new.path} now{words}", None, gone.path, new.path, instead or new.path
        )
    instead = instead or rest or _told(old)
    what = f"the {before} is not there any more{words}"
    if rest is not None and not said:
        what = f"it is not there under this name any more; {rest} is the same"
    return Change(gone.path, REMOVED, BREAKS, what, instead=instead)


def _kept(gone: Gone, after: Api) -> str | None:
    """Another path to the same object that is still there, unless that is only another class that has it."""
    holder = gone.path.rpartition(".")[0]
    for path in joining.shortest_first(gone.rest):
        found = after.get(path)
        if found is not None and (gone.object.kind not in _MEMBERS or path.rpartition(".")[0] == holder):
            return path
    return None


_MEMBERS = frozenset({"method", "classmethod", "property", "staticmethod"})


def _told(old: Described) -> str | None:
    """What the release before said to use."""
    source = old.source
    said = [old.deprecated or "", *(() if source is None else (source.deprecated or "", *source.warns))]
    first = old.doc.partition("\n\n")[0]
    if re.search(r"\balias\b|deprecated", first, re.IGNORECASE):
        said.append(first)
    return next((found for text in said if text and (found := texts.instead(text)) is not None), None)


def _warning(before: Api, answers: Mapping[str, Answer], warned: Mapping[str, Answer]) -> Iterator[Placed]:
    """Names that were read in silence, and warn now."""
    by_module: dict[tuple[str, str], list[str]] = {}
    for path, answer in answers.items():
        if answer.state == WARNS and path in before.places and warned.get(path, _SILENT).state != WARNS:
            holder, _, leaf = path.rpartition(".")
            by_module.setdefault((holder, answer.text.replace(leaf, "·")), []).append(path)
    for (holder, _), paths in by_module.items():
        text = texts.shortened(answers[paths[0]].text)
        if len(paths) >= _MANY:
            message = f"{len(paths)} names of it warn when they are read: {text}"
            yield Change(holder, DEPRECATED, MAY_BREAK, message), tuple(sorted(paths))
        else:
            for path in paths:
                told = answers[path].text
                message = f"deprecated: {texts.shortened(told)}"
                yield Change(path, DEPRECATED, MAY_BREAK, message, instead=texts.instead(told)), (path,)


_SILENT = Answer("", "")
