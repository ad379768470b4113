"""MessagePack to Python values. Of any bytes comes a value, or an error that names the place."""

from __future__ import annotations

import functools
from typing import Any

from ..wire.messages import MAX_PAYLOAD
from ..wire.packing import ExtraData, unpackb
from . import codes, registry
from .core import DEEPEST, Core
from .errors import ConversionError, Trouble
from .protocols import Functions, Lane, Refs, Strategies, Unpack
from .words import name_argument, name_parts, place_in, translated

_OPEN = 2 * MAX_PAYLOAD
"""Bytes of extensions inside each other that are open at once. Each holds a copy of its inside."""
_HEAD = 1 << 10
"""Bytes in which nearly every head ends."""


class Decoder(Core):
    def __init__(
        self,
        refs: Refs,
        strategies: Strategies | None = None,
        lane: Lane | None = None,
        functions: Functions | None = None,
    ) -> None:
        super().__init__(refs, strategies, lane, functions)
        self._unpackers: dict[int, Unpack] = {}
        self._unpack = functools.partial(unpackb, ext_hook=self._value, strict_map_key=False)
        self._open = 0

    def decode(self, data: bytes) -> Any:
        """The value. Raises `ConversionError` or `StaleRef`, whose words name the place."""
        try:
            return self._unpack(data)
        except Exception as error:
            refusal = self._refusal(error, data)
            if refusal is error:
                raise
            raise refusal from error

    def decode_call(self, data: bytes) -> tuple[Any, Any]:
        """The arguments of a call: a list, and a dict by names. Raises as `decode`; places are `args[0]…`, or
        begin with the keyword.
        """
        try:
            call = self._unpack(data)
        except Exception as error:
            refusal = self._refusal(error, data)
            name_argument(refusal)
            if refusal is error:
                raise
            raise refusal from error
        args, kwargs = call if type(call) is list and len(call) == 2 else (None, None)
        if type(args) is not list or type(kwargs) is not dict or (kwargs and not all(map(_is_name, kwargs))):
            raise ConversionError("a call's payload is a list of arguments and a map of those with names")
        return args, kwargs

    def value(self, data: Any) -> Any:
        """The one value that `data` holds. Raises `ConversionError` or `StaleRef`."""
        if self._depth == DEEPEST:
            raise ConversionError(f"extension types are nested more than {DEEPEST} deep")
        size = len(data)
        if self._open + size > _OPEN:
            raise ConversionError("extension types are nested with too much in them")
        self._depth += 1
        self._open += size
        try:
            return self._unpack(data)
        except Exception as error:
            refusal = self._refusal(error, data)
            if refusal is error:
                raise
            raise refusal from error
        finally:
            self._depth -= 1
            self._open -= size

    def head(self, data: Any) -> tuple[Any, memoryview]:
        """The first value of `data`, and the bytes behind it."""
        size = _HEAD
        while True:
            try:
                found = self._unpack(data[:size])
            except ExtraData as more:
                return more.unpacked, memoryview(data)[min(size, len(data)) - len(more.extra) :]
            except ValueError:
                if size >= len(data):
                    raise ConversionError("the data ends inside its head") from None
                size *= 16
            else:
                return found, memoryview(data)[size:]

    def _value(self, code: int, data: bytes) -> Any:
        try:
            unpacker = self._unpackers.get(code) or self._unpacker(code)
            return unpacker(self, data)
        except Exception as error:
            refusal = translated(error)
            name_parts(refusal, code, data)
            refusal.at = (code, data)
            if refusal is error:
                raise
            raise refusal from error

    def _refusal(self, error: Exception, data: Any) -> Trouble:
        """The error with its place in `data`, of which msgpack's unpacker has raised it."""
        refusal = translated(error)
        if type(data) in (bytes, memoryview):
            refusal.path[:0] = place_in(data, error, self._unpack)
        refusal.at = None
        return refusal

    def _unpacker(self, code: int) -> Unpack:
        found = self._strategies.unpackers.get(code) if self._strategies is not None else None
        if code == codes.REF:
            found = self._unpack_ref
        elif code == codes.LANE:
            found = self._unpack_lane
        elif code in (codes.CALLBACK, codes.STREAM):
            found = functools.partial(Decoder._unpack_function, code=code)
        elif found is None:
            found = registry.unpacker(code)
        if found is None:
            raw = registry.raw_unpacker(code)
            if raw is None:
                raise ConversionError(f"extension type {code} is not in the protocol")
            found = functools.partial(_inline, raw)
        found = self._unpackers[code] = self.received.unpacking(found)
        return found

    def _unpack_ref(self, _: Any, data: bytes) -> Any:
        named = self.value(data)
        if type(named) is not list or [*map(type, named)] != [int, str]:
            raise ConversionError("a ref is [number, type]")
        return self._refs.get(*named)

    def _unpack_function(self, data: bytes, code: int) -> Any:
        named = self.value(data)
        is_stream = code == codes.STREAM
        if type(named) is not list or [*map(type, named)] != [int, str if is_stream else int]:
            raise ConversionError("a stream is [key, kind]" if is_stream else "a function is [key, arity]")
        if self._functions is None:
            raise ConversionError("functions and streams are passed to a worker, and come back from none")
        return self._functions.stream(*named) if is_stream else self._functions.function(*named)

    def _unpack_lane(self, _: Any, data: bytes) -> Any:
        place, rest = self.head(data)
        if type(place) is not list or [*map(type, place)] != [int, int, int]:
            raise ConversionError("what is in the second lane is named by [buffer, size, code]")
        index, size, code = place
        if self._lane is None:
            raise ConversionError("the value is in a second lane, and there is none")
        buffer = self._lane.take(index, size)
        self.aside += size
        if code == codes.BYTES:
            return buffer if type(buffer) is bytes else bytes(buffer)
        unpacker = registry.raw_unpacker(code)
        if unpacker is None:
            raise ConversionError(f"extension type {code} does not travel in the second lane")
        return unpacker(self, self.value(rest) if len(rest) else None, buffer)


def _is_name(key: Any) -> bool:
    return issubclass(type(key), str)


def _inline(unpacker: Any, codec: Any, data: bytes) -> Any:
    return unpacker(codec, *codec.head(data))
