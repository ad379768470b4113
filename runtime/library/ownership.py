"""Whether a library owns what one of its attributes holds.

Public names are full of doors into other code (`numpy.os.system`). A leaf belongs to the library when the
module that defines it belongs to the same distribution, or, for the standard library, when it is the
module's own (a `_json` behind `json` included) or stands in the module's `__all__`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any


def defining_module(value: Any) -> str | None:
    """Where `value` was defined; for bound methods and instances that do not say, their class speaks."""
    holder = getattr(value, "__self__", value)
    for source in (value, holder if isinstance(holder, type) else type(holder)):
        module = getattr(source, "__module__", None)
        if isinstance(module, str):
            return module
    return None


def distribution_tops(distribution: str) -> frozenset[str]:
    """Top-level import names that a distribution installed."""
    from importlib import metadata

    tops: set[str] = set()
    for file in metadata.files(distribution) or ():
        first = file.parts[0]
        if len(file.parts) > 1 and first.isidentifier():
            tops.add(first)
        elif len(file.parts) == 1 and first.endswith((".py", ".so", ".pyd")):
            tops.add(first.split(".", 1)[0])
    return frozenset(tops)


class Owner:
    """The ownership rule of one library."""

    def __init__(self, module: ModuleType, distribution: str | None) -> None:
        top = module.__name__.split(".", 1)[0]
        self._standard = distribution is None
        self._tops = frozenset([top]) if distribution is None else distribution_tops(distribution) | {top}

    def owns(self, value: Any, listed: bool = False) -> bool:
        """`listed`: the module that holds `value` names it in its `__all__`."""
        defined = defining_module(value)
        if defined is None:
            return False
        top = defined.split(".", 1)[0]
        if top in self._tops:
            return True
        return self._standard and (listed or top.lstrip("_") in self._tops)
