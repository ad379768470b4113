"""What is in a call's message."""

from __future__ import annotations

from typing import Any


def parts(message: Any) -> tuple[Any, int, bytes, range, Any]:
    """Target, flags, payload, keys of buffers and context of a call. Raises `ValueError` or `TypeError`."""
    _, _, target, flags, payload, *more = message
    if len(more) > 2:
        raise ValueError("a call has at most seven parts")
    numbers, given = (*more, None, None)[:2]
    return target, flags, payload, range(0) if numbers is None else keys(numbers), given or {}


def keys(numbers: Any) -> range:
    """Keys of the second lane, of the first and how many. Raises as `parts`."""
    first, count = numbers
    return range(first, first + count)


def numbers(rest: Any) -> frozenset[int]:
    """The calls that a message is about, of what follows its id; none where it names no numbers."""
    named = rest[0] if len(rest) == 1 and type(rest[0]) is list else []
    return frozenset(number for number in named if type(number) is int)
