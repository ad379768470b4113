"""A look at lists and dicts before msgpack's C packer gets them.

The packer calls us for each type that it does not know. About some things it never asks: `bytearray` and
`memoryview` (to it they are bytes), bytes that are large enough for the second lane, and how much comes out of
a list that holds the same list many times over. Scalars are passed over by their type, at C speed where
there are many.
"""

from __future__ import annotations

from typing import Any

from ..wire.messages import MAX_PAYLOAD
from .errors import Unsendable

DEEPEST = 400
"""Lists and dicts inside each other. msgpack's C packer stops at 511, its unpacker at 1024."""
LARGE = 1 << 14
"""Bytes. Shorter ones are not worth asking the second lane."""
LOOKED_AT = frozenset([list, dict, bytes, bytearray, memoryview])
"""What the packer takes without asking, and is not always to."""

_ODD = frozenset([bytearray, memoryview])
_SIZED = LOOKED_AT | {str}
_FEW = 24
_LONG = 1 << 12
_WORTH_KEEPING = 64


def ready(value: Any, large: int = LARGE) -> bool:
    """Whether msgpack may pack this value of one of the types `LOOKED_AT` as it is.

    Raises `Unsendable` for what is too deep (cycles are) or too large. Time and memory are bounded by what
    is really there, however often a list holds the same list.
    """
    kind = type(value)
    if kind is list:
        if len(value) <= _FEW and _flat(value):
            return True
    elif kind is dict:
        if len(value) <= _FEW and _flat(value.values()) and _flat(value):
            return True
    else:
        return kind is bytes and len(value) < large
    walk = _Walk(large)
    walk.size(value, 0)
    return not walk.odd


def _flat(values: Any) -> bool:
    for value in values:
        kind = type(value)
        if kind is str:
            if len(value) > _LONG:
                return False
        elif kind in LOOKED_AT:
            return False
    return True


class _Walk:
    __slots__ = ("_large", "_sizes", "odd")

    def __init__(self, large: int) -> None:
        self._large = large
        self._sizes: dict[int, int] = {}
        self.odd = False

    def size(self, value: Any, depth: int) -> int:
        """At least that many bytes does `value`, a list or a dict, take. Sees each only once."""
        if depth == DEEPEST:
            raise Unsendable
        if type(value) is list:
            size = self._sum(value, depth)
        else:
            size = self._sum(value, depth) + self._sum(value.values(), depth)
        if size > _WORTH_KEEPING:
            if size > MAX_PAYLOAD:
                raise Unsendable
            self._sizes[id(value)] = size
        return size

    def _sum(self, values: Any, depth: int) -> int:
        size = len(values)
        if size > _FEW:
            kinds = _SIZED.intersection(map(type, values))
            if not kinds:
                return size
            if len(kinds) == 1 and str in kinds and set(map(type, values)) == kinds:
                return size + sum(map(len, values))
        for value in values:
            kind = type(value)
            if kind not in _SIZED:
                continue
            if kind is str:
                size += len(value)
            elif kind is list or kind is dict:
                size += self._sizes.get(id(value)) or self.size(value, depth + 1)
            elif kind is bytes:
                size += len(value)
                if len(value) >= self._large:
                    self.odd = True
            else:
                self.odd = True
                size += value.nbytes if kind is memoryview else len(value)
        return size
