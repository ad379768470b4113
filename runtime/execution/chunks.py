"""Chunks of a stream: how many items go together."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Callable

from ..wire.messages import MAX_PAYLOAD
from ..wire.packing import Packer

SECONDS = 0.005
_BYTES = 1 << 16
_MOST = MAX_PAYLOAD - 8
"""Bytes of all items; a header goes before them."""


class Chunk:
    """Items as they are packed, until there are as many as wanted, or enough of them."""

    def __init__(self, pack: Callable[[Any], bytes]) -> None:
        self._pack = pack
        self._header = Packer().pack_array_header
        self._left: bytes | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._until = 0.0

    def __len__(self) -> int:
        return len(self._parts)

    def begin(self) -> None:
        """Time runs from now on."""
        self._until = perf_counter() + SECONDS
        if self._left is not None:
            left, self._left = self._left, None
            self._add(left)

    def add(self, item: Any) -> None:
        """Raises `RefLimit`."""
        packed = self._pack(item)
        if self._size + len(packed) > _MOST and self._parts:
            self._left = packed
        else:
            self._add(packed)

    def full(self, wanted: int) -> bool:
        parts = self._parts
        return bool(parts) and (
            len(parts) >= wanted
            or self._size >= _BYTES
            or self._left is not None
            or perf_counter() >= self._until
        )

    def waits(self) -> bool:
        """Whether there is an item, taken or left over."""
        return bool(self._parts) or self._left is not None

    def take(self) -> bytes:
        """The payload of what is there, at least one item."""
        parts, self._parts, self._size = self._parts, [], 0
        return b"".join([self._header(len(parts)), *parts])

    def _add(self, packed: bytes) -> None:
        self._parts.append(packed)
        self._size += len(packed)
