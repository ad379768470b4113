"""Frames on a pair of descriptors: a 4-byte big-endian length, then one or more MessagePack messages."""

from __future__ import annotations

import os
import select
from time import perf_counter
from typing import Any, Sequence

from .messages import MAX_FRAME
from .packing import OutOfData, Unpacker

_READ_SIZE = 1 << 16
_WRITE_PARTS = 512
"""Buffers of one `writev`; POSIX promises 16, Linux and macOS allow 1024."""

_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_SPIN_SECONDS = 100e-6 if _CORES > 1 else 0.0
_MOST_IDLE_WAITS = 6


class BrokenFrame(Exception):
    """The bytes are no frame of ours. Nothing after them can be trusted."""


class FrameReader:
    """Blocking reader: each `read` is one system call when whole frames are waiting."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._tail = b""
        self._unpacker = _new_unpacker()
        self._idle_waits = 0
        self._skip = 0
        self.spins = _SPIN_SECONDS > 0
        """Whether a read looks for a moment before it sleeps: where other threads have work, it is in their way."""
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def waiting(self, seconds: float = 0.0) -> bool:
        """Whether bytes, or the end of file, come within `seconds`."""
        return bool(self._poll.poll(seconds * 1000))

    def read(self) -> list[Any]:
        """The messages of all frames that have arrived, at least one frame; `[]` at end of file.

        Raises `BrokenFrame`.
        """
        data = self._tail
        if not data:
            if self.spins:
                self._spin()
            data = os.read(self._descriptor, _READ_SIZE)
            if not data:
                return []
            if int.from_bytes(data[:4], "big") == len(data) - 4:  # as nearly always: one frame, whole
                return self._messages(data[4:])
        while True:
            start = 0
            messages: list[Any] = []
            end = len(data)
            while end - start >= 4:
                length = int.from_bytes(data[start : start + 4], "big")
                if length > MAX_FRAME:
                    raise BrokenFrame(f"a frame of {length} bytes; the limit is {MAX_FRAME}")
                if end - start - 4 < length:
                    break
                messages += self._messages(data[start + 4 : start + 4 + length])
                start += 4 + length
            if messages:
                self._tail = data[start:]
                return messages
            data = self._more(data[start:])
            if not data:
                return []

    def _more(self, have: bytes) -> bytes:
        """`have` and more; the whole frame where its length is known. Empty at end of file."""
        if len(have) < 4:
            fresh = os.read(self._descriptor, _READ_SIZE)
            return have + fresh if fresh else b""
        length = 4 + int.from_bytes(have[:4], "big")
        frame = bytearray(length)
        frame[: len(have)] = have
        view = memoryview(frame)
        filled = len(have)
        while filled < length:
            count = os.readv(self._descriptor, [view[filled:]])
            if count == 0:
                return b""
            filled += count
        return bytes(frame)

    def _spin(self) -> None:
        """Looks for the next frame for a moment before the kernel puts the process to sleep.

        A sleeping reader costs the caller of one call after the other a wake-up, about as much as everything
        else of a small call. Each moment in vain doubles the number of waits that go by without one.
        """
        if self._skip:
            self._skip -= 1
            return
        poll = self._poll.poll
        until = perf_counter() + _SPIN_SECONDS
        while not poll(0):
            if perf_counter() > until:
                self._idle_waits = min(self._idle_waits + 1, _MOST_IDLE_WAITS)
                self._skip = (1 << self._idle_waits) - 1
                return
        self._idle_waits = 0

    def _messages(self, frame: bytes) -> list[Any]:
        unpacker = self._unpacker
        if len(frame) > _READ_SIZE:
            unpacker = _new_unpacker()
        end = unpacker.tell() + len(frame)
        try:
            unpacker.feed(frame)
            messages = [unpacker.unpack()]
            while unpacker.tell() < end:
                messages.append(unpacker.unpack())
        except OutOfData:
            raise BrokenFrame("a frame that is empty or ends inside a message") from None
        except Exception as error:
            raise BrokenFrame(f"{type(error).__name__}: {error}") from error
        return messages


def _new_unpacker() -> Any:
    """An unpacker is kept between frames, for it allocates a megabyte; one that met a large frame is not."""
    return Unpacker(max_buffer_size=MAX_FRAME, strict_map_key=False)


class FrameWriter:
    """Blocking writer of whole frames."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, messages: Sequence[bytes]) -> None:
        """Sends packed messages as one frame, or one by one where that would be too long. Raises `BrokenPipeError`
        when nobody reads any more."""
        length = sum(map(len, messages))
        if length > MAX_FRAME and len(messages) > 1:
            for message in messages:
                self.write([message])
            return
        parts: list[Any] = [length.to_bytes(4, "big"), *messages]
        if length < _READ_SIZE:
            parts = [b"".join(parts)]
        for first in range(0, len(parts), _WRITE_PARTS):
            _write_all(self._descriptor, parts[first : first + _WRITE_PARTS])

    def write_one(self, message: bytes) -> None:
        """Sends one packed message as a frame; as `write`."""
        data = len(message).to_bytes(4, "big") + message
        written = os.write(self._descriptor, data)
        if written < len(data):
            _write_all(self._descriptor, [memoryview(data)[written:]])


def _write_all(descriptor: int, parts: list[Any]) -> None:
    written = os.writev(descriptor, parts)
    while True:
        while parts and written >= len(parts[0]):
            written -= len(parts[0])
            parts = parts[1:]
        if not parts:
            return
        parts = [memoryview(parts[0])[written:], *parts[1:]]
        written = os.writev(descriptor, parts)
