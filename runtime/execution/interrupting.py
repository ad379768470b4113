"""Ending what runs in a thread that no signal reaches: Python raises an exception there, between two of its
instructions."""

from __future__ import annotations

import sys
import threading

from .cancellation import Cancelled, Interruptible


class InThread(Interruptible):
    """Of one thread, which alone calls `begin`, `over` and sets `runs`; `end` is for any other.

    `Cancelled` is raised once in a call, while `runs`, and has been raised when `runs` is off again. A call that is
    to end while our own code works for it hears of that when the library's code goes on.
    """

    __slots__ = ("_doomed", "_ident", "_lock", "_runs", "_told", "finding", "number")

    def __init__(self) -> None:
        self._ident = threading.get_ident()
        self._lock = threading.RLock()  # a finaliser may print in the midst of what is locked here
        self._runs = self._doomed = self._told = False
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
            due = self.due
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
        """Ends what is to end and does not know yet. To be repeated until that is over."""
        with self._lock:
            if self._runs and self.due and _is_alone():
                self._told = True
                _raise_in(self._ident)

    def unheard(self) -> None:
        """What was raised was lost, in a finaliser, say."""
        self._told = False

    def after_fork(self) -> None:
        """In a fork: the thread that might have held the lock is not there."""
        self._lock = threading.RLock()


def _raise_in(ident: int) -> None:
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(Cancelled))


def _is_alone() -> bool:
    """Whether no thread is just being started. Until Python 3.12 it goes by the ident of the thread that starts it,
    and would get what is raised in that: it would never say that it is there."""
    return sys.version_info >= (3, 12) or not threading.__dict__.get("_limbo")


def _land() -> None:
    """Python looks whether something is to be raised in a thread where it enters a function."""
