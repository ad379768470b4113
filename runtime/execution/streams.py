"""Values that are sent piece by piece, as they are asked for: those whose iterators run in the main thread."""

from __future__ import annotations

from collections import deque
from typing import Any, Iterator, Mapping

from ..values.errors import RefLimit
from ..wire.messages import CHUNK, END, ERROR
from .calls import Calls
from .cancellation import Cancelled, Interruptible
from .chunks import Chunk
from .context import saved

LIMIT = 1000
"""Streams that are open at once: who never takes them to their end meets an error."""


def check(open_streams: int) -> None:
    """Raises `RefLimit` when there are as many as may be."""
    if open_streams >= LIMIT:
        raise RefLimit(f"the worker has {LIMIT} open streams; take them to their end, or close them")


def iterator(value: Any) -> Iterator[Any]:
    """Raises `TypeError` with words for what cannot be streamed, and what the value's `__iter__` raises."""
    if not hasattr(type(value), "__iter__") and not hasattr(type(value), "__getitem__"):
        raise TypeError(
            f"a {type(value).__name__} cannot be streamed, for it is not iterable: call the function without stream"
        )
    return iter(value)


def close(iterator: Any) -> None:
    """Lets an iterator clean up. Raises what that raises."""
    method = getattr(iterator, "close", None)
    if method is not None:
        method()


class Stream:
    """One open stream. `calls` packs its items, and nothing else: its codec sends nothing by the second lane."""

    def __init__(self, iterator: Iterator[Any], calls: Calls, about: Mapping[str, Any]) -> None:
        self._iterator: Iterator[Any] | None = iterator
        self.calls = calls
        self.user: Interruptible = calls.user
        """Of the thread that advances it."""
        self._about = about
        self.context = saved()
        """Of its call."""
        self._chunk = Chunk(calls.pack)
        self._last: tuple[int, bytes | None] | None = None
        self.busy = False
        """Whether somebody is at it, who says so."""
        self.postponed: deque[int] = deque()
        """What was asked for meanwhile."""

    def next(self, wanted: int) -> tuple[int, bytes | None]:
        """Kind and payload of the answer to one *more*. After END or ERROR the stream is over."""
        chunk = self._chunk
        if not chunk.waits() and self._last is not None:
            return self._last
        chunk.begin()
        while self._last is None and not chunk.full(wanted):
            self._advance(chunk)
        return (CHUNK, chunk.take()) if len(chunk) else self._last  # type: ignore[return-value]

    def close(self) -> tuple[int, bytes | None]:
        """Ends it before its time; the last message."""
        if self._last is None:
            error: BaseException = Cancelled("the stream was closed")
            try:
                # Another signal must not cut it short: it does what cancelling asks for.
                close(self._iterator)
            except BaseException as raised:  # noqa: BLE001 - the generator's own
                error = raised
            self._over(error)
        return self._last  # type: ignore[return-value]

    def _advance(self, chunk: Chunk) -> None:
        try:
            chunk.add(self._run(next, self._iterator))
        except StopIteration:
            self._last, self._iterator = (END, None), None
        except BaseException as error:  # noqa: BLE001 - all of it is the call's answer
            self.user.runs = False  # what was raised may have kept it from being done
            self._over(error)

    def _run(self, function: Any, argument: Any) -> Any:
        user = self.user
        try:
            user.runs = True
            return function(argument)
        finally:
            user.runs = False

    def _over(self, error: BaseException) -> None:
        self._last, self._iterator = (ERROR, self.calls.raised(error, self._about)), None
