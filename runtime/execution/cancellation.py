"""Ending a call from outside while it runs."""

from __future__ import annotations

from time import monotonic
from typing import Iterable

_PATIENCE = 0.1
"""Seconds that a call has which runs inside a cancelled one."""


class Cancelled(BaseException):
    """The pool has cancelled the call. Raised in the middle of whatever the library does; no `Exception`, so that
    what handles errors lets it pass. `own`: it was this call that was cancelled."""

    __module__ = __name__.partition(".")[0]

    def __init__(self, message: str = "the call was cancelled", own: bool = True) -> None:
        super().__init__(message)
        self.own = own


class Interruptible:
    """Whether the library's code runs in a thread, so that an exception may be raised in it."""

    __slots__ = ("runs",)

    runs: bool

    def __init__(self) -> None:
        self.runs = False


class Cancellation:
    """What was asked to end, of the calls of the main thread.

    Calls that wait for an answer from the pool have others inside them. To end one is to end those inside it: each of
    them is told once, from the innermost out, and what it does then is its own matter.
    """

    def __init__(self) -> None:
        self.asked: set[int] = set()
        self._old: set[int] = set()
        self._told: set[int] = set()
        self._last = 0
        self._noticed: dict[int, float] = {}

    def of(self, number: int) -> bool:
        """Whether this call, which has not begun or is over, was to end; it is forgotten."""
        found = number in self.asked
        self.asked.discard(number)
        return found

    def due(self, innermost: int, around: Iterable[int]) -> bool:
        """Whether the innermost call is to end, and was not told yet. It may be another caller's than the one around
        it that was cancelled: then it has a moment to come to its end."""
        asked = self.asked
        if not asked or innermost in self._told:
            return False
        if innermost in asked:
            return True
        if asked.isdisjoint(around):
            return False
        now = monotonic()
        return now - self._noticed.setdefault(innermost, now) > _PATIENCE

    def tell(self, innermost: int, around: Iterable[int]) -> None:
        """Raises `Cancelled` when that is due."""
        if self.due(innermost, around):
            self._told.add(innermost)
            self._last = innermost
            if innermost in self.asked:
                raise Cancelled
            raise Cancelled("the call ran inside one that was cancelled", own=False)

    def unheard(self) -> None:
        """What was raised last was lost, in a finaliser, say."""
        self._told.discard(self._last)

    def settle(self, running: Iterable[int]) -> None:
        """Forgets what was asked before the last time that this was called: it came after the call's answer."""
        self._old.difference_update(running)
        self.asked.difference_update(self._old)
        self._told.intersection_update(running)
        self._noticed.clear()
        self._old = set(self.asked)
