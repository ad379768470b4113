"""The error map of `docs/protocol.md` §3, of an exception and the call that it ended."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ..values.errors import Trouble
from . import chain, frames, texts
from .arguments import Called
from .classes import classified

_OF_LIBRARIES = ("exception", "start", "pipeline", "cancelled")
"""Codes of errors that others raised. What led to one of our own are frames of the runtime."""


def error_map(
    code: str,
    error: BaseException,
    library: str | None,
    function: Callable[..., Any] | None,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    step: str | None,
    target: Any,
) -> dict[str, Any]:
    """Every key of the map. Never raises: what cannot be had is missing or empty."""
    called = Called(function, args, kwargs)
    secrets = called.secrets()
    theirs = code in _OF_LIBRARIES
    kind = type(error)
    found: dict[str, Any] = {
        "code": code,
        "type": texts.clean(texts.name_of(kind)),
        "module": texts.clean(texts.module_of(kind)),
        "message": texts.clean(texts.message(error), secrets),
        "traceback": frames.printed(error, theirs, secrets),
        "frames": frames.frames(error, secrets),
        "library": library,
        "path": texts.clean(error.place) if isinstance(error, Trouble) and error.place else None,
        "signature": texts.clean(called.signature, secrets) if called.signature else None,
        "step": step,
    }
    parts: dict[str, Callable[[], Any]] = {
        "mro": lambda: [texts.clean(name) for name in texts.classes(kind)],
        "notes": lambda: [texts.clean(note, secrets) for note in texts.notes(error)],
        "chain": lambda: chain.chain(error, secrets) if theirs else [],
        "group": lambda: chain.group(error, secrets),
        "arguments": lambda: [[name, texts.clean(text, secrets)] for name, text in called.summaries()],
    }
    for key, part in parts.items():
        try:
            found[key] = part()
        except BaseException:  # noqa: BLE001 - an exception's attributes may be properties that raise anything
            found[key] = None if key == "group" else []
    found["class"], found["retry"] = _classified(code, error)
    found["hint"] = _hint(error, called, target, secrets)
    return found


def _classified(code: str, error: BaseException) -> tuple[str, bool]:
    try:
        return classified(code, error)
    except BaseException:  # noqa: BLE001 - as above
        return "library", False


def _hint(error: BaseException, called: Called, target: Any, secrets: tuple[str, ...]) -> str | None:
    try:
        from ..advice.advising import advice

        path = target if isinstance(target, str) else None
        found = advice(error, called.function, called.bound, called.parameters, path, called.owner)
        return texts.clean(found, secrets) if found else None
    except BaseException:  # noqa: BLE001 - an error without advice is better than another error
        return None
