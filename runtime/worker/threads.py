"""The threads that run calls, of a worker that runs several at a time."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from queue import SimpleQueue
from typing import Callable, Iterator

from ..execution.calls import Calls
from ..execution.interrupting import InThread
from ..execution.output import LogStream

DEEPEST = 100
"""Threads beyond their number, each in the place of one whose call waits for a function of the pool."""

Say = Callable[[], "tuple[LogStream, LogStream]"]


class One:
    """One of the threads: what it converts with, what ends its call, what its code prints."""

    def __init__(self, calls: Calls, streams: tuple[LogStream, LogStream]) -> None:
        self.calls = calls
        self.user = InThread()
        calls.user = self.user
        self.stdout, self.stderr = streams

    def finish(self) -> None:
        """Adds half lines of output."""
        self.stdout.finish()
        self.stderr.finish()


class Work:
    """What a thread is to do. `refuse`: what to do instead where it is a call that is not begun; None: it is none.
    `whole`: nothing else is here of that call."""

    __slots__ = ("number", "refuse", "run", "whole")

    def __init__(
        self,
        number: int,
        run: Callable[[One], None],
        refuse: Callable[[BaseException], None] | None = None,
        whole: bool = False,
    ) -> None:
        self.number = number
        self.run = run
        self.refuse = refuse
        self.whole = whole


class Threads:
    """`count` of them begin what is put in, in that order. A call that waits for the pool leaves its place to
    another, which the answer may need.

    `late` is told of a call that was to end when what was done for it was over: it may have become a coroutine or a
    stream. `fail` is told of what ends the worker. All methods but `start` may be called in any thread.
    """

    def __init__(
        self,
        count: int,
        calls: Calls,
        streams: Say,
        late: Callable[[int], object],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._count = count
        self._calls = calls
        self._streams = streams
        self._late = late
        self._fail = fail
        self._lock = threading.RLock()
        self._inbox: deque[Work] = deque()
        self._tokens: SimpleQueue[None] = SimpleQueue()
        """One for each work that was put in, at least."""
        self._ones: dict[int, One] = {}
        """By the thread's ident."""
        self._started = 0
        self._idle = 0
        self._waiting: dict[int, int] = {}
        """By call: how many of its threads wait for the pool."""
        self._spare: list[Calls] = []
        self._process = os.getpid()

    def start(self) -> None:
        with self._lock:
            self._grow()

    def put(self, work: Work) -> None:
        """Behind all that was put in before. A call is refused where every thread waits for the pool, and there may
        be no more of them."""
        with self._lock:
            if not self._stuck() or work.refuse is None:
                self._inbox.append(work)
                self._tokens.put(None)
                return
        work.refuse(_too_deep())

    def soon(self, work: Work) -> None:
        """Before all others; in a thread of its own where none is free."""
        with self._lock:
            if self._idle:
                self._inbox.appendleft(work)
                self._tokens.put(None)
                return
        threading.Thread(target=self._alone, args=(work,), name="envmgr-call", daemon=True).start()

    def take_back(self, number: int, whole: bool = False) -> Work | None:
        """The call of this number, if it has not begun; it will not. `whole`: only if nothing else of it is here."""
        with self._lock:
            for work in self._inbox:
                if work.number == number and work.refuse is not None and work.whole >= whole:
                    self._inbox.remove(work)
                    return work
        return None

    def mine(self) -> One | None:
        """Of the thread that asks; None where it is another's."""
        return self._ones.get(threading.get_ident())

    def __contains__(self, number: object) -> bool:
        """Whether this call runs here."""
        return any(one.user.number == number for one in list(self._ones.values()))

    def only(self) -> int:
        """The call that runs here, where it is one; else 0."""
        running = [one.user.number for one in list(self._ones.values()) if one.user.number]
        return running[0] if len(running) == 1 else 0

    def quiet(self) -> bool:
        """Whether there is nothing to do and nothing is done."""
        with self._lock:
            return not self._inbox and not any(one.user.number for one in self._ones.values())

    def end(self, number: int) -> bool:
        """Ends this call; False when it does not run here."""
        return any(one.user.end(number) for one in list(self._ones.values()))

    def remind(self) -> None:
        """In a signal's handler: ends what was to end and does not know."""
        for one in list(self._ones.values()):
            one.user.remind()

    def unheard(self) -> None:
        """What was raised in this thread was lost."""
        one = self.mine()
        if one is not None:
            one.user.unheard()

    def is_due(self, number: int) -> bool:
        """Whether this call is to end, and does not know yet."""
        return any(one.user.number == number and one.user.due for one in list(self._ones.values()))

    def finding(self) -> list[tuple[One, int]]:
        """The calls that have begun and may not have found their objects, and where."""
        found = [(one, one.user.number) for one in list(self._ones.values()) if one.user.finding]
        return [(one, number) for one, number in found if number]

    @contextlib.contextmanager
    def waiting(self, number: int) -> Iterator[None]:
        """Around what waits for the pool on behalf of this call."""
        if number not in self:
            yield
            return
        refused: list[Work] = []
        with self._lock:
            self._waiting[number] = self._waiting.get(number, 0) + 1
        try:
            with self._lock:
                self._grow()
                if self._stuck():
                    refused = [work for work in self._inbox if work.refuse is not None]
                    for work in refused:
                        self._inbox.remove(work)
            for work in refused:
                work.refuse(_too_deep())  # type: ignore[misc]
            yield
        finally:
            with self._lock:
                self._waiting[number] -= 1
                if not self._waiting[number]:
                    del self._waiting[number]
                if self._surplus():
                    self._tokens.put(None)  # one that has nothing to do hears of it

    def after_fork(self) -> None:
        """In a fork: only this thread is there, and it has nothing to do when its call is over."""
        self._lock = threading.RLock()
        one = self.mine()
        if one is not None:
            one.user.after_fork()

    def _stuck(self) -> bool:
        return 0 < self._started <= len(self._waiting)

    def _surplus(self) -> bool:
        return self._started - len(self._waiting) > self._count

    def _grow(self) -> None:
        while self._started - len(self._waiting) < self._count and self._started < self._count + DEEPEST:
            threading.Thread(target=self._serve, name="envmgr-call", daemon=True).start()
            self._started += 1

    def _serve(self) -> None:
        one = self._enter()
        while True:
            with self._lock:
                if self._surplus():
                    self._started -= 1
                    self._leave(one)
                    return
                self._idle += 1
            self._tokens.get()
            with self._lock:
                self._idle -= 1
                if not self._inbox:
                    continue
                work = self._inbox.popleft()
                one.user.begin(work.number)
            self._run(work, one)

    def _alone(self, work: Work) -> None:
        one = self._enter()
        one.user.begin(work.number)
        self._run(work, one)
        with self._lock:
            self._leave(one)

    def _run(self, work: Work, one: One) -> None:
        try:
            work.run(one)
        except BaseException as error:  # noqa: BLE001 - what it is, is for the worker's end
            self._fail(error)
        if os.getpid() != self._process:  # the call has forked, and the child came back from it
            os._exit(0)
        if one.user.over():
            self._late(work.number)

    def _enter(self) -> One:
        with self._lock:
            calls = self._spare.pop() if self._spare else self._calls.beside()
        calls.buffers.outward()
        one = self._ones[threading.get_ident()] = One(calls, self._streams())
        return one

    def _leave(self, one: One) -> None:
        del self._ones[threading.get_ident()]
        self._spare.append(one.calls)

    def calls(self) -> list[Calls]:
        """What the threads convert with, also those that are gone."""
        with self._lock:
            return [*self._spare, *(one.calls for one in self._ones.values())]


def _too_deep() -> RecursionError:
    return RecursionError(f"{DEEPEST} calls wait for functions of the pool, each inside the one before")
