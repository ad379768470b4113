"""`sys.stdout` and `sys.stderr` of a worker: what is printed becomes log messages of the running call."""

from __future__ import annotations

import io
from typing import Callable

_MOST = 8192
"""Characters held back while no newline ends them."""


class TextStream(io.TextIOBase):
    encoding = "utf-8"

    def writable(self) -> bool:
        return True


class LogStream(TextStream):
    """A text stream that hands whole lines to `emit(number, text)`; `finish` hands over the rest.

    `number()` says which call writes. What another has begun to write is handed over first.
    """

    def __init__(self, emit: Callable[[int, str], None], number: Callable[[], int] = int) -> None:
        self._emit = emit
        self._number = number
        self._of = 0
        self.held = ""

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        number = self._number()
        if number != self._of:
            self.finish()
            self._of = number
        held = self.held + text
        cut = len(held) if len(held) > _MOST else held.rfind("\n") + 1
        self.held = held[cut:]
        if cut:
            self._emit(number, held[:cut])
        return len(text)

    def finish(self) -> None:
        if self.held:
            held, self.held = self.held, ""
            self._emit(self._of, held)


class Divided(TextStream):
    """A stream for each thread that runs calls, so that their lines stay whole, and one for all others. `mine()` is
    that of the thread that writes, if it has its own."""

    def __init__(self, mine: Callable[[], LogStream | None], others: LogStream) -> None:
        self._mine = mine
        self._others = others

    def write(self, text: str) -> int:
        return (self._mine() or self._others).write(text)

    def finish(self) -> None:
        (self._mine() or self._others).finish()
