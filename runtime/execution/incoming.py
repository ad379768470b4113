"""Streams of the pool that were passed to Python: iterators, and files that are read."""

from __future__ import annotations

import io
from collections import deque
from typing import Any, Callable, Iterator

_MOST_ITEMS = 1024
_BUFFER = 1 << 16
_MOST_BYTES = 1 << 20
"""Bytes that are asked for at a time where all are wanted."""

Pull = Callable[[int], Any]
"""Called with how much is wanted. Answers `[items or bytes, whether that was all]`. The stream ends with it."""


class ElixirStream(Iterator[Any]):
    """Items of an enumerable of Elixir. It is asked for more at a time the more were taken."""

    def __init__(self, pull: Pull) -> None:
        self._pull: Pull | None = pull
        self._items: deque[Any] = deque()
        self._wanted = 1

    def __next__(self) -> Any:
        while not self._items:
            if self._pull is None:
                raise StopIteration
            try:
                items, done = self._pull(self._wanted)
            except BaseException:
                self._pull = None
                raise
            self._wanted = min(self._wanted * 2, _MOST_ITEMS)
            self._items.extend(items)
            if done:
                self._pull = None
        return self._items.popleft()

    def __repr__(self) -> str:
        return "<Elixir stream>"

    def close(self) -> None:
        """Takes no more; Elixir's enumeration ends."""
        self._pull = None
        self._items.clear()


class _ElixirBytes(io.RawIOBase):
    name = "<Elixir stream>"
    mode = "rb"

    def __init__(self, pull: Pull) -> None:
        super().__init__()
        self._pull: Pull | None = pull
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        if not len(self._left):
            self._left = memoryview(self._next(len(view)))
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def readall(self) -> bytes:
        pieces = [bytes(self._left)]
        self._left = memoryview(b"")
        while True:
            piece = self._next(_MOST_BYTES)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)

    def close(self) -> None:
        self._pull = None
        self._left = memoryview(b"")
        super().close()

    def _next(self, wanted: int) -> bytes:
        """Empty at the end."""
        if self.closed:
            raise ValueError("I/O operation on closed file")
        while self._pull is not None:
            try:
                data, done = self._pull(max(wanted, 1))
            except BaseException:
                self._pull = None
                raise
            if done:
                self._pull = None
            if data:
                return data.encode() if isinstance(data, str) else bytes(data)
        return b""


def reader(pull: Pull) -> io.BufferedReader:
    """A binary file, open for reading: `readline`, iteration, `with`, a `TextIOWrapper` around it. No seeking."""
    return io.BufferedReader(_ElixirBytes(pull), _BUFFER)
