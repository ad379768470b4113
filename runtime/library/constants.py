"""Which values of a library are data: answered as they are, for no code stands behind them."""

from __future__ import annotations

import types
import typing
from typing import Any, Callable

from .descriptors import is_class

_PLAIN = frozenset({type(None), bool, int, float, complex, str, bytes, type(...)})
_VALUES = {
    "datetime": frozenset({"date", "time", "datetime", "timedelta", "timezone"}),
    "decimal": frozenset({"Decimal"}),
    "fractions": frozenset({"Fraction"}),
}
_HOLDERS = frozenset({tuple, list, set, frozenset, types.MappingProxyType, dict})
_BUILTIN_CLASSES = frozenset(
    {bool, int, float, complex, str, bytes, bytearray, memoryview, object, type(None)}
)
_MOST = 10_000
"""A larger table is not looked through to its end."""
_LONGEST = 80


def is_plain(value: Any, owns: Callable[[Any], bool]) -> bool:
    """None, bools, numbers, text, bytes and containers of such; in containers also classes that `owns` accepts.

    By exact types, for a subclass may do as it likes.
    """
    budget = [_MOST]
    return _is_plain(value, owns, budget, 0)


def _is_plain(value: Any, owns: Callable[[Any], bool], budget: list[int], depth: int) -> bool:
    budget[0] -= 1
    kind = type(value)
    if kind in _PLAIN or is_value_class(kind):
        return True
    if depth and is_class(value):
        return value in _BUILTIN_CLASSES or owns(value)
    if kind not in _HOLDERS or depth > 20 or budget[0] < len(value):
        return False
    members = [*value, *value.values()] if hasattr(value, "values") else list(value)
    return all(_is_plain(member, owns, budget, depth + 1) for member in members)


def is_value_class(kind: type) -> bool:
    """Of dates, times, decimals and fractions: its objects are no more than their value."""
    return kind.__module__ in _VALUES and kind.__name__ in _VALUES[kind.__module__]


def is_alias(value: Any) -> bool:
    """A type that has been given a name, such as `numpy.typing.ArrayLike`."""
    return type(value).__module__ in ("typing", "types") and (
        hasattr(value, "__origin__") or type(value).__name__ in ("UnionType", "TypeAliasType")
    ) and not issubclass(type(value), typing.TypeVar)  # fmt: skip


def shown(value: Any) -> str:
    """Its `repr`, cut at 80 characters; `...` where it cannot be had."""
    if type(value) in _HOLDERS and len(value) > _LONGEST:
        return f"<{type(value).__name__} of {len(value)}>"
    try:
        text = repr(value)
        return text.encode("utf-8", "replace").decode()[:_LONGEST]
    except BaseException:  # noqa: BLE001 - a __repr__ is the library's
        return "..."
