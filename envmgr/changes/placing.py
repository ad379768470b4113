"""What a change is told of, and what to use instead, by the paths that users know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from envmgr.changes.described import Api, Described
from envmgr.changes.joining import shortest_first
from envmgr.model.changes import Change

_HEAD = re.compile(r"[A-Za-z_](?:[\w.]*\w)?")
_SHORTEST = 4
"""Letters of a lone name that is looked for in the whole library."""


class Places:
    """Of both releases."""

    def __init__(self, before: Api, after: Api) -> None:
        self._before, self._after = before, after

    def best(self, change: Change, paths: Iterable[str]) -> Change:
        """The same, told of the path that its module offers, the shortest; of members that classes inherit, where
        they are from."""
        found = shortest_first(paths)
        if len(found) > 1:
            least = min((not self._offers(path), path.count(".")) for path in found)
            same = [path for path in found if (not self._offers(path), path.count(".")) == least]
            path = min(
                same, key=lambda each: (self._above(each, same), not self._is_home(each), same.index(each))
            )
            if path != change.path:
                before = path if change.before == change.path else change.before
                change = replace(change, path=path, before=before)
        return replace(change, instead=self._whole(change))

    def _offers(self, path: str) -> bool:
        return self._before.offers(path) if path in self._before.places else self._after.offers(path)

    def _above(self, path: str, others: list[str]) -> int:
        """How many of the classes that the others are, or are in, are bases of its own."""
        own = self._class_of(path)
        if own is None or own.source is None:
            return 0
        classes = {id(found): found for other in others if (found := self._class_of(other)) is not None}
        return sum(f"{each.module}.{each.leaf}" in own.source.bases for each in classes.values())

    def _is_home(self, path: str) -> bool:
        """Whether it, or the class that it is in, is defined there."""
        here = self._before if path in self._before.places else self._after
        holder = path.rpartition(".")[0]
        found = here.get(path)
        above = here.get(holder)
        if above is not None and above.kind == "class":
            found, holder = above, holder.rpartition(".")[0]
        return found is not None and found.module == (f"{here.module}.{holder}" if holder else here.module)

    def _class_of(self, path: str) -> Described | None:
        here = self._before if path in self._before.places else self._after
        for place in (path, path.rpartition(".")[0]):
            found = here.get(place)
            if found is not None and found.kind == "class":
                return found
        return None

    def _whole(self, change: Change) -> str | None:
        """What to use instead, with the library's name where it is the library's."""
        said = change.instead
        head = None if said is None else _HEAD.match(said)
        if said is None or head is None or (change.parameter is not None and "." not in head[0]):
            return said
        path = self._resolved(head[0], change.path)
        return said if path is None else f"{self._after.module}.{path}{said[head.end() :]}"

    def _resolved(self, name: str, path: str) -> str | None:
        """Beside what goes away, or above; by an abbreviation of the library's name; else the one that is called
        so."""
        there = self._after.places
        first, _, rest = name.partition(".")
        if first == self._after.module.partition(".")[0]:
            return None
        holder = path
        while holder:
            holder = holder.rpartition(".")[0]
            found = f"{holder}.{name}" if holder else name
            if found in there and found != path:
                return found
        if rest in there and _abbreviates(first, self._after.module):
            return rest
        if len(name) < _SHORTEST:
            return None
        alike = [
            each for each in self._by_leaf.get(name.rpartition(".")[2], ()) if f".{each}".endswith(f".{name}")
        ]
        if len({there[each] for each in alike}) == 1 and path not in alike:
            return shortest_first(alike)[0]
        return None

    @cached_property
    def _by_leaf(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self._after.places:
            found.setdefault(path.rpartition(".")[2], []).append(path)
        return found


def _abbreviates(word: str, name: str) -> bool:
    """`np` is `numpy`, `nx` is `networkx`."""
    letters = iter(name)
    return word[:1] == name[:1] and len(word) < len(name) and all(letter in letters for letter in word)
