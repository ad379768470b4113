"""Numbers, identifiers, paths and dicts of the standard library's modules."""

from __future__ import annotations

import sys
from typing import Any

from ..wire.packing import ExtType
from . import codes
from .errors import ConversionError
from .plain import elements, integers
from .protocols import Coder, Pack, Unpack

_PATHS = ("PurePosixPath", "PureWindowsPath", "PosixPath", "WindowsPath", "PurePath", "Path")
_MOST_BITS = 1 << 20
"""Of a fraction's numbers. Python takes a second to reduce these, and four times as long for twice as many."""


def _pack_decimal(codec: Coder, value: Any) -> Any:
    return ExtType(codes.DECIMAL, str(value).encode())


def _pack_uuid(codec: Coder, value: Any) -> Any:
    return ExtType(codes.UUID, value.bytes)


def _pack_fraction(codec: Coder, value: Any) -> Any:
    return ExtType(codes.FRACTION, codec.nested([value.numerator, value.denominator]))


def _pack_path(codec: Coder, value: Any) -> Any:
    return ExtType(codes.PATH, codec.nested([type(value).__name__, str(value)]))


def _pack_ordered(codec: Coder, value: Any) -> Any:
    return ExtType(codes.DICT_PAIRS, codec.nested([1, [[key, x] for key, x in value.items()]]))


_BY_NAME: dict[tuple[str, str], Pack] = {
    ("decimal", "Decimal"): _pack_decimal,
    ("uuid", "UUID"): _pack_uuid,
    ("fractions", "Fraction"): _pack_fraction,
    ("collections", "OrderedDict"): _pack_ordered,
    **{("pathlib", name): _pack_path for name in _PATHS},
}


def find(kind: type) -> Pack | None:
    name = (kind.__module__.partition(".")[0], kind.__name__)
    found = _BY_NAME.get(name)
    return found if getattr(sys.modules.get(name[0]), name[1], None) is kind else None


def _unpack_decimal(codec: Coder, data: bytes) -> Any:
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(data.decode("ascii"))
    except (InvalidOperation, ValueError):
        raise ConversionError(f"{_short(data)} is no decimal number") from None


def _unpack_uuid(codec: Coder, data: bytes) -> Any:
    from uuid import UUID

    if len(data) != 16:
        raise ConversionError(f"a UUID is 16 bytes, not {len(data)}")
    return UUID(bytes=data)


def _unpack_fraction(codec: Coder, data: bytes) -> Any:
    from fractions import Fraction

    numerator, denominator = integers(codec, data, "fraction", 2)
    if max(numerator.bit_length(), denominator.bit_length()) > _MOST_BITS:
        raise ConversionError(f"a fraction of numbers of more than {_MOST_BITS} bits")
    if denominator == 0:
        raise ConversionError("a fraction whose denominator is 0")
    return Fraction(numerator, denominator)


def _unpack_path(codec: Coder, data: bytes) -> Any:
    import pathlib

    name, path = elements(codec, data, "path", 2)
    if name not in _PATHS or type(path) is not str:
        raise ConversionError(f"a path is a class of pathlib's and a string, not {name!r} and {path!r:.60}")
    try:
        return getattr(pathlib, name)(path)
    except NotImplementedError:
        raise ConversionError(f"there is no {name} on this system; send a Pure{name}") from None


def _short(data: bytes) -> str:
    text = data[:40].decode("ascii", "backslashreplace")
    return repr(text) + ("…" if len(data) > 40 else "")


UNPACKERS: dict[int, Unpack] = {
    codes.DECIMAL: _unpack_decimal,
    codes.UUID: _unpack_uuid,
    codes.FRACTION: _unpack_fraction,
    codes.PATH: _unpack_path,
}
