"""Where an exception comes from: its frames and its traceback, without the runtime's own."""

from __future__ import annotations

import os
import sys
import traceback
from types import TracebackType
from typing import Any

from ..wire.texts import sendable
from .texts import clean, message, name_of

_OURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")  # noqa: PTH100, PTH118, PTH120 - as the loader writes file names
MOST_FRAMES = 100

_traceback_of = BaseException.__dict__["__traceback__"].__get__


def tail(error: BaseException) -> TracebackType | None:
    """From where the library's own frames begin."""
    found: TracebackType | None = _traceback_of(error)
    while found is not None and is_ours(found.tb_frame.f_code.co_filename):
        found = found.tb_next
    return found


def is_ours(file: str) -> bool:
    return file.startswith(_OURS)


def printed(error: BaseException, chain: bool, secrets: tuple[str, ...]) -> str:
    """As Python prints it, with the errors that led to it where `chain`."""
    try:
        told = traceback.TracebackException(type(error), error, tail(error), limit=-MOST_FRAMES)
        _without_ours(told, set())
        return clean("".join(told.format(chain=chain)), secrets)
    except BaseException:  # noqa: BLE001 - formatting calls the exception's own methods
        return clean(f"{name_of(type(error))}: {message(error)}\n", secrets)


def _without_ours(told: Any, seen: set[int]) -> None:
    if told is None or id(told) in seen:
        return
    seen.add(id(told))
    told.stack[:] = [frame for frame in told.stack if not is_ours(frame.filename)]
    for other in (told.__cause__, told.__context__, *(getattr(told, "exceptions", None) or ())):
        _without_ours(other, seen)


def frames(error: BaseException, secrets: tuple[str, ...] = ()) -> list[list[Any]]:
    """`[file, line, function, source line]`, outermost first, of at most `MOST_FRAMES`, the innermost."""
    try:
        found = traceback.extract_tb(tail(error), limit=-MOST_FRAMES)
        return [
            [sendable(f.filename), f.lineno or 0, sendable(f.name), clean(f.line or "", secrets)]
            for f in found
            if not is_ours(f.filename)
        ]
    except BaseException:  # noqa: BLE001 - source lines come from the library's own loaders
        return []


def modules(error: BaseException) -> list[str]:
    """The module of each frame, outermost first: what `frames` has not."""
    found: list[str] = []
    step = tail(error)
    while step is not None and len(found) < sys.getrecursionlimit():
        if not is_ours(step.tb_frame.f_code.co_filename):
            found.append(str(step.tb_frame.f_globals.get("__name__", "")))
        step = step.tb_next
    return found
