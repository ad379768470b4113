"""Which call the code that runs belongs to."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from threading import RLock

NUMBER: ContextVar[int] = ContextVar("envmgr_call", default=0)
"""The call of a coroutine, or of a thread that runs one. 0 in the main thread, where the loop knows, and in threads
that belong to nobody."""


def in_turns() -> bool:
    """Whether Python's threads run one at a time: not in a free-threaded build. There, what another thread does to
    an object's reference count may be seen half done."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


class Numbers:
    """1, 2, 3, …, each once, in whatever threads they are taken: `itertools.count` promises that only where one
    thread runs at a time."""

    __slots__ = ("_last", "_lock")

    def __init__(self) -> None:
        self._lock = RLock()  # taken again where a finaliser runs meanwhile
        self._last = 0

    def __call__(self) -> int:
        with self._lock:
            self._last += 1
            return self._last
