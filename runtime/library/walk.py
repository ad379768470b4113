"""The walk through a library's names: every path to what it owns, and each object once."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from types import ModuleType
from typing import Any, Callable, Hashable

from .constants import is_alias, is_plain
from .describing import Describer, Facts, docstring, function_kind
from .descriptors import is_class, is_module
from .importing import Importer, alarm
from .members import Member, inherited_doc, is_public, members
from .ownership import Owner
from .places import Places

_DEEPEST_CLASS = 4
"""Classes within classes within…"""
_ATTRIBUTE_SECONDS = 10.0
"""For a lazy attribute, and what there is to see of it. One that takes longer is left out."""
_IMPORTED = frozenset({"TYPE_CHECKING"})
"""Plain data that does not say that it is `typing`'s."""


class Walk:
    """Breadth first. After `run`, `paths` maps each path to the number of its object in `objects`."""

    def __init__(self, root: ModuleType, owner: Owner, places: Places) -> None:
        self._owner = owner
        self._describe = Describer(places)
        self._importer = Importer()
        self._queue: deque[tuple[str, ModuleType, tuple[int, ...]]] = deque([("", root, (id(root),))])
        self._children: dict[int, set[str]] = {}
        self._numbers: dict[Hashable, int] = {}
        self._alive: list[Any] = []
        self._members: dict[int, list[tuple[str, int, type | None]]] = {}
        self.objects: list[Facts] = []
        self.paths: dict[str, int] = {}
        self.errors = self._importer.errors

    def run(self) -> None:
        while self._queue:
            prefix, module, around = self._queue.popleft()
            if id(module) not in self._children:
                self._children[id(module)] = self._importer.children(module)
            listed = _listed(module)
            for name in _names(module, listed, self._children[id(module)]):
                try:
                    with alarm(_ATTRIBUTE_SECONDS):
                        value = _value(module, name)
                        self._attribute(prefix + name, module, name, value, name in listed, around)
                except BaseException:  # noqa: BLE001, S112 - lazy attributes and proxies raise what they like
                    continue

    def _attribute(
        self, path: str, module: ModuleType, name: str, value: Any, listed: bool, around: tuple[int, ...]
    ) -> None:
        if is_module(value):
            owned = self._owner.owns_child(module, name, value, listed)
            if owned and id(value) not in around:
                self.paths[path] = self._module(value)
                self._queue.append((path + ".", value, (*around, id(value))))
        elif is_plain(value, self._owner.owns):
            if listed or name not in _IMPORTED:
                self.paths[path] = self._constant(module.__name__, name, value, (name, id(value)), None)
        elif listed and is_alias(value):
            self.paths[path] = self._constant(module.__name__, name, value, id(value), None)
        elif self._owner.owns(value, listed):
            if is_class(value):
                self.paths[path] = self._class(name, value)
                self._within(path, value, ())
            elif callable(value):
                self.paths[path] = self._function(name, value)
            elif self._owner.owns(type(value), listed):
                doc = docstring(type(value))
                self.paths[path] = self._constant(module.__name__, name, value, id(value), doc)

    def _within(self, path: str, holder: type, around: tuple[int, ...]) -> None:
        """The paths through a class."""
        if id(holder) in around or len(around) == _DEEPEST_CLASS:
            return
        if id(holder) not in self._members:
            self._members[id(holder)] = self._numbered(holder)
        for name, number, within in self._members[id(holder)]:
            self.paths[f"{path}.{name}"] = number
            if within is not None:
                self._within(f"{path}.{name}", within, (*around, id(holder)))

    def _numbered(self, holder: type) -> list[tuple[str, int, type | None]]:
        self._alive.append(holder)
        found = []
        for member in members(holder, self._owner):
            try:
                found.append((member.name, self._member(holder, member), member.within))
            except BaseException:  # noqa: BLE001, S112 - a member that cannot be described
                continue
        return found

    def _member(self, holder: type, member: Member) -> int:
        kind, name, base = member.kind, member.name, member.base
        if kind == "class":
            return self._class(name, member.target)
        if kind == "constant":
            qualname = f"{base.__qualname__}.{name}"
            return self._constant(base.__module__, qualname, member.value, (name, id(member.value)), None)
        return self._number((kind, id(member.value)), member.value, lambda: self._described(holder, member))

    def _described(self, holder: type, member: Member) -> Facts:
        if member.kind == "property":
            facts = self._describe.property(member.name, member.value, member.base)
        else:
            facts = self._describe.callable(member.kind, member.name, member.target, member.read, member.base)
        if facts["doc"] is None:
            facts["doc"] = inherited_doc(holder, member.name, docstring)
        return facts

    def _class(self, name: str, value: type) -> int:
        return self._number(id(value), value, lambda: self._describe.callable("class", name, value))

    def _function(self, name: str, value: Any) -> int:
        kind = function_kind(value)
        return self._number(id(value), value, lambda: self._describe.callable(kind, name, value))

    def _module(self, value: ModuleType) -> int:
        return self._number(id(value), value, lambda: self._describe.module(value.__name__, value))

    def _constant(self, module: str, qualname: str, value: Any, key: Hashable, doc: str | None) -> int:
        """Plain data is the same only under the same name: there is one `True`, and many flags."""
        return self._number(
            ("constant", key), value, lambda: self._describe.constant(module, qualname, value, doc)
        )

    def _number(self, key: Hashable, value: Any, describe: Callable[[], Facts]) -> int:
        number = self._numbers.get(key)
        if number is None:
            facts = describe()
            number = self._numbers[key] = len(self.objects)
            self.objects.append(facts)
            self._alive.append(value)
        return number


def _listed(module: ModuleType) -> frozenset[str]:
    try:
        return frozenset(name for name in getattr(module, "__all__", ()) if type(name) is str)
    except BaseException:  # noqa: BLE001 - a lazy module, or no list
        return frozenset()


def _names(module: ModuleType, listed: frozenset[str], children: set[str]) -> list[str]:
    names = {*vars(module), *listed, *children}
    with contextlib.suppress(Exception):  # a __dir__ of the library's own
        names.update(dir(module))
    return sorted(name for name in names if type(name) is str and is_public(name))


def _value(module: ModuleType, name: str) -> Any:
    try:
        return getattr(module, name)
    except AttributeError:
        return sys.modules[f"{module.__name__}.{name}"]
