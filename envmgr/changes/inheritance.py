"""Members that went with a base class, and members of a base class that all classes below it still have."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from envmgr.changes.described import Api, Described, Pair
from envmgr.changes.joining import Gone, shortest_first
from envmgr.changes.rules import BASE_REMOVED
from envmgr.model.changes import BREAKS, Change

Placed = tuple[Change, tuple[str, ...]]

_MANY = 10
_NAMED = 8


def split(found: Iterable[Gone], before: Api, after: Api) -> tuple[list[Gone], list[Placed]]:
    """What is told one by one, and, of classes that lost a base and with it ten members or more, that."""
    left: list[Gone] = []
    went: dict[str, list[tuple[Gone, str]]] = {}
    for gone in found:
        bases = {_base(path, gone, before, after) for path in gone.paths}
        base = bases.pop()
        if base is None or bases:
            left.append(gone)
        else:
            went.setdefault(gone.path.rpartition(".")[0], []).append((gone, base))
    told: list[Placed] = []
    for holder, members in went.items():
        each = [gone for gone, _ in members]
        if len(each) < _MANY:
            left += each
            continue
        base = _nearest(holder, {base for _, base in members}, before)
        holders = shortest_first({path.rpartition(".")[0] for gone in each for path in gone.paths})
        names = [gone.leaf for gone in each]
        some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        message = f"it is no subclass of {base} any more, and {len(names)} members went with that: {some}"
        paths = (*holders, *(path for gone in each for path in gone.paths))
        told.append((Change(holders[0], BASE_REMOVED, BREAKS, message, None, base), paths))
    return left, told


class Heirs:
    """Classes below others, by what the source says."""

    def __init__(self, before: Api, after: Api) -> None:
        self._before, self._after = before, after

    def have(self, gone: Gone) -> str | None:
        """A reason, where each path is of a class, and all classes below these, two at least, have it as before."""
        heirs: set[str] = set()
        for path in gone.paths:
            holder = self._before.get(path.rpartition(".")[0])
            if holder is None or holder.kind != "class":
                return None
            heirs.update(self._below.get(_named(holder), ()))
        if len(heirs) > 1 and all(f"{heir}.{gone.leaf}" in self._after.places for heir in heirs):
            return f"all {len(heirs)} classes below it have it as before"
        return None

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        """Of each class, those that are still there, each by its shortest path."""
        found: dict[str, list[str]] = {}
        for each in self._before.objects:
            if each.kind == "class" and each.source is not None and each.path in self._after.places:
                for base in each.source.bases:
                    found.setdefault(base, []).append(each.path)
        return found


def _base(path: str, gone: Gone, before: Api, after: Api) -> str | None:
    """The base that a class had, and has no more, and that has the member yet."""
    holder = path.rpartition(".")[0]
    old, new = before.get(holder), after.get(holder)
    if old is None or new is None or old.source is None or new.source is None or old.kind != "class":
        return None
    lost = set(old.source.bases) - set(new.source.bases)
    owners = (before.get(rest.rpartition(".")[0]) for rest in gone.rest)
    return next((_named(each) for each in owners if each is not None and _named(each) in lost), None)


def _nearest(holder: str, bases: set[str], before: Api) -> str:
    """Of the bases that a class lost, the one right above it."""
    found = before.get(holder)
    order = () if found is None or found.source is None else found.source.bases
    return min(bases, key=lambda base: (order.index(base) if base in order else len(order), base))


def is_still_below(name: str, pair: Pair, after: Api) -> bool:
    """Whether what a base was called is another name now of one that the class still has."""
    base = after.get(name.removeprefix(f"{after.module}."))
    bases = () if pair.after.source is None else pair.after.source.bases
    return base is not None and any(
        f"{base.module}.{path.rpartition('.')[2]}" in bases for path in base.paths
    )


def _named(found: Described) -> str:
    return f"{found.module}.{found.leaf}"
