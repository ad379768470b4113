"""Open streams whose iterators run in the main thread, or in one that waits while the main thread does."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Tuple

from ..execution import context as contexts
from ..execution.calls import Calls
from ..execution.current import NUMBER
from ..execution.events import Events
from ..execution.streams import Stream, check, iterator
from ..wire.messages import CHUNK, LOG, MORE, WARNING
from ..wire.packing import packb
from ..wire.texts import sendable
from .doing import Doing
from .outbox import Outbox

_WARNING_LEVEL = 30
_Said = Tuple[int, "bytes | None"]


class Serving:
    """Of one worker. A thread that does the main thread's work while that waits may call its methods too."""

    def __init__(self, doing: Doing, calls: Calls, out: Outbox, events: Events) -> None:
        self._doing = doing
        self._calls = calls
        self._out = out
        self._events = events
        self._open: dict[int, Stream] = {}
        self.early: list[Any] = []
        """Requests for streams whose calls are not done: they wait for a function of the pool."""

    def __contains__(self, number: object) -> bool:
        return number in self._open

    def open(self, number: int, value: Any, about: Mapping[str, Any]) -> None:
        """Raises `RefLimit`, and what the value's iterator raises."""
        check(len(self._open) + self._events.streams)
        if hasattr(type(value), "__aiter__"):
            self._events.stream(number, value, about)
            return
        self._open[number] = Stream(iterator(value), self._calls.beside(), about)

    def wanted(self, number: int) -> None:
        """What was asked for before the stream was there is next."""
        if self.early:
            found = [message for message in self.early if message[1] == number]
            self.early = [message for message in self.early if message[1] != number]
            self._doing.inbox.extendleft(reversed(found))

    def more(self, number: int, wanted: int) -> None:
        """Answers the request, if the stream is not over."""
        stream = self._open.get(number)
        if stream is None:
            if not self._events.more(number, wanted) and number in self._doing.asides:
                self.early.append([MORE, number, wanted])
            return
        if stream.busy:  # what it does has led here
            stream.postponed.append(wanted)
            return
        self._say(number, stream, *self._as(number, stream, lambda: stream.next(wanted)))
        if stream.postponed and number in self._open:
            self._doing.inbox.appendleft([MORE, number, stream.postponed.popleft()])

    def cancel(self, number: int) -> None:
        stream = self._open.get(number)
        if stream is not None and not stream.busy:
            self._say(number, stream, *self._as(number, stream, stream.close))

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
            stream.user = stream.calls.user  # nobody interrupts this thread
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
            del self._open[number]
        self._out.put(packb([kind, number] if payload is None else [kind, number, payload]))
