"""What became of an object that is not where it was: the new one that says the same of itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from envmgr.changes.described import Described
from envmgr.changes.joining import Gone

_COMPARED = 600
"""Characters of a docstring."""
_SAME_NAME, _OTHER_NAME = 0.55, 0.8
_CALLABLE = frozenset({"function", "ufunc", "method", "classmethod", "staticmethod", "coroutine", "generator"})


class Successors:
    """Among the objects that came new. Cost: a comparison of docstrings for each of the same name or holder."""

    def __init__(self, come: Sequence[Described]) -> None:
        self._by_leaf: dict[str, list[Described]] = {}
        self._by_holder: dict[str, list[Described]] = {}
        for found in come:
            for leaf in {path.rpartition(".")[2] for path in found.paths}:
                self._by_leaf.setdefault(leaf, []).append(found)
            for holder in {path.rpartition(".")[0] for path in found.paths}:
                self._by_holder.setdefault(holder, []).append(found)

    def moved(self, gone: Gone) -> Described | None:
        """The same name elsewhere."""
        return _best(gone.object, self._by_leaf.get(gone.leaf, ()), _SAME_NAME)

    def renamed(self, gone: Gone) -> Described | None:
        """Another name in the same place."""
        holders = {path.rpartition(".")[0] for path in gone.paths}
        near = [found for holder in holders for found in self._by_holder.get(holder, ())]
        return _best(gone.object, near, _OTHER_NAME)


def _best(old: Described, candidates: Iterable[Described], least: float) -> Described | None:
    scored = [(likeness(old, new), new.path, new) for new in candidates]
    best = max(scored, key=lambda each: each[:2], default=None)
    return best[2] if best is not None and best[0] >= least else None


def likeness(old: Described, new: Described) -> float:
    """0 to 1. Words count more than signatures: many functions take `x`."""
    if _nature(old) != _nature(new):
        return 0.0
    if old.kind == "constant":
        return 1.0 if old.value == new.value and old.leaf == new.leaf else 0.0
    same_call = _names(old) == _names(new)
    if not old.doc or not new.doc:
        known = bool(old.parameters)
        return (0.6 if same_call and known else 0.0) if old.leaf == new.leaf else 0.0
    words = difflib.SequenceMatcher(
        None, old.doc[:_COMPARED].replace(old.leaf, "·"), new.doc[:_COMPARED].replace(new.leaf, "·"), autojunk=False
    ).ratio()
    return 0.75 * words + 0.25 * same_call


def _nature(found: Described) -> str:
    return "callable" if found.kind in _CALLABLE else found.kind


def _names(found: Described) -> list[str] | None:
    return None if found.parameters is None else [each.name for each in found.parameters]
