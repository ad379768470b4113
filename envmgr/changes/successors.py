"""What became of an object that is not where it was: the one at a new path that says the same of itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from envmgr.changes.described import Api, Described
from envmgr.changes.joining import Gone, shortest_first

_COMPARED = 250
"""Characters of a docstring."""
_SAME_NAME, _OTHER_NAME = 0.55, 0.8
_CALLABLE = frozenset(
    {"function", "ufunc", "method", "classmethod", "staticmethod", "coroutine", "generator"}
)


class Successors:
    """Among the paths that are new. Cost: a comparison of docstrings for each of the same name or holder."""

    def __init__(self, before: Api, after: Api) -> None:
        self._before, self._after = before, after
        self._by_leaf: dict[str, list[str]] = {}
        self._by_holder: dict[str, list[str]] = {}
        for path in shortest_first(path for path in after.places if path not in before.places):
            holder, _, leaf = path.rpartition(".")
            self._by_leaf.setdefault(leaf, []).append(path)
            self._by_holder.setdefault(holder, []).append(path)

    def moved(self, gone: Gone) -> str | None:
        """The same name elsewhere; a member of a class moves with its class alone."""
        holder = self._before.get(gone.path.rpartition(".")[0])
        if holder is not None and holder.kind == "class":
            return None
        return self._best(gone.object, self._by_leaf.get(gone.leaf, ()), _SAME_NAME)

    def renamed(self, gone: Gone) -> str | None:
        """Another name in the same place."""
        holders = {path.rpartition(".")[0] for path in gone.paths}
        near = [path for holder in holders for path in self._by_holder.get(holder, ())]
        return self._best(gone.object, near, _OTHER_NAME)

    def _best(self, old: Described, paths: Iterable[str], least: float) -> str | None:
        """Of equals, the first."""
        best, most, seen = None, least, set()
        for path in paths:
            number = self._after.places[path]
            if number in seen:
                continue
            seen.add(number)
            found = likeness(old, self._after.objects[number], most)
            if found > most or (found == most and best is None):
                best, most = path, found
        return best


def likeness(old: Described, new: Described, least: float = 0.0) -> float:
    """0 to 1; 0 also for what is less than `least`. Words count more than signatures: many functions take `x`."""
    if _nature(old) != _nature(new) or old.kind == "module":
        return 0.0
    if old.kind == "constant":
        return 1.0 if old.value == new.value and old.leaf == new.leaf else 0.0
    same_call = _names(old) == _names(new)
    if not old.doc or not new.doc:
        known = bool(old.parameters)
        return (0.6 if same_call and known else 0.0) if old.leaf == new.leaf else 0.0
    one, other = (each.doc[:_COMPARED].replace(each.leaf, "·") for each in (old, new))
    if old.leaf != new.leaf and old.kind == "property" and _alike(old.leaf, new.leaf, 0.5) < 0.5:
        return 0.0  # of fields, docstrings say the same
    if one == other:
        return 0.75 + 0.25 * same_call
    if old.leaf != new.leaf and _alike(one.partition("\n")[0], other.partition("\n")[0], 0.6) < 0.6:
        return 0.0
    return 0.75 * _alike(one, other, (least - 0.25 * same_call) / 0.75) + 0.25 * same_call


def _alike(one: str, other: str, least: float) -> float:
    """0 where it is less than `least`, which is cheaper to tell."""
    words = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return words.ratio() if words.real_quick_ratio() >= least and words.quick_ratio() >= least else 0.0


def _nature(found: Described) -> str:
    return "callable" if found.kind in _CALLABLE else found.kind


def _names(found: Described) -> list[str] | None:
    return None if found.parameters is None else [each.name for each in found.parameters]
