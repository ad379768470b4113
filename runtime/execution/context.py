"""What Python code may know of the call that it runs in."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any, Callable, Mapping

_current: ContextVar[Mapping[str, Any] | None] = ContextVar("envmgr_context", default=None)


def current() -> dict[str, Any]:
    """Of the call that runs, in coroutines too: `correlation`, `path` and `library`; each is None where it is not
    known, as in a call that came without a context, and in a thread that the library started.
    """
    found = _current.get() or {}
    return {name: found.get(name) for name in ("correlation", "path", "library")}


def live() -> bool:
    """Whether somebody wants to hear at once what this call says."""
    found = _current.get()
    return found is not None and found["live"] is True


def session(of_thread: Callable[[], str | None]) -> str | None:
    """The session of the call that runs, by its name. `of_thread()` tells where no context came: in a thread that the
    library started."""
    found = _current.get()
    return of_thread() if found is None else found["session"]


def saved() -> Mapping[str, Any] | None:
    """What `again` takes."""
    return _current.get()


def again(found: Mapping[str, Any] | None) -> Token[Any]:
    """Until `leave`, what was known when it was saved is known."""
    return _current.set(found)


def enter(target: Any, given: Mapping[str, Any]) -> Token[Any]:
    """Until `leave`, `current` tells of this call. Who asks for its warnings gets those that were shown before."""
    if given.get("warnings") is True:
        import warnings

        warnings.simplefilter("default", append=True)  # any change of the filters makes Python forget
    path = target if type(target) is str else None
    library = path.partition(".")[0] if path else None
    known = {"correlation": given.get("correlation"), "path": path, "library": library}
    return _current.set({**known, "live": given.get("live"), "session": given.get("session")})


def nobody() -> Token[Any]:
    """Until `leave`, nothing is known: what runs now may be another call's."""
    return _current.set(None)


def leave(token: Token[Any]) -> None:
    _current.reset(token)
