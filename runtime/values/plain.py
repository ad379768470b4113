"""What needs no import: integers of any size, tuples, sets, atoms."""

from __future__ import annotations

from typing import Any

from ..wire.packing import ExtType
from . import codes
from .errors import ConversionError
from .protocols import Coder, Pack, Unpack


class Atom(str):
    """An Elixir atom. To Python it is the string of its name; it goes back as the atom."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Atom({str(self)!r})"


def elements(codec: Coder, data: bytes, what: str) -> list[Any]:
    found = codec.value(data)
    if type(found) is not list:
        raise ConversionError(f"a {what} whose data is no array")
    return found


def _pack_integer(codec: Coder, value: int) -> Any:
    magnitude = abs(value)
    data = bytes([value < 0]) + magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "big")
    return ExtType(codes.BIG_INTEGER, data)


def _unpack_integer(codec: Coder, data: bytes) -> int:
    if not data or data[0] > 1:
        raise ConversionError("a big integer without a sign byte")
    magnitude = int.from_bytes(data[1:], "big")
    return -magnitude if data[0] else magnitude


PACKERS: dict[type, Pack] = {
    int: _pack_integer,
    tuple: lambda codec, value: ExtType(codes.TUPLE, codec.nested(list(value))),
    set: lambda codec, value: ExtType(codes.SET, codec.nested(list(value))),
    Atom: lambda codec, value: ExtType(codes.ATOM, value.encode()),
}

UNPACKERS: dict[int, Unpack] = {
    codes.BIG_INTEGER: _unpack_integer,
    codes.TUPLE: lambda codec, data: tuple(elements(codec, data, "tuple")),
    codes.SET: lambda codec, data: set(elements(codec, data, "set")),
    codes.ATOM: lambda codec, data: Atom(data.decode()),
}
