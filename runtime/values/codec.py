"""Python values to MessagePack and back, by the table in `docs/types.md`.

Only exact types are sent as values: a subclass means something that its base does not. Converter modules
(`registry`) know the types; this module has the limits, and what happens to what cannot be sent or received.
"""

from __future__ import annotations

import functools
from typing import Any

from ..wire.messages import MAX_PAYLOAD
from ..wire.packing import ExtraData, ExtType, Packer, packb, unpackb
from . import codes, registry
from .errors import ConversionError, RefLimit, StaleRef, Trouble, Unsendable
from .protocols import Lane, Pack, Refs, Strategies, Unpack
from .replacing import Instead, replaced
from .scan import EASY, LARGE, fits

_KEEP_BUFFER = 1 << 20
"""A packer never shrinks its buffer; one that has packed more than this many bytes is given up."""
_DEEPEST = 64
"""Extensions inside each other. msgpack takes 50 KB of the C stack for each; 8 MB of it are usual."""
_MOST_TYPES = 1000
"""Types whose packers are remembered: some libraries make types as they go."""
_OPEN = 1 << 28
"""Bytes of extensions inside each other that are open at once, at least. Each holds a copy of its inside."""
_HEAD = 1 << 10
"""Bytes in which nearly every head ends."""
_WHY = {
    "StackError": "the value is nested too deeply",
    "RecursionError": "the value is nested too deeply",
    "FormatError": "these bytes are not MessagePack",
    "ExtraData": "bytes follow after the value's end",
    "OutOfData": "the data of an array or scalar ends inside its description",
}
"""What msgpack's exceptions do not say themselves."""


class Codec:
    """Encoder and decoder of one worker (or of one client). Not safe to share between threads."""

    def __init__(self, refs: Refs, strategies: Strategies | None = None, lane: Lane | None = None) -> None:
        self.warnings: list[str] = []
        """What the callers of `encode` should know of what was sent. Whoever takes them clears the list."""
        self._refs = refs
        self._strategies = strategies
        self._lane = lane
        self._large = LARGE if lane is not None else MAX_PAYLOAD
        self._packers: dict[type, Pack] = {}
        self._unpackers: dict[int, Unpack] = {}
        self._spare: list[Any] = []
        self._pack = self._new_packer().pack
        self._unpack = functools.partial(unpackb, ext_hook=self._value, strict_map_key=False)
        self._depth = 0
        self._total = 0
        self._open = 0
        self._most_open = _OPEN
        self._undo: list[tuple[Any, Any]] = []
        self._pending: list[tuple[tuple[Any, ...], str]] = []

    def encode(self, value: Any) -> bytes:
        """MessagePack of `value`. What cannot be sent is kept and goes as a ref: the part, or, where its
        surroundings cannot be packed around it (cycles, too deep, too large), the whole.

        Raises `RefLimit`, and what `refs.put` raises.
        """
        try:
            easy = EASY.get(type(value))
            if easy is not None and easy(value) < 0 and not fits(value, self._large):
                packed = self._carefully(value, self._pack)
            else:
                packed = self._pack(value)
        except UnicodeEncodeError:
            return self._again(value)
        except Exception as error:  # noqa: BLE001 - also RuntimeError: a thread of the library's changed a dict meanwhile
            return self._instead(value, error)
        return self._done(value, packed) if self._undo or len(packed) > _KEEP_BUFFER else packed

    def encode_ref(self, value: Any) -> bytes:
        """A ref to `value`, whatever it is. Raises `RefLimit`."""
        packed: bytes = packb(self.ref(value))
        self._undo.clear()
        return packed

    def decode(self, data: bytes) -> Any:
        """The value. Raises `ConversionError` or `StaleRef`."""
        try:
            return self._unpack(data)
        except Exception as error:
            refusal = _refusal(error)
            if refusal is error:
                raise
            raise refusal from error

    def nested(self, value: Any) -> bytes:
        """MessagePack of a value inside an extension."""
        depth, total = self._depth, self._total
        if depth == _DEEPEST:
            raise Unsendable
        packer = self._spare.pop() if self._spare else self._new_packer()
        self._depth, self._total = depth + 1, 0
        try:
            packed: bytes
            try:
                easy = EASY.get(type(value))
                if easy is not None and easy(value) < 0 and not fits(value, self._large):
                    packed = self._carefully(value, packer.pack)
                else:
                    packed = packer.pack(value)
            except UnicodeEncodeError:
                packed = self._carefully(value, packer.pack)
        finally:
            self._depth, self._total = depth, total
        if len(packed) <= _KEEP_BUFFER:
            self._spare.append(packer)
        return packed

    def value(self, data: Any) -> Any:
        """The one value that `data` holds. Raises `ConversionError` or `StaleRef`."""
        if self._depth == _DEEPEST:
            raise ConversionError(f"extension types are nested more than {_DEEPEST} deep")
        size = len(data)
        if self._open + size > _OPEN:
            raise ConversionError("extension types are nested with too much in them")
        self._depth += 1
        self._open += size
        try:
            return self.decode(data)
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
                    raise
                size *= 16
            else:
                return found, memoryview(data)[size:]

    def ref(self, value: Any) -> Any:
        """Keeps `value`; the extension that is sent in its place."""
        self._undo.append((self._refs, self._refs.mark()))
        return ExtType(codes.REF, packb(list(self._refs.put(value))))

    def raw(self, code: int, head: bytes, view: Any) -> Any:
        """The extension `code` of a head and a buffer's bytes (code 0: the bytes), by the second lane where
        that takes them. `view` is C-contiguous, and stays as it is until the payload is sent."""
        size = view.nbytes if type(view) is memoryview else len(view)
        lane = self._lane
        if lane is not None and size >= self._large:
            mark = lane.mark()
            index = lane.put(view)
            if index is not None:
                self._undo.append((lane, mark))
                return ExtType(codes.LANE, packb([index, size, code]) + head)
        if code == codes.BYTES:
            return view if type(view) is bytes else bytes(view)
        return ExtType(code, b"".join((head, view)))

    def warn(self, value: Any, text: str) -> None:
        """Tells the caller something about `value`, a part of what is being sent."""
        self._pending.append(((value,), text))

    def by_attributes(self, kind: type) -> bool:
        """Whether configuration lets objects of this type be made from attributes."""
        return self._strategies is not None and self._strategies.by_attributes(kind)

    def _carefully(self, value: Any, pack: Any) -> bytes:
        return pack(replaced(value, self._other))  # type: ignore[no-any-return]

    def _other(self, part: Any) -> Any:
        """What goes in the place of a text or buffer; `part` itself where the packer may have it."""
        packer = self._packers.get(type(part)) or self._packer(type(part))
        return packer(self, part)

    def _again(self, value: Any) -> bytes:
        """A text has lone surrogates. Found out like this because no other text is to pay for it."""
        self._back()
        try:
            return self._done(value, self._carefully(value, self._pack))
        except Exception as error:  # noqa: BLE001 - as in encode
            return self._instead(value, error)

    def _instead(self, value: Any, error: Exception) -> bytes:
        self._back()
        if isinstance(error, (RefLimit, ConversionError)):
            raise error
        return self.encode_ref(value)

    def _done(self, value: Any, packed: bytes) -> bytes:
        if len(packed) > MAX_PAYLOAD:
            return self._instead(value, Unsendable())
        self._undo.clear()
        if len(packed) > _KEEP_BUFFER:
            self._pack = self._new_packer().pack
        return packed

    def _back(self) -> None:
        while self._undo:
            holder, mark = self._undo.pop()
            holder.back(mark)
        self._total = 0
        self._pack = self._new_packer().pack

    def _new_packer(self) -> Any:
        return Packer(default=self._extension, strict_types=True)

    def _extension(self, value: Any) -> Any:
        kind = type(value)
        packer = self._packers.get(kind)
        if packer is None:
            if kind is Instead:
                return value.ext
            packer = self._packer(kind)
        found = packer(self, value)
        if type(found) is ExtType:
            self._total += len(found.data)
            if self._total > MAX_PAYLOAD:
                raise Unsendable
        return found

    def _packer(self, kind: type) -> Pack:
        found = self._strategies.find(kind) if self._strategies is not None else None
        found = found or registry.packer(kind) or Codec.ref
        if len(self._packers) >= _MOST_TYPES:
            self._packers.clear()
        self._packers[kind] = found
        return found

    def _value(self, code: int, data: bytes) -> Any:
        unpacker = self._unpackers.get(code)
        if unpacker is None:
            unpacker = self._unpacker(code)
        return unpacker(self, data)

    def _unpacker(self, code: int) -> Unpack:
        found = self._strategies.unpackers.get(code) if self._strategies is not None else None
        if found is None:
            found = {codes.REF: Codec._unpack_ref, codes.LANE: Codec._unpack_lane}.get(code)
        if found is None:
            found = registry.unpacker(code)
        if found is None:
            raw = registry.raw_unpacker(code)
            if raw is None:
                raise ConversionError(f"extension type {code} is not in the protocol")
            found = functools.partial(_inline, raw)
        self._unpackers[code] = found
        return found

    def _unpack_ref(self, data: bytes) -> Any:
        number, type_name = unpackb(data)
        return self._refs.get(number, type_name)

    def _unpack_lane(self, data: bytes) -> Any:
        place, rest = self.head(data)
        index, size, code = place
        if self._lane is None:
            raise ConversionError("the value is in a second lane, and there is none")
        buffer = self._lane.take(index, size)
        if code == codes.BYTES:
            return buffer if type(buffer) is bytes else bytes(buffer)
        unpacker = registry.raw_unpacker(code)
        if unpacker is None:
            raise ConversionError(f"extension type {code} does not travel in the second lane")
        return unpacker(self, self.value(rest) if len(rest) else None, buffer)


def _inline(unpacker: Any, codec: Any, data: bytes) -> Any:
    return unpacker(codec, *codec.head(data))


def _refusal(error: Exception) -> Trouble:
    if isinstance(error, (ConversionError, StaleRef)):
        return error
    if isinstance(error, TypeError):
        if "unhashable" in str(error):
            return ConversionError(
                f"a map's key or a set's element is a value that Python cannot hash ({error})"
            )
        return ConversionError(str(error))
    if isinstance(error, UnicodeDecodeError):
        return ConversionError(f"a string is not UTF-8 ({error}); send it as bytes")
    kind = type(error).__name__
    return ConversionError(_WHY.get(kind) or f"{kind}: {error}")
