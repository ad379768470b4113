"""The same difference met in several objects, told once: of one object at several paths, of what classes inherit, of
what each of several classes writes anew as the one above it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from envmgr.changes.described import Api, Described
from envmgr.changes.joining import shortest_first
from envmgr.model.changes import Change

Sense = tuple[object, ...]


@dataclass(slots=True)
class Met:
    """A difference with the objects that it was found in."""

    change: Change
    paths: tuple[str, ...]
    before: Described
    after: Described
    why: str | None = None

    @property
    def sense(self) -> Sense:
        change = self.change
        return change.kind, change.parameter, change.before, change.after, self.why


def folded(found: Iterable[Met], before: Api) -> list[Met]:
    """An object of before (each class has its own of it now) or of after (all inherit it now) counts as one."""
    kept: list[Met] = []
    known: dict[Sense, Met] = {}
    for each in found:
        keys = [(id(each.before), 0, *each.sense), (id(each.after), 1, *each.sense)]
        first = next((known[key] for key in keys if key in known), None)
        if first is None:
            first = each
            kept.append(each)
        else:
            _take(first, each)
        for key in keys:
            known[key] = first
    return _by_classes(kept, before)


def _by_classes(found: list[Met], before: Api) -> list[Met]:
    """What is said of a class, or of a member of it, and of one above it alike, is said of that one."""
    alike: dict[Sense, dict[str, Met]] = {}
    for each in found:
        for holder in _classes(each, before):
            alike.setdefault(_sense(each), {}).setdefault(f"{holder.module}.{holder.leaf}", each)
    dropped: set[int] = set()
    for each in found:
        same = alike.get(_sense(each), {})
        above = [
            base
            for holder in _classes(each, before)
            for base in reversed(holder.source.bases if holder.source is not None else ())
        ]
        owner = next((same[base] for base in above if base in same and same[base] is not each), None)
        if owner is not None and id(owner) not in dropped:
            _take(owner, each)
            dropped.add(id(each))
    return [each for each in found if id(each) not in dropped]


def _classes(each: Met, before: Api) -> list[Described]:
    """It, or those that it is a member of."""
    if each.before.kind == "class":
        return [each.before]
    holders = (before.get(path.rpartition(".")[0]) for path in each.paths)
    return [found for found in holders if found is not None and found.kind == "class"]


def _sense(each: Met) -> Sense:
    return "" if each.before.kind == "class" else each.before.leaf, *each.sense


def _take(one: Met, other: Met) -> None:
    one.paths = shortest_first({*one.paths, *other.paths})
    one.change = replace(one.change, path=one.paths[0])
