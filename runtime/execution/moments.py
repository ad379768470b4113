"""Where in a library's code an exception may be raised from outside, and what that would leave behind."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

_IMPORTING = "<frozen importlib._bootstrap"
"""The file of the frames between an import and the module's code, in CPython."""
_PAIRED = frozenset(("__enter__", "__exit__", "acquire", "release"))
"""Functions that have a counterpart: half of what they change would stay changed for the calls to come, a lock
locked, `sys.stdout` another's, an option of pandas set."""
_LOGGING = "logging"
"""The module that takes its locks without `with`, until Python 3.12. All threads need them, and a call may do hardly
anything but log: so it is never cut short in `_LOCKING`."""
_LOCKING = frozenset(("_acquireLock", "_releaseLock", "acquire", "handle", "release"))
_RUNNING = tuple(f"{__name__.rpartition('.')[0]}.{name}" for name in ("calls", "streams"))
"""The modules of ours that run the library's code: what is further out belongs to another call."""
_SPARED, _PATIENCE = 3, 0.3
"""How often a call is spared for what `_PAIRED` says, at least, and for how many seconds. Such a function may wait
for something, and the call is to end before the grace period does; on a busy machine time alone says little."""


class Moments:
    """Of the calls of one thread.

    An import is never cut short: what was may refuse another in the same process, as NumPy does, like most extension
    modules (`multi-phase initialisation`, PEP 489). What `with` enters and leaves is not cut short while that takes a
    moment.
    """

    __slots__ = ("_number", "_since", "_spared")

    def __init__(self) -> None:
        self._number = self._spared = 0
        self._since = 0.0

    def is_one(self, number: int, frame: FrameType | None) -> bool:
        """Whether call `number` may be ended where it is at. If not: again in 50 ms or so."""
        if number != self._number:
            self._number, self._spared, self._since = number, 0, monotonic()
        if frame is not None and frame.f_code.co_name in _LOCKING and _module(frame) == _LOGGING:
            return False
        paired = False
        while frame is not None:
            code, module = frame.f_code, _module(frame)
            if code.co_filename.startswith(_IMPORTING):
                return False
            if module in _RUNNING:
                break
            paired = paired or code.co_name in _PAIRED or module == _LOGGING
            frame = frame.f_back
        if paired and (self._spared < _SPARED or monotonic() - self._since < _PATIENCE):
            self._spared += 1
            return False
        return True


def _module(frame: FrameType) -> Any:
    return frame.f_globals.get("__name__")
