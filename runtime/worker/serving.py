"""Open streams whose iterators run in the main thread."""

from __future__ import annotations

from typing import Any, Mapping

from ..execution.calls import Calls
from ..execution.events import Events
from ..execution.streams import Stream, check, iterator
from ..wire.messages import CHUNK, LOG, MORE, WARNING
from ..wire.packing import packb
from .doing import Doing
from .outbox import Outbox, clean

_WARNING_LEVEL = 30


class Serving:
    """Of one worker. Its methods are the main thread's, but for `in`."""

    def __init__(self, doing: Doing, calls: Calls, out: Outbox, events: Events) -> None:
        self._doing = doing
        self._calls = calls
        self._out = out
        self._events = events
        self._inline: Calls | None = None
        self._open: dict[int, Stream] = {}

    def __contains__(self, number: object) -> bool:
        return number in self._open

    def open(self, number: int, value: Any, about: Mapping[str, Any]) -> None:
        """Raises `RefLimit`, and what the value's iterator raises."""
        check(len(self._open) + self._events.streams)
        if hasattr(type(value), "__aiter__"):
            self._events.stream(number, value, about)
            return
        if self._inline is None:
            self._inline = self._calls.beside()
        self._open[number] = Stream(iterator(value), self._inline, self._calls.user, about)

    def more(self, number: int, wanted: int) -> None:
        """Answers the request, if the stream is not over."""
        stream = self._open.get(number)
        if stream is None:
            self._events.more(number, wanted)
            return
        if stream.busy:  # what it does has led here
            stream.postponed.append(wanted)
            return
        doing, outer = self._doing, self._doing.current
        doing.current = number
        try:
            said = stream.next(wanted)
        finally:
            doing.current = outer
        self._say(number, *said)
        if stream.postponed and number in self._open:
            doing.inbox.appendleft([MORE, number, stream.postponed.popleft()])

    def cancel(self, number: int) -> None:
        stream = self._open.get(number)
        if stream is not None and not stream.busy:
            outer, self._doing.current = self._doing.current, number
            try:
                said = stream.close()
            finally:
                self._doing.current = outer
            self._say(number, *said)

    def close(self) -> None:
        """Ends all: nobody will ask for more."""
        for number in list(self._open):
            self.cancel(number)
        self._events.close()

    def _say(self, number: int, kind: int, payload: bytes | None) -> None:
        self._out.finish()
        calls = self._inline
        if calls is not None and calls.warnings:
            for text in calls.warnings:
                self._out.put(packb([LOG, number, WARNING, clean(text), "UserWarning", _WARNING_LEVEL]))
            calls.warnings.clear()
        if kind != CHUNK:
            del self._open[number]
        self._out.put(packb([kind, number] if payload is None else [kind, number, payload]))
