"""Envmgr's runtime: the worker that lives in a library's own interpreter (Python 3.8 or later).

Imported as `envmgr_runtime`. It is the standard library and msgpack, imports nothing of `envmgr`, and is
staged into a runtime layer whose directory never stands on `sys.path`. Rooms and arrows (a test proves it)::

    wire <- values <- library <- advice <- failures <- execution <- worker

What a library's code, a hook or an init source may use of it is here; the rest is the worker's own.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"

_ELSEWHERE = {"ElixirError": "functions", "Cancelled": "cancellation", "SessionError": "sessions"}
"""What is imported when it is asked for, by its module in `execution`."""


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".execution.{_ELSEWHERE[name]}", __name__), name)


def context() -> dict[str, str | None]:
    """Of the call that runs, in coroutines too: its `correlation` (as the caller gave it), `path` and `library`.

    Each is None where it is not known: in a call that came without a context, in a thread of the library's.
    """
    from .execution.context import current

    return current()


def session(*default: Any) -> Any:
    """The session of the call that runs, also in coroutines, streams and threads of it: a mapping of the variables
    that the session's calls and Elixir share. With `id`, `put`, `keep`, `delete` and `lost` beside a dict's methods.

    Of a call without a session: `default`. Raises `SessionError` where none is given.
    """
    from .execution.session import session as found

    return found(*default)
