"""`sys.stdout` and `sys.stderr` of a worker: what is printed becomes log messages of the running call."""

from __future__ import annotations

import io
from typing import Callable

_MOST = 8192
"""Characters held back while no newline ends them."""


class LogStream(io.TextIOBase):
    """A text stream that hands whole lines to `emit(text)`; `finish` hands over the rest."""

    encoding = "utf-8"

    def __init__(self, emit: Callable[[str], None]) -> None:
        self._emit = emit
        self.held = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        held = self.held + text
        cut = len(held) if len(held) > _MOST else held.rfind("\n") + 1
        self.held = held[cut:]
        if cut:
            self._emit(held[:cut])
        return len(text)

    def finish(self) -> None:
        if self.held:
            held, self.held = self.held, ""
            self._emit(held)
