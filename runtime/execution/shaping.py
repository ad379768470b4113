"""Less of a result: some of its parts, the first of its items. Nothing is copied that is left out."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Callable, Sequence

from . import parts

_SLICED = (str, bytes, bytearray, list, tuple, range)


class Absent(Exception):
    """A part that the value does not have."""

    def __init__(self, name: str, owner: Any) -> None:
        self.name = name
        known = _names(owner)
        there = f"; it has {', '.join(known)}" if known else ""
        super().__init__(f"a {type(owner).__name__} has no {name!r}{there}")


def projected(value: Any, wanted: str | Sequence[str]) -> Any:
    """The part at a dotted path, or a dict (of a frame: a frame) of the parts of these names; of a list, and of an
    iterator as it goes, of each item. Raises `Absent`.
    """
    if isinstance(wanted, str):
        for segment in wanted.split("."):
            value = _part(value, segment, segment)
        return value
    if isinstance(value, (list, tuple)):
        return [projected(item, wanted) for item in value]
    if _is_iterator(value):
        return (projected(item, wanted) for item in value)
    columns = _columns(value)
    if columns is not None:
        for name in wanted:
            if name not in columns:
                raise Absent(name, value)
        return parts.select(value, list(wanted))
    return {name: _at(value, name) for name in wanted}


def _at(value: Any, path: str) -> Any:
    """A key with dots in it goes before a path."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for segment in path.split("."):
        value = _part(value, segment, path)
    return value


def _part(value: Any, segment: str, name: str) -> Any:
    if isinstance(value, (list, tuple)):
        if segment.isdigit():
            if int(segment) >= len(value):
                raise Absent(name, value)
            return value[int(segment)]
        return [_part(item, segment, name) for item in value]
    if _is_iterator(value):
        return (_part(item, segment, name) for item in value)
    try:
        if isinstance(value, Mapping):
            return value[segment]
        columns = _columns(value)
        if columns is not None and segment in columns:
            return value[segment]
        return getattr(value, segment)
    except (KeyError, AttributeError):
        raise Absent(name, value) from None


def _columns(value: Any) -> list[Any] | None:
    """The names of a frame's columns: of pandas, polars or pyarrow."""
    names = getattr(value, "column_names", None)
    if isinstance(names, list):
        return names
    columns = getattr(value, "columns", None)
    if columns is None or getattr(value, "shape", None) is None:
        return None
    return list(columns)


def _names(owner: Any) -> list[str]:
    if isinstance(owner, Mapping):
        found = [str(key) for key in islice(owner, 20)]
    else:
        found = [str(name) for name in _columns(owner) or dir(owner) if not str(name).startswith("_")]
    return found[:20]


def limited(value: Any, most: int, tell: Callable[[str], None]) -> Any:
    """At most `most` characters, bytes, items or rows. `tell` hears of what was left out, but for iterators', whose
    items are not made. What has no such parts stays as it is.
    """
    if hasattr(type(value), "__anext__"):
        return _first(value, most)
    if _is_iterator(value):
        return islice(value, most)
    cut, unit = _cut(value)
    if cut is None or len(value) <= most:
        return value
    tell(f"the first {most} of {len(value)} {unit}")
    return cut(most)


def _cut(value: Any) -> tuple[Callable[[int], Any] | None, str]:
    if isinstance(value, _SLICED):
        unit = (
            "characters"
            if isinstance(value, str)
            else "bytes"
            if isinstance(value, (bytes, bytearray))
            else "items"
        )
        return (lambda most: value[:most]), unit
    if isinstance(value, dict):
        return (lambda most: dict(islice(value.items(), most))), "entries"
    if isinstance(value, (set, frozenset)):
        return (lambda most: type(value)(islice(value, most))), "items"
    if getattr(value, "shape", ()) and hasattr(type(value), "__len__"):
        return (lambda most: parts.rows(value, 0, most)), "rows"
    return None, ""


async def _first(items: Any, most: int) -> Any:
    count = 0
    try:
        async for item in items:
            yield item
            count += 1
            if count >= most:
                break
    finally:
        close = getattr(items, "aclose", None)
        if close is not None:
            await close()


def _is_iterator(value: Any) -> bool:
    return hasattr(type(value), "__next__")
