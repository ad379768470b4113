"""Whether a library owns what one of its attributes holds.

Public names are full of doors into other code (`numpy.os.system`). A leaf belongs to the library when the
module that defines it belongs to the same distribution, or, for the standard library, when it is the
module's own (a `_json` behind `json` included) or stands in the module's `__all__`.
"""

from __future__ import annotations

import functools
import sys
from types import BuiltinFunctionType, ModuleType
from typing import Any

_WRAPPED = {functools.partial: "func", functools.partialmethod: "func"}
_WRAPPED.update({staticmethod: "__func__", classmethod: "__func__"})


def defining_module(value: Any) -> str | None:
    """Where `value` was defined; for bound methods and instances that do not say, their class speaks.

    What wraps a function is where the function is. What C code made without a word is where an extension module
    holds it.
    """
    kind = type(value)
    for wrapper, inside in _WRAPPED.items():
        if issubclass(kind, wrapper):
            return defining_module(getattr(value, inside))
    if _is_ufunc(value) or (kind is BuiltinFunctionType and value.__module__ is None):
        home = _homes(len(sys.modules)).get(id(value))
        if home is not None:
            return home
    # Some answer to any name, with what has no truth (`polars.col`).
    holder = getattr(value, "__objclass__", None)
    holder = getattr(value, "__self__", value) if holder is None else holder
    for source in (value, holder if issubclass(type(holder), type) else type(holder)):
        module = getattr(source, "__module__", None)
        if type(module) is str:
            return module
    return None


def _is_ufunc(value: Any) -> bool:
    return type(value).__name__ == "ufunc" and "__module__" not in getattr(value, "__dict__", ())


@functools.lru_cache(maxsize=1)
def _homes(_modules: int) -> dict[int, str]:
    """Identity → extension module that holds it, of ufuncs and builtin functions; NumPy's and the oldest first."""
    found: dict[int, str] = {}
    modules = list(sys.modules.items())
    for name, module in sorted(modules, key=lambda item: not item[0].startswith("numpy.")):
        if type(module) is ModuleType and not str(getattr(module, "__file__", "")).endswith(".py"):
            for value in list(vars(module).values()):
                if _is_ufunc(value) or type(value) is BuiltinFunctionType:
                    found.setdefault(id(value), name)
    return found


def distribution_packages(distribution: str) -> frozenset[str]:
    """Import names of the modules and topmost packages that a distribution installed.

    A directory without an `__init__` is a namespace, which is nobody's: what lies in it is named instead.
    """
    from importlib import metadata

    folders: set[tuple[str, ...]] = set()
    modules: set[tuple[str, ...]] = set()
    for file in metadata.files(distribution) or ():
        name, _, rest = file.parts[-1].partition(".")
        if rest.endswith(("py", "so", "pyd")) and all(
            part.isidentifier() for part in (*file.parts[:-1], name)
        ):
            where = tuple(file.parts[:-1])
            (folders if name == "__init__" else modules).add(where if name == "__init__" else (*where, name))
    found = folders | modules
    tops = {item for item in found if not any(item[:size] in folders for size in range(1, len(item)))}
    return frozenset(".".join(top) for top in tops if top)


class Owner:
    """The ownership rule of one library."""

    def __init__(self, module: ModuleType, distribution: str | None) -> None:
        self._standard = distribution is None
        self._packages = frozenset([_topmost(module.__name__)])
        if distribution is not None:
            self._packages |= distribution_packages(distribution)
        self._known: dict[str, bool] = {}

    def owns(self, value: Any, listed: bool = False) -> bool:
        """`listed`: the module that holds `value` names it in its `__all__`. Raises what the value raises."""
        defined = defining_module(value)
        return defined is not None and (self.owns_module(defined) or (self._standard and listed))

    def owns_module(self, name: str) -> bool:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._is_within(name)
        return known

    def owns_child(self, parent: ModuleType, segment: str, child: ModuleType, listed: bool) -> bool:
        """Whether the attribute `segment` of module `parent`, which is the module `child`, may be entered.

        It is a true child, or one that its package lists under another name, as `os` does `posixpath`.
        """
        if child.__name__ == f"{parent.__name__}.{segment}":
            return True
        return listed and (
            self._standard or (hasattr(parent, "__path__") and self.owns_module(child.__name__))
        )

    def _is_within(self, name: str) -> bool:
        if any(name == package or name.startswith(f"{package}.") for package in self._packages):
            return True
        return self._standard and name.split(".", 1)[0].lstrip("_") in self._packages


def _topmost(name: str) -> str:
    """The first of the packages around a module that is no namespace."""
    parts = name.split(".")
    for size in range(1, len(parts)):
        around = ".".join(parts[:size])
        if getattr(sys.modules.get(around), "__file__", None) is not None:
            return around
    return name
