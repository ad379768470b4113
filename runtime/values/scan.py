"""A look at lists and dicts before msgpack's C packer gets them.

The packer calls us for each type that it does not know. About some things it never asks: `bytearray` and
`memoryview` (to it they are bytes), bytes that are large enough for the second lane, and how much comes out of
a list that holds the same list many times over. Scalars are passed over by their type, at C speed where
there are many.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Callable, Iterator

from ..wire.messages import MAX_PAYLOAD
from .errors import Unsendable

DEEPEST = 500
"""Lists and dicts inside each other. msgpack's C packer stops at 511, its unpacker at 1024."""
LARGE = 1 << 16
"""Bytes. Shorter ones are not worth asking the second lane."""
_NATIVE = frozenset([list, dict, str, bytes, bytearray, memoryview])
"""What the packer takes without asking, and may have more in it than its type says."""
_BUDGET = 1 << 14
_LONG = 1 << 12
"""An easy value has at most that many elements in lists that are not plain numbers, and no text or bytes
longer than this: it is no bomb."""
TOO_LARGE = f"it takes more than {MAX_PAYLOAD >> 20} MiB"
_FEW = 24
_EASY_DEPTH = 64
_TEXT = frozenset([str])
_WORTH_KEEPING = 64


def _easy_list(values: Any, budget: int = _BUDGET, depth: int = 0) -> int:
    if len(values) > _FEW:
        if _NATIVE.isdisjoint(map(type, values)):
            return budget
        budget -= len(values)
        if budget < 0:
            return -1
    for value in values:
        kind = type(value)
        if kind in _NATIVE:
            if kind is str:
                if len(value) > _LONG:
                    return -1
            else:
                if depth == _EASY_DEPTH:
                    return -1
                budget = EASY[kind](value, budget - 1, depth + 1)
                if budget < 0:
                    return -1
    return budget


def _easy_dict(values: Any, budget: int = _BUDGET, depth: int = 0) -> int:
    if len(values) > _FEW:
        budget -= len(values)
        if budget < 0:
            return -1
    for key, value in values.items():
        if type(key) is str:
            if len(key) > _LONG:
                return -1
        elif type(key) in _NATIVE:
            return -1
        kind = type(value)
        if kind in _NATIVE:
            if kind is str:
                if len(value) > _LONG:
                    return -1
            else:
                if depth == _EASY_DEPTH:
                    return -1
                budget = EASY[kind](value, budget - 1, depth + 1)
                if budget < 0:
                    return -1
    return budget


def _easy_bytes(value: Any, budget: int = _BUDGET, depth: int = 0) -> int:
    return budget if len(value) <= _LONG else -1


def _unknown(value: Any, budget: int = 0, depth: int = 0) -> int:
    return -1


EASY: dict[type, Callable[..., int]] = {
    list: _easy_list,
    dict: _easy_dict,
    bytes: _easy_bytes,
    bytearray: _unknown,
    memoryview: _unknown,
}
"""A quick look at what must be looked at. Not below 0: the packer may have it as it is; else `fits` knows."""


def fits(value: Any, large: int) -> bool:
    """Whether the packer may have this value, of a type in `EASY`, as it is.

    Raises `Unsendable` for what is too deep (cycles are) or too large. Time and memory are bounded by what
    is really there, however often a list holds the same list.
    """
    odd = False
    sizes: dict[int, int] = {}
    opened = [_Open([value])]
    while True:
        inside = opened[-1]
        for part in inside.rest:
            kind = type(part)
            if kind not in _NATIVE:
                continue
            if kind is str:
                inside.size += len(part)
            elif kind is list or kind is dict:
                size = sizes.get(id(part))
                if size is None:
                    size = _flat(part)
                    if size is not None:
                        sizes[id(part)] = size
                if size is None:
                    if len(opened) > DEEPEST:
                        raise Unsendable(f"lists and dicts are nested more than {DEEPEST} deep")
                    opened.append(_Open(part))
                    break
                inside.size += size
            else:
                size = part.nbytes if kind is memoryview else len(part)
                odd = odd or kind is not bytes or size >= large
                inside.size += size
            if inside.size > MAX_PAYLOAD:
                raise Unsendable(TOO_LARGE)
        else:
            opened.pop()
            if inside.size > MAX_PAYLOAD:
                raise Unsendable(TOO_LARGE)
            if not opened:
                return not odd
            opened[-1].size += inside.size
            if inside.size > _WORTH_KEEPING:
                sizes[id(inside.whole)] = inside.size


class _Open:
    """A list or dict that is being looked at. Its size is what it takes at least, as far as it is seen."""

    __slots__ = ("rest", "size", "whole")

    def __init__(self, whole: Any) -> None:
        self.whole = whole
        is_dict = type(whole) is dict
        self.rest: Iterator[Any] = chain(whole, whole.values()) if is_dict else iter(whole)
        self.size = len(whole) * 2 if is_dict else len(whole)


def _flat(value: Any) -> int | None:
    """The size of a long list of nothing but numbers, or of nothing but text; None for other values."""
    if type(value) is dict or len(value) <= _FEW:
        return None
    kinds = _NATIVE.intersection(map(type, value))
    if not kinds:
        return len(value)
    if kinds == _TEXT and set(map(type, value)) == _TEXT:
        return len(value) + sum(map(len, value))
    return None
