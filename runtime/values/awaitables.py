"""Values whose value is still to come: coroutines and futures."""

from __future__ import annotations

from typing import Any

_COROUTINE = ("__await__", "send", "throw", "close")
_FUTURE = ("__await__", "get_loop", "add_done_callback")


class Awaited(BaseException):
    """The value as a whole has to be awaited first. No `Exception`: it passes what looks after odd values."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def is_awaited(kind: type) -> bool:
    """Whether values of this type are there to be awaited and for nothing else: coroutines (Cython's too) and
    asyncio's futures. A query, say, that may be awaited or refined stays what it is."""
    return any(all(hasattr(kind, name) for name in names) for names in (_COROUTINE, _FUTURE))
