"""Open streams whose iterators run where calls do: in the main thread, in one that waits while that does, or in those
that run calls beside it."""

from __future__ import annotations

import threading
from typing import Any, Callable, Mapping, Tuple

from ..execution import context as contexts
from ..execution.calls import Calls
from ..execution.cancellation import Interruptible
from ..execution.current import NUMBER
from ..execution.events import Events
from ..execution.streams import Stream, check, iterator
from ..wire.messages import CHUNK, LOG, WARNING
from ..wire.packing import packb
from ..wire.texts import sendable
from .doing import Doing
from .outbox import Outbox

_WARNING_LEVEL = 30
_Said = Tuple[int, "bytes | None"]


class Serving:
    """Of one worker. Its methods may be called in any thread that runs calls. `again(number, wanted)` has a request
    made again, before others."""

    def __init__(
        self,
        doing: Doing,
        calls: Calls,
        out: Outbox,
        events: Events,
        interruptible: Callable[[], Interruptible | None],
        again: Callable[[int, int], None],
    ) -> None:
        self._doing = doing
        self._calls = calls
        self._out = out
        self._events = events
        self._interruptible = interruptible
        self._again = again
        self._open: dict[int, Stream] = {}
        self._lock = threading.Lock()
        self.early: list[tuple[int, int]] = []
        """Requests for streams whose calls are not done: they wait for a function of the pool, or run elsewhere."""
        self.expected: set[int] = set()
        """Calls in other threads that may become streams."""

    def __contains__(self, number: object) -> bool:
        return number in self._open

    def open(self, number: int, value: Any, about: Mapping[str, Any]) -> None:
        """Raises `RefLimit`, and what the value's iterator raises."""
        check(len(self._open) + self._events.streams)
        if hasattr(type(value), "__aiter__"):
            self._events.stream(number, value, about)
            return
        stream = Stream(iterator(value), self._calls.beside(), about)
        with self._lock:
            self._open[number] = stream

    def wanted(self, number: int) -> None:
        """What was asked for before the stream was there is next."""
        for _, wanted in reversed(self.forget(number)):
            self._again(number, wanted)

    def forget(self, number: int) -> list[tuple[int, int]]:
        """What was asked for of a stream that is not there."""
        with self._lock:
            found = [asked for asked in self.early if asked[0] == number]
            self.early = [asked for asked in self.early if asked[0] != number]
        return found

    def more(self, number: int, wanted: int) -> None:
        """Answers the request, if the stream is not over."""
        with self._lock:
            stream = self._open.get(number)
            if stream is None:
                expected = number in self._doing.asides or number in self.expected
                if not self._events.more(number, wanted) and expected:
                    self.early.append((number, wanted))
                return
            if stream.busy:  # what it does has led here, or another thread is at it
                stream.postponed.append(wanted)
                return
            stream.busy = True
        self._say(number, stream, *self._as(number, stream, lambda: stream.next(wanted)))
        with self._lock:
            stream.busy = False
            again = stream.postponed.popleft() if stream.postponed and number in self._open else None
        if again is not None:
            self._again(number, again)

    def cancel(self, number: int) -> bool:
        """Closes the stream; False when it is not idle here."""
        with self._lock:
            stream = self._open.get(number)
            if stream is None or stream.busy:
                return False
            stream.busy = True
        self._say(number, stream, *self._as(number, stream, stream.close))
        return True

    def close(self) -> None:
        """Ends all: nobody will ask for more."""
        for number in list(self._open):
            self.cancel(number)
        self._events.close()

    def _as(self, number: int, stream: Stream, run: Callable[[], _Said]) -> _Said:
        """Runs it as part of this call."""
        context = contexts.again(stream.context)
        try:
            return self._in_turn(number, stream, run)
        finally:
            contexts.leave(context)

    def _in_turn(self, number: int, stream: Stream, run: Callable[[], _Said]) -> _Said:
        doing = self._doing
        if not doing.in_main():
            stream.user = self._interruptible() or stream.calls.user
            token = NUMBER.set(number)
            try:
                return run()
            finally:
                NUMBER.reset(token)
        stream.user, outer, doing.current = self._calls.user, doing.current, number
        try:
            return run()
        finally:
            doing.current = outer

    def _say(self, number: int, stream: Stream, kind: int, payload: bytes | None) -> None:
        self._out.finish()
        warnings = stream.calls.warnings
        for text in warnings:
            self._out.put(packb([LOG, number, WARNING, sendable(text), "UserWarning", _WARNING_LEVEL]))
        warnings.clear()
        if kind != CHUNK:
            with self._lock:
                del self._open[number]
        self._out.put(packb([kind, number] if payload is None else [kind, number, payload]))
