"""Who reads what the pool sends: one thread at a time."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Callable

from ..wire.frames import BrokenFrame, FrameReader
from ..wire.messages import CALL


class Turns:
    """Reads for `take`, which hands each message to whom it belongs.

    The main thread reads when it has nothing to do; a thread that waits for an answer of the pool reads while nobody
    else does; a signal's handler reads what is there already. Who finds another reading sleeps until its bell rings:
    there is something for it, or who read has what it waited for.
    """

    def __init__(self, reader: FrameReader, take: Callable[[list[Any]], None]) -> None:
        self._reader = reader
        self._take = take
        self._lock = threading.Lock()
        self.bells: list[Bell] = []
        """Of those who wait."""
        self.ended = False
        """Nothing more will come."""
        self.broken: BrokenFrame | None = None
        """What came last cannot be read."""

    def until(
        self, ready: Callable[[], Any], bell: Bell, patience: Callable[[], float | None] = lambda: None
    ) -> None:
        """Returns when `ready()`, when nothing more will come, or when `patience()` seconds are over."""
        self.bells.append(bell)
        try:
            while not (ready() or self.ended):
                seconds = patience()
                if not self._lock.acquire(False):
                    if not bell.wait(seconds):
                        return
                    continue
                try:
                    if seconds is not None and not self._reader.waiting(seconds):
                        return
                    if not (ready() or self.ended):
                        self._read()
                finally:
                    self._lock.release()
        finally:
            self.bells.remove(bell)
            self.next()

    def idle(self, inbox: Any) -> Any:
        """As the main thread, with nothing to do while `inbox` is empty: reads one time. A plain call that came
        alone is handed over as it is, which is quicker. False when all was taken, None when another reads.
        """
        lock = self._lock
        if not lock.acquire(False):
            return None
        message: Any = False
        try:
            if not inbox:  # still: a signal's handler may have read meanwhile
                messages = self._reader.read()
                if not messages:
                    self.end()
                else:
                    first = messages[0]
                    if len(messages) == 1 and type(first) is list and len(first) == 5 and first[0] == CALL:
                        message = first
                    else:
                        self._take(messages)
        except BrokenFrame as error:
            self.end(error)
        finally:
            lock.release()
        if self.bells:
            self.next()
        return message

    def glance(self) -> None:
        """Reads what has come, without waiting for more, if nobody else reads."""
        if not self._lock.acquire(False):
            return
        try:
            while not self.ended and self._reader.waiting():
                self._read()
        finally:
            self._lock.release()
            if self.bells:
                self.ring()

    def next(self) -> None:
        """Wakes one of those who wait: it may read."""
        for bell in self.bells[:1]:
            bell.ring()

    def ring(self) -> None:
        """Wakes all: there is something for one of them."""
        for bell in list(self.bells):
            bell.ring()

    def after_fork(self) -> None:
        """In a fork: the thread that might have held the lock is not there."""
        self._lock = threading.Lock()
        self.bells.clear()

    def _read(self) -> None:
        try:
            messages = self._reader.read()
        except BrokenFrame as error:
            self.end(error)
        else:
            if messages:
                self._take(messages)
            else:
                self.end()

    def end(self, broken: BrokenFrame | None = None) -> None:
        """Nothing more will come, or can be read."""
        self.ended, self.broken = True, broken
        self.ring()


class Bell:
    """Rung any number of times, it wakes once."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def ring(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._lock.release()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it was rung, before or within `seconds`."""
        return self._lock.acquire(timeout=-1 if seconds is None else seconds)
