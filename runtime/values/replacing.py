"""What the packer may not take as it is, replaced: the way of values that `scan` finds not ready."""

from __future__ import annotations

from typing import Any, Callable

from ..wire.packing import ExtType


class Instead:
    """Stands in a copy of a list or dict for what the packer is not to see. Equal to nothing but itself."""

    __slots__ = ("ext",)

    def __init__(self, ext: Any) -> None:
        self.ext = ext


def replaced(value: Any, convert: Callable[[Any], Any]) -> Any:
    """`value` with `Instead(convert(part))` for each text and each buffer in its lists and dicts that `convert`
    makes something else of."""
    copies: dict[int, Any] = {}

    def part(value: Any) -> Any:
        kind = type(value)
        if kind is list or kind is dict:
            copy = copies.get(id(value))
            if copy is None:
                if kind is list:  # noqa: SIM108 - a line too long
                    copy = [part(x) for x in value]
                else:
                    copy = {part(key): part(x) for key, x in value.items()}
                copies[id(value)] = copy
            return copy
        if kind is str or kind is bytes or kind is bytearray or kind is memoryview:
            other = convert(value)
            return Instead(other) if type(other) is ExtType else other
        return value

    return part(value)
