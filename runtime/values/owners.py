"""Whose memory the buffers of a value are. A value may hold views of the same memory any number of times, and
each would be sent: it may not come to far more than there is."""

from __future__ import annotations

import sys
from typing import Any

from ..wire.messages import MAX_PAYLOAD
from .errors import Unsendable
from .scan import TOO_LARGE


class Owners:
    """Of the buffers of one value."""

    def __init__(self) -> None:
        self._found: dict[int, list[Any]] = {}

    def add(self, view: Any, size: int) -> None:
        """Raises `Unsendable` when the buffers of one owner are larger than it by more than a payload may be."""
        owner = _owner(view)
        record = self._found.setdefault(id(owner), [owner, -_size(owner)])
        record[1] += size
        if record[1] > MAX_PAYLOAD:
            raise Unsendable(TOO_LARGE)

    def clear(self) -> None:
        self._found.clear()


def _owner(view: Any) -> Any:
    numpy = sys.modules.get("numpy")
    ndarray = None if numpy is None else getattr(numpy, "ndarray", None)
    while True:
        if type(view) is memoryview:
            inner = view.obj
        elif ndarray is not None and type(view) is ndarray:
            inner = view.base
        else:
            return view
        if inner is None:
            return view
        view = inner


def _size(owner: Any) -> int:
    """Its bytes; 0 where that is not known."""
    try:
        return int(memoryview(owner).nbytes)
    except (TypeError, ValueError, BufferError):
        return int(getattr(owner, "nbytes", 0))
