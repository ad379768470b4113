"""What a callable takes, as the catalog keeps it."""

from __future__ import annotations

import inspect
from typing import Any

_LONGEST_DEFAULT = 80


def parameters(value: Any) -> list[list[Any]] | None:
    """`[name, kind, default repr or None]` of each parameter; None where Python knows no signature."""
    try:
        found = list(inspect.signature(value).parameters.values())
    except Exception:  # noqa: BLE001 - C functions without one, and descriptors that raise what they like
        return None
    return [[p.name, int(p.kind), _default(p)] for p in found]


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


def _default(parameter: inspect.Parameter) -> str | None:
    if parameter.default is inspect.Parameter.empty:
        return None
    try:
        text = repr(parameter.default)
    except Exception:  # noqa: BLE001 - a default's __repr__ is the library's
        text = "..."
    return text.encode("utf-8", "replace").decode()[:_LONGEST_DEFAULT]
