"""Python values to MessagePack and back, by the table in `docs/protocol.md` §4.

Only exact types are sent as values: a subclass means something that its base does not, and becomes a ref.
`numpy.float64`, `numpy.str_` and `numpy.bytes_` are the exceptions; NumPy makes them for what Python calls by
the base's name.
"""

from __future__ import annotations

import functools
import sys
from typing import Any, Protocol

from ..wire.messages import MAX_PAYLOAD
from ..wire.packing import ExtType, Packer, Unpacker, packb, unpackb
from . import arrays
from .errors import ConversionError, RefLimit, StaleRef
from .plain import ARRAY, ATOM, BIG_INTEGER, REF, SCALAR, SET, TUPLE, Atom, pack_integer, unpack_integer

_KEEP_BUFFER = 1 << 20
"""A packer never shrinks its buffer; one that has packed more than this many bytes is given up."""
_DEEPEST = 64
"""Tuples and sets inside each other. msgpack takes 50 KB of the C stack for each; 8 MB of it are usual."""
_WHY = {
    "StackError": "the value is nested too deeply",
    "RecursionError": "the value is nested too deeply",
    "FormatError": "these bytes are not MessagePack",
    "ExtraData": "bytes follow after the value's end",
    "OutOfData": "the data of an array or scalar ends inside its description",
}
"""What msgpack's exceptions do not say themselves."""


class Refs(Protocol):
    """Where objects stay that are not sent. Both methods raise the errors of `values.errors`."""

    def put(self, value: Any) -> tuple[int, str]:
        """Keeps `value`; its number and the name of its type."""

    def get(self, number: int, type_name: str) -> Any:
        """The object that has this number."""

    def mark(self) -> int:
        """A point to go back to."""

    def back(self, mark: int) -> None:
        """Forgets what was put since `mark`."""


class Codec:
    """Encoder and decoder of one worker (or of one client). Not safe to share between threads."""

    def __init__(self, refs: Refs) -> None:
        self._refs = refs
        self._packer = self._new_packer()
        self._unpack = functools.partial(unpackb, ext_hook=self._value, strict_map_key=False)
        self._depth = 0

    def encode(self, value: Any) -> bytes:
        """MessagePack of `value`. What cannot be sent is kept and goes as a ref: the part, or, where its
        surroundings cannot be packed around it (cycles, lone surrogates, too deep, too large), the whole.

        Raises `RefLimit`, and what `refs.put` raises.
        """
        mark = self._refs.mark()
        try:
            packed: bytes = self._packer.pack(value)
        except (RefLimit, ConversionError):
            self._forget(mark)
            raise
        except Exception:  # noqa: BLE001 - also RuntimeError: a thread of the library's changed a dict meanwhile
            self._forget(mark)
            return self.encode_ref(value)
        if len(packed) > MAX_PAYLOAD:
            self._forget(mark)
            return self.encode_ref(value)
        if len(packed) > _KEEP_BUFFER:
            self._packer = self._new_packer()
        return packed

    def encode_ref(self, value: Any) -> bytes:
        """A ref to `value`, whatever it is. Raises `RefLimit`."""
        return packb(self._ref(value))  # type: ignore[no-any-return]

    def decode(self, data: bytes) -> Any:
        """The value. Raises `ConversionError` or `StaleRef`."""
        try:
            return self._unpack(data)
        except (ConversionError, StaleRef):
            raise
        except TypeError as error:
            if "unhashable" in str(error):
                raise ConversionError(
                    f"a map's key or a set's element is a value that Python cannot hash ({error})"
                ) from error
            raise ConversionError(str(error)) from error
        except UnicodeDecodeError as error:
            raise ConversionError(f"a string is not UTF-8 ({error}); send it as bytes") from error
        except Exception as error:
            kind = type(error).__name__
            raise ConversionError(_WHY.get(kind) or f"{kind}: {error}") from error

    def _forget(self, mark: int) -> None:
        self._refs.back(mark)
        self._packer = self._new_packer()

    def _new_packer(self) -> Any:
        return Packer(default=self._extension, strict_types=True)

    def _nested(self, value: Any) -> bytes:
        return packb(value, default=self._extension, strict_types=True)  # type: ignore[no-any-return]

    def _extension(self, value: Any) -> Any:
        kind = type(value)
        if kind is int:
            return ExtType(BIG_INTEGER, pack_integer(value))
        if kind is tuple:
            return ExtType(TUPLE, self._nested(list(value)))
        if kind is set:
            return ExtType(SET, self._nested(list(value)))
        if kind is Atom:
            return ExtType(ATOM, value.encode())
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            if kind is getattr(numpy, "ndarray", None):
                array = arrays.split_array(value)
                if array is not None:
                    return ExtType(ARRAY, packb([array[0], array[1]]) + array[2])
            elif issubclass(kind, getattr(numpy, "generic", ())):
                return self._scalar(value, numpy)
        return self._ref(value)

    def _scalar(self, value: Any, numpy: Any) -> Any:
        for exact, plain in ((numpy.float64, float), (numpy.str_, str), (numpy.bytes_, bytes)):
            if type(value) is exact:
                return plain(value)
        scalar = arrays.split_scalar(value)
        if scalar is None:
            return self._ref(value)
        return ExtType(SCALAR, packb(scalar[0]) + scalar[1])

    def _ref(self, value: Any) -> Any:
        return ExtType(REF, packb(list(self._refs.put(value))))

    def _value(self, code: int, data: bytes) -> Any:
        if code == TUPLE:
            return tuple(self._elements(data))
        if code == SET:
            return set(self._elements(data))
        if code == ATOM:
            return Atom(data.decode())
        if code == BIG_INTEGER:
            return unpack_integer(data)
        if code == ARRAY:
            (dtype, shape), rest = split_head(data)
            return arrays.join_array(dtype, shape, rest)
        if code == SCALAR:
            dtype, rest = split_head(data)
            return arrays.join_scalar(dtype, rest)
        if code == REF:
            number, type_name = unpackb(data)
            return self._refs.get(number, type_name)
        raise ConversionError(f"extension type {code} is not in the protocol")

    def _elements(self, data: bytes) -> Any:
        if self._depth == _DEEPEST:
            raise ConversionError(f"tuples and sets are nested more than {_DEEPEST} deep")
        self._depth += 1
        try:
            elements = self.decode(data)
        finally:
            self._depth -= 1
        if type(elements) is not list:
            raise ConversionError("a tuple or set whose data is no array")
        return elements


def split_head(data: bytes) -> tuple[Any, memoryview]:
    """The first MessagePack value of `data`, and the bytes after it."""
    unpacker = Unpacker(max_buffer_size=1 << 16)
    unpacker.feed(data[: 1 << 12])
    head = unpacker.unpack()
    return head, memoryview(data)[unpacker.tell() :]
