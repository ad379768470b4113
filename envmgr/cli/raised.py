"""What a called function raised, in the lines that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_FRAMES = 3
_LINES = 8
_WIDTH = 160


def lines(error: Mapping[str, Any]) -> list[str]:
    """Of a worker's error map: where it was raised, what it was called with, its notes, what led to it."""
    return [*_where(error.get("frames") or []), *_more(error)]


def _where(frames: list[list[Any]]) -> Iterator[str]:
    for file, line, function, source in frames[-_FRAMES:]:
        yield f"  at {file}:{line} in {function}"
        if source:
            yield f"      {_short(source)}"


def _more(error: Mapping[str, Any]) -> Iterator[str]:
    if error.get("step"):
        yield f"  in {error['step']}"
    if error.get("arguments"):
        words = ", ".join(f"{name} = {_short(value)}" for name, value in error["arguments"])
        yield f"  called with {_short(words, 2 * _WIDTH)}"
    for note in (error.get("notes") or [])[:_LINES]:
        yield f"  note: {_short(note)}"
    for member in (error.get("group") or [])[:_LINES]:
        yield f"  with {_one(member)}"
    for relation, other in (error.get("chain") or [])[:_LINES]:
        yield f"  {'caused by' if relation == 'cause' else 'while handling'} {_one(other)}"


def _one(error: Mapping[str, Any]) -> str:
    return f"{error.get('type')}: {_short(error.get('message') or '')}"


def _short(text: str, most: int = _WIDTH) -> str:
    first = text.partition("\n")[0]
    return first if len(first) <= most else first[:most] + "…"
