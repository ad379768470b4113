"""A look at lists and dicts before msgpack's C packer gets them.

The packer calls us for each type that it does not know. About some things it never asks: `bytearray` and
`memoryview` (to it they are bytes), bytes that are large enough for the second lane, and how much comes out of
a list that holds the same list many times over. Scalars are passed over by their type, at C speed where
there are many.
"""

from __future__ import annotations

from typing import Any, Callable

from ..wire.messages import MAX_PAYLOAD
from .errors import Unsendable

DEEPEST = 400
"""Lists and dicts inside each other. msgpack's C packer stops at 511, its unpacker at 1024."""
LARGE = 1 << 14
"""Bytes. Shorter ones are not worth asking the second lane."""
_NATIVE = frozenset([list, dict, str, bytes, bytearray, memoryview])
"""What the packer takes without asking, and may have more in it than its type says."""
_BUDGET = 1 << 14
_LONG = 1 << 12
"""An easy value has at most that many elements in lists that are not plain numbers, and no text or bytes
longer than this: it is no bomb."""
_FEW = 24
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
                budget = EASY[kind](value, budget - 1, depth + 1)
                if budget < 0:
                    return -1
    return budget if depth < DEEPEST else -1


def _easy_dict(values: Any, budget: int = _BUDGET, depth: int = 0) -> int:
    if len(values) > _FEW:
        budget -= len(values)
        if budget < 0:
            return -1
    for key, value in values.items():
        if type(key) is not str or len(key) > _LONG:
            return -1
        kind = type(value)
        if kind in _NATIVE:
            if kind is str:
                if len(value) > _LONG:
                    return -1
            else:
                budget = EASY[kind](value, budget - 1, depth + 1)
                if budget < 0:
                    return -1
    return budget if depth < DEEPEST else -1


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
    walk = _Walk(large)
    walk.sum([value], 0)
    return not walk.odd


class _Walk:
    __slots__ = ("_large", "_sizes", "odd")

    def __init__(self, large: int) -> None:
        self._large = large
        self._sizes: dict[int, int] = {}
        self.odd = False

    def sum(self, values: Any, depth: int) -> int:
        """At least that many bytes do these values take."""
        size = len(values)
        if size > _FEW:
            kinds = _NATIVE.intersection(map(type, values))
            if not kinds:
                return size
            if kinds == _TEXT and set(map(type, values)) == _TEXT:
                return size + sum(map(len, values))
        for value in values:
            kind = type(value)
            if kind not in _NATIVE:
                continue
            if kind is str:
                size += len(value)
            elif kind is list or kind is dict:
                size += self._sizes.get(id(value)) or self._size(value, depth + 1)
            elif kind is bytes:
                size += len(value)
                if len(value) >= self._large:
                    self.odd = True
            else:
                self.odd = True
                size += value.nbytes if kind is memoryview else len(value)
        if size > MAX_PAYLOAD:
            raise Unsendable
        return size

    def _size(self, value: Any, depth: int) -> int:
        if depth == DEEPEST:
            raise Unsendable
        size = self.sum(value, depth)
        if type(value) is dict:
            size += self.sum(value.values(), depth)
        if size > _WORTH_KEEPING:
            self._sizes[id(value)] = size
        return size
