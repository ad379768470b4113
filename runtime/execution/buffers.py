"""What of a call's values travels in the second lane (`docs/protocol.md` §5)."""

from __future__ import annotations

import sys
from typing import Any, Callable

from ..values.errors import ConversionError
from ..wire.lane import Lane, LaneBroken
from .current import in_turns

THRESHOLD = 256 * 1024
"""Bytes. Below, a copy into the frame is cheaper than the lane's threads (measured: `docs/benchmarks.md`)."""


_KEPT = 64 * 1024 * 1024


class Memory:
    """Gives the memory that buffers are received into: uninitialised where NumPy is loaded, for zeroing what is
    overwritten costs half a copy.

    The last one, of at most 64 MiB, is kept and given out again when nobody uses it any more. The kernel would
    have to find and clear other pages each time, which can take longer than the transfer.
    """

    def __init__(self) -> None:
        self._last: Any = object()
        self._alone = sys.getrefcount(self._last)
        self._last = None

    def __call__(self, size: int) -> Any:
        last = None
        if self._last is not None and sys.getrefcount(self._last) <= self._alone:
            last = self._last
        if last is not None and size <= last.nbytes < 2 * size:
            return last[:size]
        numpy = sys.modules.get("numpy")
        try:
            fresh = numpy.empty(size, numpy.uint8)  # type: ignore[union-attr]
        except AttributeError:  # not there, or its import is under way in another thread
            return bytearray(size)
        self._last = fresh if size <= _KEPT and in_turns() else None
        return fresh


class Buffers:
    """The buffers of the call that runs: those that came with it, those that go with its answer."""

    def __init__(self) -> None:
        self._lane: Lane | None = None
        self._keys = range(0)
        self._outward = True
        self.outgoing: list[memoryview] = []
        self.steady = False
        """Whether nobody can change what goes out, once the call is over."""
        self.lent = False
        """Whether the caller's refs still lead to it."""

    def use(self, lane: Lane) -> None:
        self._lane = lane

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a fork of this process must not hold."""
        return () if self._lane is None else self._lane.descriptors

    def inward(self) -> Buffers:
        """Those of another thread: it takes what comes by the lane, and sends nothing there."""
        other = Buffers()
        other._lane, other._outward = self._lane, False
        return other

    def outward(self) -> None:
        """From now on these send by the lane too: whoever says so keeps the answers of all threads in order."""
        self._outward = True

    def settle(self) -> None:
        """Copies what somebody could change while it is sent."""
        if not self.steady or self.lent:
            self.outgoing = [memoryview(bytes(view)) for view in self.outgoing]
            self.steady, self.lent = True, False

    def begin(self, keys: range) -> None:
        """The keys of the buffers that came with the call."""
        self._keys = keys

    def end(self, keys: range) -> None:
        """Forgets what came with the call and was not taken."""
        self.forget(keys)
        self._keys = range(0)

    def forget(self, keys: range) -> None:
        """No call will take these."""
        if self._lane is not None:
            self._lane.drop(keys)

    def put(self, view: Any) -> int | None:
        """The number of the buffer within this answer; None: it goes inline. Costs nothing: the view is kept."""
        if self._lane is None or len(view) < THRESHOLD or not self._outward:
            return None
        self.outgoing.append(memoryview(view))
        return len(self.outgoing) - 1

    def take(self, index: Any, size: Any) -> Any:
        """Raises `ConversionError`."""
        if self._lane is None or type(index) is not int or not 0 <= index < len(self._keys):
            raise ConversionError(f"buffer {index!r} did not come with this call")
        try:
            data = self._lane.take(self._keys[index])
        except LaneBroken as error:
            raise ConversionError(str(error)) from error
        if len(data) != size:
            raise ConversionError(f"buffer {index} has {len(data)} bytes, not {size}")
        return data

    def mark(self) -> int:
        return len(self.outgoing)

    def back(self, mark: int) -> None:
        """Takes back what was put since `mark`."""
        del self.outgoing[mark:]

    def send(self) -> Callable[[], None] | None:
        """Sends what goes with the answer, behind all earlier answers'; how to wait for it, where that is needed.

        What somebody else can still change is gone when this returns.
        """
        views, steady, lent = self.outgoing, self.steady, self.lent
        self.outgoing, self.steady, self.lent = [], False, False
        if self._lane is None:
            return None
        for view in views:
            sent = self._lane.send(view)
        if not steady:
            sent.wait()
            return None
        return self._lane.flush if lent else None

    def flush(self) -> None:
        """Waits until the pool has all that was sent."""
        if self._lane is not None:
            self._lane.flush()
