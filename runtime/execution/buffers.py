"""What of a call's values travels in the second lane (`docs/protocol.md` §5)."""

from __future__ import annotations

import sys
from typing import Any

from ..values.errors import ConversionError
from ..wire.lane import Lane, LaneBroken

THRESHOLD = 128 * 1024
"""Bytes. Below, a copy into the frame is cheaper than the lane's threads (measured: `docs/benchmarks.md`)."""


def memory(size: int) -> Any:
    """Uninitialised memory where NumPy is loaded, for zeroing what is overwritten costs half a copy."""
    numpy = sys.modules.get("numpy")
    return bytearray(size) if numpy is None else numpy.empty(size, numpy.uint8)


class Buffers:
    """The buffers of the call that runs: those that came with it, those that go with its answer."""

    def __init__(self) -> None:
        self._lane: Lane | None = None
        self._keys = range(0)
        self.outgoing: list[memoryview] = []

    def use(self, lane: Lane) -> None:
        self._lane = lane

    def begin(self, keys: range) -> None:
        """`keys` of the buffers that came with the call. None may be left of another call."""
        self._keys = keys

    def end(self) -> None:
        """Forgets what came and was not taken."""
        if self._keys and self._lane is not None:
            self._lane.drop(self._keys.start, len(self._keys))
        self._keys = range(0)

    def put(self, view: memoryview) -> int | None:
        """The number of the buffer within this answer; None: it goes inline. Costs nothing: the view is kept."""
        if self._lane is None or view.nbytes < THRESHOLD:
            return None
        self.outgoing.append(view)
        return len(self.outgoing) - 1

    def take(self, index: int, size: int) -> Any:
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

    def send(self, steady: bool) -> None:
        """Sends what goes with the answer, behind all earlier answers'. Unless it is `steady` (nobody else can change
        it), waits until the pool has it.
        """
        views, self.outgoing = self.outgoing, []
        if self._lane is None or not views:
            return
        for view in views:
            sent = self._lane.send(view)
        if not steady:
            sent.wait()

    def flush(self) -> None:
        if self._lane is not None:
            self._lane.flush()
