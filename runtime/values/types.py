"""Types by their names, found among the modules that are imported already."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from .errors import ConversionError

_LONGEST = 1000


def name_of(kind: type) -> str | None:
    """`module.qualname` of a type that can be found again by it, else None."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    return name if _find(name) is kind else None


def type_named(name: Any) -> type:
    """The type. Imports nothing and asks no module's `__getattr__`. Raises `ConversionError`."""
    found = _find(name) if type(name) is str else None
    if not isinstance(found, type):
        raise ConversionError(
            f"there is no type {name!r:.200} among the modules that this worker has imported;"
            " import its module in the library's init"
        )
    return found


def _find(name: str) -> Any:
    if len(name) > _LONGEST:
        return None
    module = name
    while module:
        module, _, _ = module.rpartition(".")
        holder = sys.modules.get(module)
        if holder is None:
            continue
        found: Any = holder
        for part in name[len(module) + 1 :].split("."):
            found = _names(found).get(part)
        return found
    return None


def _names(holder: Any) -> Any:
    if issubclass(type(holder), type):
        return type.__getattribute__(holder, "__dict__")
    if issubclass(type(holder), ModuleType):
        return object.__getattribute__(holder, "__dict__")  # a lazy module's own would import it
    return {}
