"""Ending what runs in a thread that no signal reaches: Python raises an exception there, between two of its
instructions."""

from __future__ import annotations

import sys
import threading
from typing import Any, Callable

from .cancellation import Cancelled, Interruptible
from .moments import Moments


class InThread(Interruptible):
    """Of one thread, which alone calls `begin`, `over` and sets `runs`; `end` is for any other.

    `runs` is a window that the thread opens before the library's code and closes behind it. `Cancelled` is raised
    once in a call, while it is open, and has been raised when setting it to False returns. That may be where it is
    raised: who closes a window sees to it that it is closed then, too. A call that is to end while our own code works
    for it hears of that when the library's code goes on.
    """

    __slots__ = ("_doomed", "_ident", "_lock", "_moments", "_runs", "_told", "finding", "number")

    def __init__(self) -> None:
        self._ident = threading.get_ident()
        self._lock = threading.RLock()  # a finaliser may print in the midst of what is locked here
        self._runs = self._doomed = self._told = False
        self._moments = Moments()
        self.number = 0
        """The call that runs here; 0: none."""
        self.finding = False
        """Whether it has yet to find what it was given: objects must not be released before."""

    def begin(self, number: int) -> None:
        with self._lock:
            self.number, self.finding = number, True
            self._doomed = self._told = False

    def over(self) -> bool:
        """Whether it was to end, as far as anybody has said."""
        with self._lock:
            self._runs = self.finding = False
            self.number = 0
            return self._doomed

    @property
    def runs(self) -> bool:
        return self._runs

    @runs.setter
    def runs(self, value: bool) -> None:
        if not value:
            try:
                with self._lock:
                    self._runs = False
                _land()
            finally:
                self._runs = False
            return
        with self._lock:
            self.finding = False
            self._runs = True
            due = self._doomed and not self._told
            self._told = self._told or due
        if due:
            raise Cancelled

    @property
    def due(self) -> bool:
        """Whether the call that runs here is to end, and does not know yet."""
        return self._doomed and not self._told

    def end(self, number: int) -> bool:
        """Ends this call; False when it does not run here."""
        with self._lock:
            if self.number != number:
                return False
            self._doomed = True
            self.remind()
            return True

    def remind(self) -> None:
        """Ends what is to end and does not know yet. To be repeated until that is over. It waits for nothing: a
        signal's handler holds whatever the code below it does."""
        if not self._lock.acquire(False):
            return
        try:
            if self._runs and self._doomed and not self._told:
                self._told = True  # first: a signal's handler may come here again
                if not _raise_in(self._ident, self._may):
                    self._told = False
        finally:
            self._lock.release()

    def _may(self) -> bool:
        return self._moments.is_one(self.number, sys._current_frames().get(self._ident))

    def unheard(self) -> None:
        """What was raised was lost, in a finaliser, say."""
        self._told = False

    def after_fork(self) -> None:
        """In a fork: the thread that might have held the lock is not there."""
        self._lock = threading.RLock()


def _raise_in(ident: int, may: Callable[[], bool]) -> bool:
    """False when it is not the moment. `may()` says whether it is, where that thread is now.

    Until Python 3.12 a thread that is being started goes by the ident of the one that starts it, and would get what
    is raised in that: it would never say that it is there. Until 3.10 `with` does not let go of a lock where the
    exception comes just as its block ends. So Python's own locks of its threads are held meanwhile: none is begun,
    and none of them stays locked.
    """
    import ctypes

    if not may():
        return False
    if sys.version_info >= (3, 12):
        return _raised(ctypes, ident, may)
    known = threading.__dict__
    locks = [known["_active_limbo_lock"], known["_shutdown_locks_lock"]]
    held = [lock for lock in locks if lock.acquire(False)]
    try:
        return held == locks and not known["_limbo"] and _raised(ctypes, ident, may)
    finally:
        for lock in held:
            lock.release()


def _raised(ctypes: Any, ident: int, may: Callable[[], bool]) -> bool:
    raise_in, thread = ctypes.pythonapi.PyThreadState_SetAsyncExc, ctypes.c_ulong(ident)
    raise_in(thread, ctypes.py_object(Cancelled))
    if may():
        return True
    raise_in(thread, None)  # it has gone on since it was looked at, and has not heard of this
    return False


def _land() -> None:
    """Python looks whether something is to be raised in a thread where it enters a function."""
