"""Where in MessagePack bytes something stands. msgpack's C code does not say; a second look does, and only
where something was wrong."""

from __future__ import annotations

from typing import Any, Callable

from .paths import step

STRING, EXTENSION, ARRAY, MAP = "string", "extension", "array", "map"
_OTHER = "other"
_MOST_LOOKED_AT = 100_000
_LONGEST_KEY = 1000
_SIZED = {
    **{code: (_OTHER, 1 << code - 0xC4) for code in (0xC4, 0xC5, 0xC6)},
    **{code: (EXTENSION, 1 << code - 0xC7) for code in (0xC7, 0xC8, 0xC9)},
    **{code: (STRING, 1 << code - 0xD9) for code in (0xD9, 0xDA, 0xDB)},
    **{code: (ARRAY, 2 << code - 0xDC) for code in (0xDC, 0xDD)},
    **{code: (MAP, 2 << code - 0xDE) for code in (0xDE, 0xDF)},
}
"""(kind, bytes of the size that follows) by first byte."""
_FIXED = {0xCA: 4, 0xCB: 8, **{0xCC + n: 1 << n for n in range(4)}, **{0xD0 + n: 1 << n for n in range(4)}}


def _header(data: Any, place: int) -> tuple[str, int, int, int]:
    """(kind, size, where the inside begins, extension code) of the value at `place`."""
    first = data[place]
    inside = place + 1
    if first in _SIZED:
        kind, width = _SIZED[first]
        size, inside = int.from_bytes(data[inside : inside + width], "big"), inside + width
        return (kind, size, inside + 1, data[inside]) if kind is EXTENSION else (kind, size, inside, 0)
    if 0xD4 <= first <= 0xD8:
        return EXTENSION, 1 << first - 0xD4, inside + 1, data[inside]
    if 0x80 <= first <= 0x8F:
        return MAP, first & 0x0F, inside, 0
    if 0x90 <= first <= 0x9F:
        return ARRAY, first & 0x0F, inside, 0
    if 0xA0 <= first <= 0xBF:
        return STRING, first & 0x1F, inside, 0
    return _OTHER, _FIXED.get(first, 0), inside, 0


class _Open:
    """An array or map whose inside is being looked at. In a map, keys and values count one by one."""

    def __init__(self, is_map: bool, size: int) -> None:
        self.is_map = is_map
        self.left = size * 2 if is_map else size
        self.index = -1
        self.key = ""

    @property
    def in_key(self) -> bool:
        return self.is_map and self.index % 2 == 0

    @property
    def step(self) -> str:
        if not self.is_map:
            return f"[{self.index}]"
        return f"{{key {self.index // 2}}}" if self.in_key else self.key


def find(data: Any, hit: Callable[[str, int, Any, bool], bool], unpack: Callable[[Any], Any]) -> list[str]:
    """The steps to the first value for which `hit(kind, extension code, its bytes, whether it is a map's key)`;
    the bytes are None for arrays and maps. Empty where there is none, or the look would take too long.
    `unpack` makes the keys that are shown.
    """
    place, inside = 0, []  # type: int, list[_Open]
    try:
        for _ in range(_MOST_LOOKED_AT):
            kind, size, start, code = _header(data, place)
            in_key = bool(inside) and inside[-1].in_key
            if kind in (ARRAY, MAP):
                if hit(kind, 0, None, in_key):
                    break
                inside.append(_Open(kind is MAP, size))
                place = start
            else:
                if start + size > len(data):
                    return []
                if kind is not _OTHER or in_key:
                    if hit(kind, code, data[start : start + size], in_key):
                        break
                    if in_key:
                        inside[-1].key = _key(data[place : start + size], unpack)
                place = start + size
            while inside and inside[-1].left == 0:
                inside.pop()
            if not inside:
                return []
            inside[-1].left -= 1
            inside[-1].index += 1
        else:
            return []
    except IndexError:
        return []
    return [opened.step for opened in inside]


def _key(data: Any, unpack: Callable[[Any], Any]) -> str:
    if len(data) > _LONGEST_KEY:
        return "[…]"
    try:
        return step(unpack(data))
    except Exception:  # noqa: BLE001 - it is for words only
        return "[…]"
