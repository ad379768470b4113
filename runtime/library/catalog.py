"""Walks a library once and writes down every callable that it owns (format: `docs/protocol.md` §1).

Runs in a process of its own, for the import of every public submodule prints, warns, fails and leaves things
behind. Only true child modules are entered, private and test modules never.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import time
import warnings
from collections import deque
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator, List

from ..wire.packing import packb
from .ownership import Owner
from .signatures import parameters, summary

SCHEMA = 1
_IMPORT_SECONDS = 60.0
"""After this long no further submodule is imported; those that are there are still walked."""
_NEVER = frozenset({"tests", "test", "conftest", "setup"})

Entry = List[Any]


def main(arguments: list[str]) -> None:
    """`catalog REQUEST`: the request is JSON with `module`, `distribution`, `version`, `into`."""
    request = json.loads(arguments[1])
    warnings.simplefilter("ignore")
    found = collect(request["module"], request["distribution"])
    found["version"] = request["version"]
    Path(request["into"]).write_bytes(packb(found))


def collect(name: str, distribution: str | None) -> dict[str, Any]:
    """The catalog of module `name`. Raises what its import raises."""
    root = importlib.import_module(name)
    walk = _Walk(root, Owner(root, distribution))
    walk.run()
    entries = sorted(walk.entries.values(), key=lambda entry: entry[0])
    return {"schema": SCHEMA, "module": name, "version": None, "entries": entries, "errors": walk.errors}


class _Walk:
    """Breadth first, so that a class's methods are listed under its shortest path."""

    def __init__(self, root: ModuleType, owner: Owner) -> None:
        self._owner = owner
        self._queue: deque[tuple[str, ModuleType]] = deque([("", root)])
        self._modules: set[int] = {id(root)}
        self._classes: set[int] = set()
        self._until = time.monotonic() + _IMPORT_SECONDS
        self.entries: dict[str, Entry] = {}
        self.errors: list[list[str]] = []

    def run(self) -> None:
        while self._queue:
            prefix, module = self._queue.popleft()
            self._import_children(module)
            for name in _public(module):
                try:
                    self._attribute(prefix, module, name, getattr(module, name))
                except Exception:  # noqa: BLE001, S112 - lazy attributes and proxies raise what they like
                    continue

    def _attribute(self, prefix: str, module: ModuleType, name: str, value: Any) -> None:
        path = prefix + name
        if isinstance(value, ModuleType):
            if value.__name__ == f"{module.__name__}.{name}" and id(value) not in self._modules:
                self._modules.add(id(value))
                self._queue.append((path + ".", value))
        elif callable(value) and self._owner.owns(value, name in getattr(module, "__all__", ())):
            if inspect.isclass(value):
                self._add(path, "class", value)
                self._methods(path, value, at_home=value.__module__ == module.__name__)
            else:
                self._add(path, "function", value)

    def _methods(self, path: str, value: type, at_home: bool) -> None:
        """Once under the class's shortest path, and where the class is defined."""
        if id(value) in self._classes and not at_home:
            return
        self._classes.add(id(value))
        for name in _public(value):
            try:
                method = getattr(value, name)
                if callable(method) and not inspect.isclass(method) and self._owns_method(method):
                    self._add(f"{path}.{name}", "method", method)
            except Exception:  # noqa: BLE001, S112 - a descriptor that cannot be read from the class
                continue

    def _owns_method(self, method: Any) -> bool:
        return self._owner.owns(getattr(method, "__objclass__", method))

    def _add(self, path: str, kind: str, value: Any) -> None:
        self.entries[path] = [path, kind, parameters(value), summary(value)]

    def _import_children(self, module: ModuleType) -> None:
        for name in _children(module):
            if time.monotonic() > self._until:
                self.errors.append([f"{module.__name__}.{name}", "not imported: out of time"])
                continue
            try:
                importlib.import_module(f"{module.__name__}.{name}")
            except BaseException as error:  # noqa: BLE001 - optional dependencies, platforms, even sys.exit
                self.errors.append([f"{module.__name__}.{name}", f"{type(error).__name__}: {error}"[:300]])


def _public(value: Any) -> list[str]:
    try:
        names = dir(value)
    except Exception:  # noqa: BLE001 - a __dir__ of the library's own
        return []
    return sorted(name for name in names if type(name) is str and not name.startswith("_"))


def _children(module: ModuleType) -> Iterator[str]:
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        name = found.name
        if not name.startswith(("_", "test_")) and name not in _NEVER:
            yield name
