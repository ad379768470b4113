"""Texts of exceptions, which their own methods may refuse, make endless or fill with secrets."""

from __future__ import annotations

from typing import Any

from ..wire.texts import sendable
from .redaction import redacted

MOST_TEXT = 64 * 1024
_FIRST_CUT = 4 * MOST_TEXT
"""Patterns are looked for in no more than this; what is cut here is cut again below, so no half of a secret stays."""

_qualname = type.__dict__["__qualname__"].__get__
_mro = type.__dict__["__mro__"].__get__
_module = type.__dict__["__module__"].__get__


def message(error: BaseException) -> str:
    """`str(error)`, or a note that it could not be had."""
    try:
        return str(error)
    except BaseException as second:  # noqa: BLE001 - an exception's __str__ may raise anything
        return f"<the exception's __str__ raised {name_of(type(second))}>"


def clean(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Sendable: no surrogates, no secrets, at most `MOST_TEXT` and a note."""
    text = _cut(redacted(_cut(text, _FIRST_CUT), secrets), MOST_TEXT)
    return sendable(text)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}\n  … cut …\n{text[-most // 2 :]}"


def name_of(kind: type) -> str:
    """`ValueError`. What a metaclass says otherwise is not heard."""
    return str(_qualname(kind))


def module_of(kind: type) -> str:
    return str(_module(kind))


def classes(kind: type) -> list[str]:
    """From the class itself to `builtins.BaseException`."""
    return [f"{module_of(c)}.{name_of(c)}" for c in _mro(kind) if c is not object]


def notes(error: BaseException) -> list[str]:
    """What `add_note` added; of anything else that stands there, what is text."""
    found: Any = getattr(error, "__notes__", None)
    if isinstance(found, str):
        return [found]
    if not isinstance(found, (list, tuple)):
        return []
    return [note for note in found[:20] if isinstance(note, str)]
