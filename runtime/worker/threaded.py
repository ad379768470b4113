"""The loop of a worker that runs several calls at a time: the main thread reads, threads run calls."""

from __future__ import annotations

import threading
from contextvars import copy_context
from typing import Any, Callable, Mapping

from ..execution import context as contexts
from ..execution.calls import ANSWER, AWAIT, OPEN, Calls
from ..execution.cancellation import Cancelled, Interruptible
from ..execution.current import NUMBER
from ..execution.output import Divided, LogStream
from ..wire.frames import BrokenFrame, FrameReader, FrameWriter
from ..wire.messages import (
    ASIDE,
    BYE,
    CALL,
    CALLBACK_RESULT,
    CANCEL,
    ERROR,
    MORE,
    RECALL,
    RELEASE,
    REPORT,
    RESULT,
    STREAM,
)
from ..wire.packing import packb
from .loop import Loop
from .outbox import Outbox
from .received import numbers, parts
from .threads import One, Threads, Work

_PATIENCE = 0.02
"""Seconds between two looks at what no bell tells."""
_SOON = 0.0005
"""The same, where it takes as long as arguments take to be made."""


class ThreadedLoop(Loop):
    """As `Loop`. Messages about calls are done when they come; only calls, what is asked of streams, and releases,
    which stand behind the calls before them, are done by threads.

    `before` is what the loop before it sent by. `fail` is told of what ends the worker, in the thread where that
    happens; it does not return.
    """

    def __init__(
        self,
        reader: FrameReader,
        writer: FrameWriter,
        calls: Calls,
        signal: int,
        count: int,
        before: Outbox,
        fail: Callable[[BaseException], None],
    ) -> None:
        super().__init__(reader, writer, calls, signal, before)
        reader.spins = False
        out, self._bye = self.out, False
        self.threads = count
        self._lane = threading.Lock()
        """Held while an answer's buffers get behind those of the one before."""
        self._threads = self._doing.threads = Threads(count, calls, out.lines, self._cancel, fail)
        out.stdout = _divided(self._threads, out.stdout, lambda one: one.stdout)
        out.stderr = _divided(self._threads, out.stderr, lambda one: one.stderr)

    def run(self) -> bool:
        turns = self._turns
        self._doing.main = threading.get_ident()
        self._threads.start()
        turns.until(lambda: self._bye, self._bell)
        if self._bye:
            self._leave()
        elif turns.broken is not None:
            raise turns.broken
        return self._bye

    def take(self, messages: list[Any]) -> None:
        try:
            for message in messages:
                self._take(message)
        except (TypeError, ValueError, LookupError) as error:
            self._turns.end(BrokenFrame(f"no message of the protocol: {error}"))
        if self._turns.bells:
            self._turns.ring()
        self._send()

    def interrupt(self, signal: int = 0, frame: Any = None) -> None:
        """The signal's handler. What a thread runs is ended when the cancellation is read; but one may be lost."""
        self._threads.remind()

    def unheard(self) -> None:
        self._threads.unheard()

    def after_fork(self) -> None:
        super().after_fork()
        self._threads.after_fork()

    def _send(self) -> None:
        if self._calls.functions.gone:
            self.out.drop()
        self._flush()

    def _take(self, message: Any) -> None:
        kind, number = message[0], message[1]
        if kind == CALL:
            self._begin(number, *parts(message))
        elif kind == CANCEL:
            self._cancel(number)
        elif kind == CALLBACK_RESULT:
            self._asking.answered(number, *message[2:])
        elif kind == MORE:
            if not self._events.more(number, message[2]):
                self._more(number, message[2], self._threads.put)
        elif kind == RELEASE:
            self._threads.put(Work(0, lambda one: self._release(message[2])))
        elif kind == REPORT:
            self._report(number, self._threads.calls())
        elif kind == RECALL:
            self._give_back(numbers(message[2:]))
        elif kind == BYE:
            self._bye = True
        else:
            self._control(kind, number, message)

    def _begin(
        self, number: int, target: Any, flags: int, payload: bytes, buffers: range, given: Mapping[str, Any]
    ) -> None:
        def run(one: One) -> None:
            copy_context().run(self._call_in, one, number, target, flags, payload, buffers, given)

        def refuse(error: BaseException) -> None:
            calls = self._calls.functions.borrow()
            self.out.put(packb([ERROR, number, calls.refused(payload, error)]))
            self._calls.functions.give_back(calls)
            self._calls.buffers.forget(buffers)
            self._streams.expected.discard(number)
            self._send()

        if flags & STREAM:
            self._streams.expected.add(number)
        session = given.get("session")
        if session is not None:  # for the threads that it starts
            self._served().calls[number] = session
        whole = not (buffers or given or flags & STREAM)
        self._threads.put(Work(number, run, refuse, whole))

    def _give_back(self, wanted: frozenset[int]) -> None:
        given = [number for number in sorted(wanted) if self._threads.take_back(number, True) is not None]
        if given:
            self.out.put(packb([RECALL, 0, given]))

    def _call_in(
        self,
        one: One,
        number: int,
        target: Any,
        flags: int,
        payload: bytes,
        buffers: range,
        given: Mapping[str, Any],
    ) -> None:
        """In a context of its own: nothing of it is left for the next call of this thread."""
        NUMBER.set(number)
        if given:
            contexts.enter(target, given)
        calls = one.calls
        run = calls.traced if given.get("trace") else calls.run
        calls.buffers.begin(buffers)
        try:
            kind, answer = run(target, flags, payload)
        except (
            Cancelled
        ) as error:  # its second one: the first was lost in a finaliser that it ran into at the end
            kind, answer = ERROR, calls.raised(error)
        calls.buffers.end(buffers)
        one.finish()
        self._beyond(kind, number, flags, answer, calls)
        self._streams.expected.discard(number)
        if self._sessions is not None:
            self._sessions.calls.pop(number, None)
        self._doing.asides.discard(number)
        self._streams.forget(number)
        self._send()

    def _beyond(self, kind: int, number: int, flags: int, answer: Any, calls: Calls) -> None:
        if kind not in (AWAIT, OPEN):
            self._say(number, kind, answer, calls)
            return
        value, about = answer
        try:
            if kind == AWAIT:
                with self.out.lock:  # who hears that it is aside may ask for more of it
                    self._asking.aside(number)
                    self._events.start(number, value, flags, about)
            else:
                self._streams.open(number, value, about)
                self._say_aside(number)
            self._streams.wanted(number)
        except BaseException as error:  # noqa: BLE001 - a limit, or what the value's iterator raises
            self.out.put(packb([ERROR, number, calls.raised(error, about)]))

    def _say_aside(self, number: int) -> None:
        if number not in self._doing.asides:
            self.out.put(packb([ASIDE, number]))

    def _say(self, number: int, kind: int, answer: Any, calls: Calls) -> None:
        buffers = calls.buffers
        if kind != ANSWER or not buffers.outgoing:
            super()._say(number, kind, answer, calls)
            return
        buffers.settle()
        sizes = [len(view) for view in buffers.outgoing]
        meta = packb(calls.meta(), unicode_errors="backslashreplace")
        with self._lane:
            self.out.put(packb([RESULT, number, answer, sizes, meta]))
            self._flush()
            buffers.send()

    def _cancel(self, number: int) -> None:
        """Ends the call wherever it is, which may change meanwhile."""
        while not self._cancel_aside(number):
            if self._threads.end(number):
                self._turns.ring()  # it may wait for an answer of the pool
                return
            work = self._threads.take_back(number)
            if work is not None and work.refuse is not None:
                work.refuse(Cancelled("the call was cancelled before it began"))
                return
            if number not in self._threads and not self._is_aside(
                number
            ):  # in the order in which it moves on
                return

    def _cancel_aside(self, number: int) -> bool:
        """Ends a coroutine, or a stream that nobody is at."""
        if self._events.cancel(number):
            self._turns.ring()
            return True
        if number not in self._streams or number in self._threads:
            return False
        self._threads.soon(Work(number, lambda one: self._close(one, number)))
        return True

    def _close(self, one: One, number: int) -> None:
        one.user.finding = False
        if not self._streams.cancel(number):
            self._cancel(number)
        self._send()

    def _more(self, number: int, wanted: int, put: Callable[[Work], None]) -> None:
        def run(one: One) -> None:
            copy_context().run(self._streams.more, number, wanted)
            self._send()

        put(Work(number, run))

    def _again(self, number: int, wanted: int) -> None:
        self._more(number, wanted, self._threads.soon)

    def _release(self, refs: list[int]) -> None:
        """When the calls before it have found the objects that they were given."""
        import time

        for one, number in self._threads.finding():
            while one.user.finding and one.user.number == number:
                time.sleep(_SOON)
        self._calls.refs.release(refs)

    def _is_doomed(self, number: int) -> bool:
        return super()._is_doomed(number) or self._threads.is_due(number)

    def _interruptible(self) -> Interruptible | None:
        one = self._threads.mine() if self._doing.threads is not None else None
        return None if one is None else one.user

    def _leave(self) -> None:
        turns = self._turns
        turns.until(self._threads.quiet, self._bell, lambda: _PATIENCE)
        while not (self._threads.quiet() or turns.ended):
            turns.until(self._threads.quiet, self._bell, lambda: _PATIENCE)
        super()._leave()


def _divided(
    threads: Threads, others: LogStream | Divided, of: Callable[[One], LogStream]
) -> LogStream | Divided:
    def mine() -> LogStream | None:
        one = threads.mine()
        return None if one is None else of(one)

    assert isinstance(others, LogStream)  # noqa: S101
    return Divided(mine, others)
