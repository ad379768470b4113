"""The error map of `docs/protocol.md`: what a failed call tells its caller."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

_OURS = __file__[: -len("execution/failures.py")]
_LAST = 20
"""Frames of a cancelled call that are told."""
_INNOCENT = (
    "the other call waited for a function of Elixir's when this one came to its worker. Make this one again if that "
    "does no harm: it may have run in part. A pool for calls that pass functions keeps the others out of them"
)


def failure(
    code: str,
    error: BaseException,
    library: str | None = None,
    *,
    function: Callable[..., Any] | None = None,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    step: str | None = None,
    target: Any = None,
) -> dict[str, Any]:
    """The error map for `error`, raised by `function(*args, **kwargs)`. Never raises, whatever the exception's
    own methods do; costs about a millisecond, the first one the import of what tells of errors. `target`: the
    call's, of which a path says what the library is called in envmgr.toml.
    """
    try:
        from ..failures.report import error_map

        return error_map(code, error, library, function, args, kwargs or {}, step, target)
    except BaseException as second:  # noqa: BLE001 - memory or stack may be used up
        return _least(code, error, library, step, second)


def cancelled(error: BaseException) -> dict[str, Any]:
    """The error map of a call that the pool has ended. Short: nobody waits for it, as long as it did not run inside
    of another, and the next call waits.
    """
    tail, frames = error.__traceback__, []
    while tail is not None:
        code = tail.tb_frame.f_code
        if not code.co_filename.startswith(_OURS):
            frames.append([code.co_filename, tail.tb_lineno, code.co_name, ""])
        tail = tail.tb_next
    try:
        message = str(error)
    except BaseException:  # noqa: BLE001 - what a library raises in place of it may be its own
        message = "the call was cancelled"
    own = getattr(error, "own", True)
    return {
        "code": "cancelled",
        "type": type(error).__qualname__,
        "module": type(error).__module__,
        "message": message,
        "traceback": "",
        "frames": frames[-_LAST:],
        "library": None,
        "class": "usage" if own else "resource",
        "retry": not own,
        "hint": None if own else _INNOCENT,
    }


def _least(
    code: str, error: BaseException, library: str | None, step: str | None, second: BaseException
) -> dict[str, Any]:
    name: str = type.__dict__["__qualname__"].__get__(type(error))
    return {
        "code": code,
        "type": name,
        "module": str(type.__dict__["__module__"].__get__(type(error))),
        "message": f"{name}; more cannot be told, because of {type(second).__name__}",
        "traceback": f"{name}\n",
        "frames": [],
        "library": library,
        "path": None,
        "class": "resource" if isinstance(second, (MemoryError, RecursionError)) else "library",
        "step": step,
    }
