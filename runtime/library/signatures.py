"""What a callable takes, as the catalog keeps it."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any, Mapping

from .annotations import into
from .ownership import defining_module

_LONGEST_DEFAULT = 80


def parameters(value: Any) -> list[list[Any]] | None:
    """`[name, kind, default repr or None]` of each parameter, and what it is made into where its annotation
    says so; None where Python knows no signature.
    """
    try:
        found = list(inspect.signature(value).parameters.values())
    except Exception:  # noqa: BLE001 - C functions without one, and descriptors that raise what they like
        return None
    names = _names(value)
    return [[p.name, int(p.kind), _default(p), *_into(p, names)] for p in found]


def summary(value: Any) -> str:
    """The docstring's first line."""
    try:
        doc = value.__doc__
    except Exception:  # noqa: BLE001 - a property of the library's own
        return ""
    if not isinstance(doc, str):
        return ""
    lines = doc.strip().splitlines()
    return lines[0].strip().encode("utf-8", "replace").decode()[:200] if lines else ""


def _into(parameter: inspect.Parameter, names: Mapping[str, Any]) -> list[str]:
    is_rest = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    if is_rest or parameter.annotation is parameter.empty:
        return []
    kind = into(parameter.annotation, names)
    return [] if kind is None else [kind]


def _names(value: Any) -> Mapping[str, Any]:
    """Of the module that defines it."""
    module = sys.modules.get(defining_module(value) or "")
    return vars(module) if type(module) is ModuleType else {}


def _default(parameter: inspect.Parameter) -> str | None:
    if parameter.default is inspect.Parameter.empty:
        return None
    try:
        text = repr(parameter.default)
    except Exception:  # noqa: BLE001 - a default's __repr__ is the library's
        text = "..."
    return text.encode("utf-8", "replace").decode()[:_LONGEST_DEFAULT]
