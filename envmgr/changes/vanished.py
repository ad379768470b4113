"""Paths that lead nowhere any more: removed, moved, renamed, or still there for those who ask."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from envmgr.changes import inheritance, texts
from envmgr.changes.asking import ABSENT, FAILED, WARNS, Answer
from envmgr.changes.described import ALL, GETATTR, Api, Described
from envmgr.changes.joining import Gone, shortest_first
from envmgr.changes.rules import MOVED, REMOVED, RENAMED
from envmgr.changes.successors import Successors
from envmgr.changes.unlisted import Unlisted
from envmgr.model.changes import BREAKS, Change, Suppressed

Placed = tuple[Change, tuple[str, ...]]
"""A change, with all paths that it is of."""

_NOT_FOUND = ("ImportError", "ModuleNotFoundError")


class Vanished:
    """What became of paths of `before`. `answers` are what `after` says of them, None where it was not asked;
    `warned` what `before` did."""

    def __init__(
        self, before: Api, after: Api, answers: Mapping[str, Answer] | None, warned: Mapping[str, Answer]
    ) -> None:
        self._before, self._after = before, after
        self._answers, self._warned = answers, warned
        self._successors = Successors(before, after)
        self._heirs = inheritance.Heirs(before, after)

    def explain(self, found: Iterable[Gone]) -> tuple[list[Placed], list[Suppressed]]:
        changes: list[Placed] = []
        suppressed: list[Suppressed] = []
        left, inherited = inheritance.split(found, self._before, self._after)
        changes += inherited
        for gone in left:
            excuse = self._excuse(gone)
            if excuse is not None:
                suppressed.append(excuse)
                if not self._is_there(excuse.change.path):
                    continue
            lost = tuple(
                sorted(
                    (path for path in gone.paths if not self._is_there(path)),
                    key=lambda path: self._was_only_imported(gone, path),
                )
            )
            if lost and self._was_only_imported(gone, lost[0]):
                if excuse is None:
                    suppressed.append(self._never_offered(gone, lost[0]))
            elif lost:
                changes.append((self._lost(Gone(gone.object, lost, gone.rest)), lost))
        unlisted = Unlisted(self._before, self._answers or {}, self._warned)
        return [*_with_their_modules(changes), *unlisted.lost(), *unlisted.warning()], suppressed

    def _is_there(self, path: str) -> bool:
        return self._answers is not None and (path not in self._answers or self._answers[path].state == WARNS)

    def _excuse(self, gone: Gone) -> Suppressed | None:
        change = Change(gone.path, REMOVED, BREAKS, f"a {gone.object.kind} that is not there any more")
        failed = failed_import(gone.paths, self._after)
        if failed is not None and not self._is_lost_module(gone, failed):
            return Suppressed(change, f"{failed[0]} cannot be imported now: {failed[1]}")
        if all(path in self._before.left for path in gone.paths):
            return Suppressed(change, "a loop of the module left it behind")
        still = self._set_by_objects(gone) or self._heirs.have(gone)
        if still is not None:
            return Suppressed(change, still)
        if all(self._was_only_imported(gone, path) for path in gone.paths):
            return self._never_offered(gone, gone.path)
        silent = [path for path in gone.paths if self._is_there(path) and path not in (self._answers or {})]
        if silent:
            return Suppressed(change, f"{self._after.module}.{silent[0]} is still there when it is read")
        return None

    def _never_offered(self, gone: Gone, path: str) -> Suppressed:
        change = Change(path, REMOVED, BREAKS, f"a {gone.object.kind} that is not there any more")
        rest = self._kept(gone)
        now = f": it is {self._whole(rest)}" if rest is not None else ""
        return Suppressed(
            change, f"{self._before.module}.{path.rpartition('.')[0]} had it only imported{now}"
        )

    def _is_lost_module(self, gone: Gone, failed: tuple[str, str]) -> bool:
        """The module itself, where what it needs is not there any more."""
        return (
            gone.object.kind == "module"
            and self._whole(gone.path) == failed[0]
            and failed[1].startswith(_NOT_FOUND)
        )

    def _set_by_objects(self, gone: Gone) -> str | None:
        """A property that is an attribute of each object now."""
        holder = self._after.get(gone.path.rpartition(".")[0])
        if gone.object.kind not in ("property", "constant") or holder is None or holder.kind != "class":
            return None
        known = holder.source.known if holder.source is not None else None
        if known is not None and gone.leaf in known:
            return "its objects have it as an attribute"
        if known is not None and GETATTR in known and not self._answered_before(gone):
            return "its class has a __getattr__ now, which may answer it"
        given = {each.name for each in holder.parameters or ()}
        if gone.leaf not in given and re.search(
            rf"^\s*`*{re.escape(gone.leaf)}`*\s*(?::|$)", holder.doc, re.MULTILINE
        ):
            return "its objects have it, as the docstring of the class says"
        return None

    def _is_of_class(self, path: str) -> bool:
        holder = self._before.get(path.rpartition(".")[0])
        return holder is not None and holder.kind == "class"

    def _answered_before(self, gone: Gone) -> bool:
        """Whether the class had `__getattr__` then too, and yet this by itself."""
        holder = self._before.get(gone.path.rpartition(".")[0])
        known = None if holder is None or holder.source is None else holder.source.known
        return known is not None and GETATTR in known

    def _was_only_imported(self, gone: Gone, path: str) -> bool:
        """Whether it was in a plain module that did not define it, nor list it."""
        place, _, leaf = path.rpartition(".")
        holder = self._before.get(place)
        if gone.object.kind == "module" or path in self._before.purpose:
            return False
        if path in self._before.imported or path in self._before.answered:
            return path not in self._before.answered
        if holder is None or holder.kind != "module" or gone.object.file is None:
            return False
        if holder.file is None or holder.file.endswith("__init__.py") or holder.file == gone.object.file:
            return False
        if gone.object.kind == "constant" and gone.object.module == f"{self._before.module}.{place}":
            return False
        listed = self._before.listed.get(place, frozenset())
        return listed is not ALL and leaf not in listed

    def _lost(self, gone: Gone) -> Change:
        answer = (self._answers or {}).get(gone.path)
        said = texts.own_words(answer.text) if answer is not None and answer.state in (ABSENT, FAILED) else ""
        failed = failed_import((gone.path,), self._after)
        if failed is not None:
            return Change(
                gone.path, REMOVED, BREAKS, f"it cannot be imported any more: {texts.shortened(failed[1])}"
            )
        words = f": {texts.shortened(said)}" if said else ""
        instead = texts.instead(said) if said else None
        rest = self._kept(gone)
        new = None
        if rest is None:
            for kind, found in ((MOVED, self._successors.moved), (RENAMED, self._successors.renamed)):
                new = found(gone)
                if new is not None:
                    verb = "is" if kind == MOVED else "is called"
                    message = f"it {verb} {self._after.module}.{new} now{words}"
                    return Change(
                        gone.path, kind, BREAKS, message, None, gone.path, new, instead or self._whole(new)
                    )
        what = f"the {gone.object.kind} is not there any more{words}"
        if rest is not None and not said:
            what = f"it is not there under this name any more; {self._whole(rest)} is the same"
        if instead is None and not said:
            instead = self._whole(rest) if rest is not None else _told(gone.object)
        return Change(gone.path, REMOVED, BREAKS, what, instead=instead)

    def _whole(self, path: str) -> str:
        return f"{self._after.module}.{path}"

    def _kept(self, gone: Gone) -> str | None:
        """Another path to the same object that is still there and does not warn, unless that is only another class
        that has it. Of those as short, where it is defined."""
        holder = gone.path.rpartition(".")[0]
        answers = self._answers or {}
        kept = [
            path
            for path in gone.rest
            if path not in answers
            and (not self._is_of_class(gone.path) or path.rpartition(".")[0] == holder)
            and self._is_same(path, gone)
        ]
        home = {self._after.objects[self._after.places[path]].module for path in kept}
        return min(
            shortest_first(kept),
            key=lambda path: (
                not self._after.offers(path),
                path.count("."),
                self._whole(path).rpartition(".")[0] not in home,
            ),
            default=None,
        )

    def _is_same(self, path: str, gone: Gone) -> bool:
        """Whether what another name leads to now is no other object that was there before."""
        paths = self._after.objects[self._after.places[path]].paths
        before = self._before.places
        return any(each.rpartition(".")[2] == gone.leaf for each in paths) or all(
            before.get(each, before[gone.path]) == before[gone.path] for each in paths
        )


def failed_import(paths: Iterable[str], api: Api) -> tuple[str, str] | None:
    """The submodule on the way to each of these paths that could not be imported in a release, and why."""
    found = None
    for path in paths:
        parts = path.split(".")
        on_the_way = (".".join([api.module, *parts[:size]]) for size in range(1, len(parts) + 1))
        found = next(((name, api.errors[name]) for name in on_the_way if name in api.errors), None)
        if found is None:
            return None
    return found


def _with_their_modules(changes: list[Placed]) -> list[Placed]:
    """What went with its module, and of which nothing is known but that, is said of the module."""
    modules = {
        path
        for change, paths in changes
        if change.kind == REMOVED and change.message.startswith("the module")
        for path in paths
    }
    kept: list[Placed] = []
    taken: dict[str, list[str]] = {}
    for change, paths in changes:
        above = {_topmost(path, modules) for path in paths}
        if (
            change.kind == REMOVED
            and None not in above
            and (change.instead is None or change.path in modules)
        ):
            for path in paths:
                taken.setdefault(str(_topmost(path, modules)), []).append(path)
        else:
            kept.append((change, paths))
    return [
        (change, (*paths, *(under for path in paths for under in taken.get(path, ()))))
        for change, paths in kept
    ]


def _topmost(path: str, modules: set[str]) -> str | None:
    """The outermost of these modules that a path is in."""
    parts = path.split(".")
    heads = (".".join(parts[:size]) for size in range(1, len(parts)))
    return next((head for head in heads if head in modules), None)


def _told(old: Described) -> str | None:
    """What the release before said to use."""
    source = old.source
    warned = [] if source is None else [text for text in source.warns if old.leaf in text]
    said = [old.deprecated or "", *([] if source is None else [source.deprecated or ""]), *warned]
    first = old.doc.partition("\n\n")[0]
    if re.search(r"\balias\b|deprecated", first, re.IGNORECASE):
        said.append(first)
    return next((found for text in said if text and (found := texts.instead(text)) is not None), None)
