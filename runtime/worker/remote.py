"""What a client makes of values that are elsewhere, or of a class that is not here; what it lends to a worker."""

from __future__ import annotations

import importlib.util
from io import BytesIO
from itertools import count, islice
from types import FunctionType, MethodType
from typing import Any, Callable, Iterable, Iterator, Mapping, Sequence

from ..values.codec import Codec
from ..values.codes import (
    ARRAY,
    ARRAY_OF,
    CALLBACK,
    CUSTOM,
    ENUM,
    FRAME,
    MASKED,
    OBJECT,
    PICKLE,
    RECORD,
    SCALAR,
    STREAM,
)
from ..values.errors import ConversionError
from ..values.protocols import Pack, Unpack
from ..wire.packing import ExtType, packb


class RemoteRef:
    """An object that stays in the worker."""

    def __init__(self, number: int, type_name: str) -> None:
        self.number = number
        self.type_name = type_name

    def to_json(self) -> dict[str, Any]:
        return {"ref": self.number, "type": self.type_name}

    def __repr__(self) -> str:
        return f"<{self.type_name} object {self.number} in the worker>"


class RemoteArray:
    """An array or scalar, as its bytes: what a client without NumPy gets."""

    def __init__(self, dtype: Any, shape: Sequence[int], data: bytes) -> None:
        self.dtype = dtype
        self.shape = tuple(shape)
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """`data` holds the elements, row by row, or the bytes in hexadecimal where `struct` knows no such dtype."""
        form = _FORMATS.get(str(self.dtype))
        data = list(memoryview(self.data).cast(form)) if form else self.data.hex()
        return {"dtype": self.dtype, "shape": list(self.shape), "data": data}

    def __repr__(self) -> str:
        return f"<array of {self.dtype}, shape {self.shape}>"


_FORMATS: dict[str, Any] = {
    "bool": "?",
    **{f"int{8 << i}": "bhiq"[i] for i in range(4)},
    **{f"uint{8 << i}": "BHIQ"[i] for i in range(4)},
    "float32": "f",
    "float64": "d",
}


class ArrayOf:
    """A list that the worker makes a NumPy array of."""

    def __init__(self, value: list[Any]) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is ArrayOf and self.value == other.value

    __hash__ = None  # type: ignore[assignment]


_PARTS = {
    FRAME: ("frame", "meta", "columns", "index", "body"),
    ENUM: ("enum", "name", "value"),
    RECORD: ("record", "type", "fields"),
    MASKED: ("masked", "mask", "fill", "hard"),
    OBJECT: ("object", "parts"),
    PICKLE: ("pickle", "environment", "signature", "data"),
    CUSTOM: ("serializer", "type", "value"),
}
"""What the parts of an extension are called where a client has not the class that they make."""


class RemoteValue:
    """A value whose class is elsewhere, in parts. Sent back, it is the value again."""

    def __init__(self, code: int, data: bytes, parts: list[Any]) -> None:
        self.code = code
        self.data = data
        self.parts = parts

    def to_json(self) -> dict[str, Any]:
        return dict(zip(_PARTS[self.code], self.parts))

    def __repr__(self) -> str:
        name, *others = _PARTS[self.code]
        inside = ", ".join(f"{other}={part!r:.200}" for other, part in zip(others, self.parts[1:]))
        return f"<{name} {self.parts[0]}: {inside}>"


class _ClientStrategies:
    """A client has none of the classes: what strategies made stays as it came."""

    unpackers: Mapping[int, Unpack] = {
        code: lambda codec, data, code=code: RemoteValue(code, data, codec.value(data))  # type: ignore[misc]
        for code in (PICKLE, CUSTOM)
    }

    def by_attributes(self, kind: type) -> bool:
        return False

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def find(self, kind: type) -> Pack | None:
        if kind is ArrayOf:
            return lambda codec, value: ExtType(ARRAY_OF, codec.nested(value.value))
        if kind is RemoteValue:
            return lambda codec, value: ExtType(value.code, value.data)
        if kind is Bytes:
            return lambda codec, value: self._functions.file(value.data)
        if issubclass(kind, Iterator):
            return lambda codec, value: self._functions.stream(value)
        if kind is FunctionType or kind is MethodType:
            return lambda codec, value: self._functions.function(value)
        return None


class Bytes:
    """Bytes that the worker reads as a file, as far as it likes."""

    def __init__(self, data: bytes) -> None:
        self.data = data


class Functions:
    """What of this program a worker may call, by key."""

    def __init__(self) -> None:
        self._held: dict[int, Callable[..., Any]] = {}
        self._keys = count(1)

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: int) -> Callable[..., Any] | None:
        return self._held.get(key)

    def drop(self, keys: Iterable[int]) -> None:
        for key in keys:
            self._held.pop(key, None)

    def function(self, function: Any) -> Any:
        """The extension for a function."""
        bound = type(function) is MethodType
        return self._hold(CALLBACK, function, function.__code__.co_argcount - bound)

    def stream(self, items: Iterator[Any]) -> Any:
        """The extension for an iterator."""

        def pull(wanted: int) -> list[Any]:
            found = list(islice(items, wanted))
            return [found, len(found) < wanted]

        return self._hold(STREAM, pull, "items")

    def file(self, data: bytes) -> Any:
        """The extension for a file to read."""
        file = BytesIO(data)

        def read(wanted: int) -> list[Any]:
            return [file.read(wanted), file.tell() == len(data)]

        return self._hold(STREAM, read, "bytes")

    def _hold(self, code: int, function: Callable[..., Any], detail: Any) -> Any:
        key = next(self._keys)
        self._held[key] = function
        return ExtType(code, packb([key, detail]))


def codec(functions: Functions) -> Codec:
    """A client's codec."""
    return _ClientCodec(_RemoteRefs(), _ClientStrategies(functions))


def payload(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bytes:
    """The arguments of a call, as a worker decodes them. Raises `ConversionError`."""
    return codec(Functions()).encode([list(args), dict(kwargs)])


class _ClientCodec(Codec):
    def _value(self, code: int, data: bytes) -> Any:
        if code in (ARRAY, SCALAR) and importlib.util.find_spec("numpy") is None:
            head, rest = self.head(data)
            dtype, shape = head[:2] if code == ARRAY else (head, ())
            return RemoteArray(dtype, shape, bytes(rest))
        if code in (FRAME, OBJECT):  # whether or not this program's environment happens to have pandas
            return RemoteValue(code, data, self.value(data))
        try:
            return super()._value(code, data)
        except (ConversionError, ImportError):
            if code not in _PARTS:
                raise
            return RemoteValue(code, data, self.value(data))


class _RemoteRefs:
    """The client's side of refs: numbers stand for objects that are elsewhere."""

    def put(self, value: Any) -> tuple[int, str]:
        if type(value) is RemoteRef:
            return value.number, value.type_name
        raise ConversionError(f"a {type(value).__name__} cannot be sent to a worker")

    def get(self, number: int, type_name: str) -> RemoteRef:
        return RemoteRef(number, type_name)

    def back(self, number: int) -> None:
        return None
