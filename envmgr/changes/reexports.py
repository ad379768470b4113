"""What `from x import *` carries into a module, and does not mean to: what `x` only imports, or all of another
library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import griffe

from envmgr.changes import offers
from envmgr.changes.visiting import Modules

_DEEPEST = 5


class Reexports:
    """Of the modules of one release."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules

    def incidental(self, name: str) -> frozenset[str]:
        """Names that come with a star from modules of the library that only import them."""
        module = self._modules.get(name)
        if module is None:
            return frozenset()
        meant, not_meant, _ = self._carried(name, module, 0)
        exports = {each for each in module.exports or () if isinstance(each, str)}
        return not_meant - meant - exports - module.members.keys()

    def of_others(self, name: str, names: Iterable[str]) -> Iterator[str]:
        """Of these names, those that only a star from another library can have brought."""
        module = self._modules.get(name)
        if module is None:
            return
        meant, not_meant, is_foreign = self._carried(name, module, 0)
        if is_foreign:
            exports = {each for each in module.exports or () if isinstance(each, str)}
            yield from set(names) - meant - not_meant - exports - module.members.keys()

    def _carried(
        self, name: str, module: griffe.Module, depth: int
    ) -> tuple[frozenset[str], frozenset[str], bool]:
        """By its stars: what their modules offer, what these only import; whether one is of another library."""
        meant: set[str] = set()
        not_meant: set[str] = set()
        is_foreign = False
        for each in module.members.values():
            target = _starred(each)
            if target is None:
                continue
            found = self._modules.get(target) if depth < _DEEPEST else None
            if target.partition(".")[0] != name.partition(".")[0]:
                is_foreign = True
            elif found is not None:
                notes = self._modules.notes(target)
                only = set(offers.imported(found, notes.on_purpose, notes.used))
                below = self._carried(target, found, depth + 1)
                meant |= (found.members.keys() - only) | below[0] | set(_listed(found))
                not_meant |= only | below[1]
                is_foreign = is_foreign or below[2]
        return frozenset(meant), frozenset(not_meant), is_foreign


def _starred(member: Any) -> str | None:
    """The module that a star is of."""
    if isinstance(member, griffe.Alias) and member.wildcard:
        return str(member.target_path).removesuffix(".*")
    return None


def _listed(module: griffe.Module) -> Iterator[str]:
    return (each for each in module.exports or () if isinstance(each, str))
