"""What is said about values that could not be converted, and where in them."""

from __future__ import annotations

from typing import Any, Callable

from ..wire.packing import ExtType, packb, unpackb
from . import codes
from .errors import ConversionError, StaleRef, Trouble, Unsendable
from .locate import ARRAY, EXTENSION, MAP, STRING, find
from .paths import cycle, places, shown, step

_MOST_LINES = 20
_LONGEST = 300
_WHY = {
    "StackError": "the value is nested too deeply",
    "RecursionError": "the value is nested too deeply",
    "FormatError": "these bytes are not MessagePack",
    "ExtraData": "bytes follow after the value's end",
    "MemoryError": "there is not enough memory for it",
}
"""What msgpack's exceptions do not say themselves."""


def why_whole(value: Any, error: Exception) -> str:
    """Why `value` goes as a ref."""
    steps: list[str] = []
    why = str(error) if isinstance(error, Unsendable) else _of(error)
    if "nested" in why or isinstance(error, RecursionError):
        circle = _guarded(cycle, value)
        if circle is not None:
            steps, why = circle, "this leads back to what it is in"
    place = shown("value", steps)
    return f"{place}: {'the whole value ' if steps else ''}stays in Python because {why}"


def why_part(value: Any, error: Exception) -> str:
    return f"stays in Python because a {type(value).__name__} could not be converted ({_of(error)})"


def lines(value: Any, pending: list[tuple[Any, str]]) -> list[str]:
    """A line for each remark about a part of `value`, with the part's place."""
    told = pending[:_MOST_LINES]
    found = _guarded(places, value, [part for part, _ in told]) or {}
    said = [f"{shown('value', found.get(id(part), []))}: {text}" for part, text in told]
    more = len(pending) - len(told)
    return [*said, f"and {more} more remarks about parts of this value"] if more else said


def _guarded(look: Callable[..., Any], *args: Any) -> Any:
    """What looking finds; None where it fails. Nobody's metaclass may spoil the answer for a word's sake."""
    try:
        return look(*args)
    except Exception:  # noqa: BLE001 - it is for words only
        return None


def place_among(error: Trouble, value: Any) -> None:
    """Gives the error its place in `value`: that of the innermost of its owners that is found there."""
    found = _guarded(places, value, error.owners) or {}
    for owner in reversed(error.owners):
        if id(owner) in found:
            error.path[:0] = found[id(owner)]
            break
    error.owners = ()


def translated(error: Exception) -> Trouble:
    """The error in words of ours."""
    if isinstance(error, (ConversionError, StaleRef)):
        return error
    if isinstance(error, TypeError) and "unhashable" in str(error):
        return ConversionError(f"a map's key or a set's element is a value that Python cannot hash ({error})")
    if isinstance(error, UnicodeDecodeError):
        return ConversionError(f"a string is not UTF-8 ({_of(error)}); send it as bytes")
    kind = type(error).__name__
    if kind in _WHY:
        return ConversionError(_WHY[kind])
    return ConversionError(_cut(str(error)) if kind in ("TypeError", "ValueError") else _of(error))


def place_in(data: Any, error: Exception, unpack: Callable[[Any], Any]) -> list[str]:
    """The steps to what in `data` the error is about; empty where that is not known."""
    at = getattr(error, "at", None)
    if at is not None:
        code, inside = at
        return find(
            data, lambda kind, ext, found, _: kind is EXTENSION and ext == code and found == inside, unpack
        )
    if isinstance(error, UnicodeDecodeError):
        text = error.object
        return find(data, lambda kind, _, found, __: kind is STRING and found == text, unpack)
    if isinstance(error, TypeError) and "unhashable" in str(error):

        def unhashable(kind: str, code: int, found: Any, in_key: bool) -> bool:
            if not in_key or kind in (ARRAY, MAP):
                return in_key
            return kind is EXTENSION and not _hashable(packb(ExtType(code, bytes(found))), unpack)

        return find(data, unhashable, unpack)
    return []


def _hashable(data: bytes, unpack: Callable[[Any], Any]) -> bool:
    try:
        hash(unpack(data))
    except Exception:  # noqa: BLE001 - whatever it is, this key is the one
        return False
    return True


def name_parts(error: Trouble, code: int, data: bytes) -> None:
    """Makes of the steps into a record's or a dict's data those into the record or dict."""
    depth = {codes.RECORD: 2, codes.DICT_PAIRS: 1}.get(code)
    if depth is None or len(error.path) < 3 or error.path[0] != f"[{depth}]":
        return
    try:
        pair = unpackb(data, ext_hook=lambda code, _: f"extension {code}", strict_map_key=False)[depth][
            int(error.path[1][1:-1])
        ]
    except Exception:  # noqa: BLE001 - it is for words only
        return
    error.path[:3] = [f".{pair[0]}" if code == codes.RECORD else step(pair[0])]


def name_argument(error: Trouble) -> None:
    """Makes of a place in a call's payload one among the arguments."""
    if error.path[:1] == ["[0]"]:
        error.root, error.path = "args", error.path[1:]
    elif error.path[:1] == ["[1]"] and len(error.path) > 1:
        error.root, error.path = error.path[1].strip('[]"'), error.path[2:]


def _of(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {_cut(str(error))}"
    except Exception:  # noqa: BLE001 - an exception's __str__ may raise anything
        return type(error).__name__


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
