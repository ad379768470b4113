"""Which call the code that runs belongs to."""

from __future__ import annotations

from contextvars import ContextVar

NUMBER: ContextVar[int] = ContextVar("envmgr_call", default=0)
"""The call of a coroutine, or of a thread that runs one. 0 in the main thread, where the loop knows, and in threads
that belong to nobody."""
