"""The error map of `docs/protocol.md`: what a failed call tells its caller."""

from __future__ import annotations

import os
import traceback
from types import TracebackType
from typing import Any

from ..values.errors import Trouble

_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")  # noqa: PTH100, PTH118, PTH120 - pathlib costs 5 ms of a worker's start
_OF_LIBRARIES = ("exception", "start")
"""Codes of errors that others raised. What led to one of our own are frames of the runtime."""
_MOST_FRAMES = 100
_MOST_TEXT = 64 * 1024


def failure(code: str, error: BaseException, library: str | None = None) -> dict[str, Any]:
    """The error map for `error`. Never raises, whatever the exception's own methods do."""
    kind = type(error)
    tail = _library_frames(error.__traceback__)
    return {
        "code": code,
        "type": _clean(kind.__qualname__),
        "module": _clean(str(kind.__module__)),
        "message": _clean(_message(error)),
        "traceback": _clean(_traceback(error, tail, chain=code in _OF_LIBRARIES)),
        "frames": _frames(tail),
        "library": library,
        "path": _clean(error.place) if isinstance(error, Trouble) and error.place else None,
    }


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as second:  # noqa: BLE001 - an exception's __str__ may raise anything
        return f"<the exception's __str__ raised {type(second).__name__}>"


def _clean(text: str) -> str:
    if len(text) > _MOST_TEXT:
        text = text[: _MOST_TEXT // 2] + "\n  … cut …\n" + text[-_MOST_TEXT // 2 :]
    return text.encode("utf-8", "backslashreplace").decode()


def _library_frames(tail: TracebackType | None) -> TracebackType | None:
    while tail is not None and tail.tb_frame.f_code.co_filename.startswith(_OURS):
        tail = tail.tb_next
    return tail


def _traceback(error: BaseException, tail: TracebackType | None, chain: bool) -> str:
    try:
        lines = traceback.format_exception(type(error), error, tail, limit=-_MOST_FRAMES, chain=chain)
        return "".join(lines)
    except BaseException:  # noqa: BLE001 - formatting calls the exception's own methods
        return f"{type(error).__name__}: {_message(error)}\n"


def _frames(tail: TracebackType | None) -> list[list[Any]]:
    try:
        found = traceback.extract_tb(tail, limit=-_MOST_FRAMES)
    except Exception:  # noqa: BLE001 - source lines come from the library's own loaders
        return []
    return [[_clean(f.filename), f.lineno or 0, f.name, _clean(f.line or "")] for f in found]
