"""Python's own types that need no import."""

from __future__ import annotations

import struct
from typing import Any

from ..wire.packing import ExtType
from . import codes
from .buffers import pack_bytearray, pack_memoryview, unpack_bytearray, unpack_memoryview
from .errors import ConversionError
from .protocols import Coder, Pack, Unpack, UnpackRaw

_TWO_FLOATS = struct.Struct(">dd")


class Atom(str):
    """An Elixir atom. To Python it is the string of its name; it goes back as the atom."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Atom({str(self)!r})"


def elements(codec: Coder, data: bytes, what: str, count: int | None = None) -> list[Any]:
    """The array that `data` holds, of that many elements."""
    found = codec.value(data)
    if type(found) is not list:
        raise ConversionError(f"a {what} whose data is no array")
    if count is not None and len(found) != count:
        raise ConversionError(f"a {what} is an array of {count} values, not of {len(found)}")
    return found


def integers(codec: Coder, data: bytes, what: str, count: int) -> list[int]:
    found = elements(codec, data, what, count)
    for value in found:
        if type(value) is not int:
            raise ConversionError(f"a {what} is made of integers, and there is a {type(value).__name__}")
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


def _unpack_tuple(codec: Coder, data: bytes) -> tuple[Any, ...]:
    found = codec.value(data)
    if type(found) is not list:
        raise ConversionError("a tuple whose data is no array")
    return tuple(found)


def _unpack_complex(codec: Coder, data: bytes) -> complex:
    if len(data) != _TWO_FLOATS.size:
        raise ConversionError(f"a complex number is 16 bytes, not {len(data)}")
    return complex(*_TWO_FLOATS.unpack(data))


def pack_text(codec: Coder, value: str) -> Any:
    """A `str`, or its extension where it has lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ExtType(codes.SURROGATE_STRING, value.encode("utf-8", "surrogatepass"))
    return value


def pack_bytes(codec: Coder, value: bytes) -> Any:
    return codec.raw(codes.BYTES, b"", value)


def _unpack_range(codec: Coder, data: bytes) -> range:
    start, stop, step = integers(codec, data, "range", 3)
    if step == 0:
        raise ConversionError("a range whose step is 0")
    return range(start, stop, step)


def _unpack_pairs(codec: Coder, data: bytes) -> Any:
    kind, pairs = elements(codec, data, "dict", 2)
    if type(pairs) is not list or not all(type(pair) is list and len(pair) == 2 for pair in pairs):
        raise ConversionError("a dict is a list of pairs of key and value")
    if kind == 0:
        return dict(pairs)
    if kind == 1:
        from collections import OrderedDict

        return OrderedDict(pairs)
    raise ConversionError(f"there is no kind {kind!r} of dict")


def _unpack_singleton(codec: Coder, data: bytes) -> Any:
    name = data.decode()
    if name == "Ellipsis":
        return ...
    if name == "NotImplemented":
        return NotImplemented
    if name in ("pandas.NaT", "pandas.NA"):
        try:
            import pandas
        except ImportError:
            raise ConversionError(
                f"the value is {name}, and pandas is not in this library's environment"
            ) from None
        return pandas.NaT if name == "pandas.NaT" else pandas.NA
    raise ConversionError(f"there is no singleton {name!r}")


PACKERS: dict[type, Pack] = {
    int: _pack_integer,
    str: pack_text,
    bytes: pack_bytes,
    tuple: lambda codec, value: ExtType(codes.TUPLE, codec.nested(list(value))),
    set: lambda codec, value: ExtType(codes.SET, codec.nested(list(value))),
    frozenset: lambda codec, value: ExtType(codes.FROZENSET, codec.nested(list(value))),
    Atom: lambda codec, value: ExtType(codes.ATOM, value.encode()),
    complex: lambda codec, value: ExtType(codes.COMPLEX, _TWO_FLOATS.pack(value.real, value.imag)),
    bytearray: pack_bytearray,
    memoryview: pack_memoryview,
    range: lambda codec, value: ExtType(codes.RANGE, codec.nested([value.start, value.stop, value.step])),
    slice: lambda codec, value: ExtType(codes.SLICE, codec.nested([value.start, value.stop, value.step])),
    type(...): lambda codec, value: ExtType(codes.SINGLETON, b"Ellipsis"),
    type(NotImplemented): lambda codec, value: ExtType(codes.SINGLETON, b"NotImplemented"),
}

UNPACKERS: dict[int, Unpack] = {
    codes.BIG_INTEGER: _unpack_integer,
    codes.TUPLE: _unpack_tuple,
    codes.SET: lambda codec, data: set(elements(codec, data, "set")),
    codes.FROZENSET: lambda codec, data: frozenset(elements(codec, data, "frozenset")),
    codes.ATOM: lambda codec, data: Atom(data.decode()),
    codes.COMPLEX: _unpack_complex,
    codes.BYTEARRAY: lambda codec, data: bytearray(data),
    codes.SURROGATE_STRING: lambda codec, data: data.decode("utf-8", "surrogatepass"),
    codes.RANGE: _unpack_range,
    codes.SLICE: lambda codec, data: slice(*elements(codec, data, "slice", 3)),
    codes.DICT_PAIRS: _unpack_pairs,
    codes.SINGLETON: _unpack_singleton,
}

RAW_UNPACKERS: dict[int, UnpackRaw] = {
    codes.BYTEARRAY: unpack_bytearray,
    codes.MEMORYVIEW: unpack_memoryview,
}
