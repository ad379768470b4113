"""What the main thread is at: one call, those around it, and what has come meanwhile."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from ..execution.cancellation import Cancellation
from ..execution.current import NUMBER

if TYPE_CHECKING:  # most workers have none
    from .threads import Threads


class Doing:
    __slots__ = ("around", "asides", "cancellation", "current", "inbox", "main", "threads")

    def __init__(self) -> None:
        self.main = threading.get_ident()
        self.inbox: deque[Any] = deque()
        """Messages that wait for their turn."""
        self.current = 0
        """The call that runs in the main thread; 0: none."""
        self.around: list[int] = []
        """The calls that wait for the pool, outermost first, while that one runs inside them."""
        self.asides: set[int] = set()
        """Of these and of those in other threads, the ones that the pool knows to go on beside others."""
        self.cancellation = Cancellation()
        self.threads: Threads | None = None
        """Those that run calls beside the main one, which runs none then."""

    def in_main(self) -> bool:
        return threading.get_ident() == self.main

    def number(self) -> int:
        """The call that the code of this thread belongs to. A thread that a library has started is of the call in
        which it is first seen here, and of none when that is over."""
        number = NUMBER.get()
        if number or threading.get_ident() == self.main:
            return number or self.current
        now = self.current if self.threads is None else self.threads.only()
        seen: int = threading.current_thread().__dict__.setdefault("_envmgr_call", now)
        return seen if self.includes(seen) else 0

    def includes(self, number: int) -> bool:
        """Whether the main thread is in this call, or in one inside it; or a thread that runs calls is."""
        return number != 0 and (
            number == self.current
            or number in self.around
            or (self.threads is not None and number in self.threads)
        )

    def due(self) -> bool:
        """Whether what runs is to end, and does not know yet."""
        return self.cancellation.due(self.current, self.around)

    def rest(self) -> None:
        """Between calls: forgets what is over."""
        if self.cancellation.asked:
            self.cancellation.settle(self.around)
        if self.asides:
            self.asides.intersection_update(self.around)
