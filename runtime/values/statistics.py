"""How many values of each type were converted, how many bytes they took, and how long it took.

Each converter is timed, those inside of others too: the time of a type holds that of what its values hold. What
msgpack converts itself is in the row of whole payloads. A clock costs as much as a small value: of small
payloads one in 64 is timed, for all of them.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, Callable

from ..wire.packing import ExtType

LARGE = 1 << 14
"""Bytes. A payload of that size is always timed."""
SAMPLED = 64

_MOST_TYPES = 500
"""Types with a row of their own; some libraries make types as they go."""


class Payloads:
    """Whole payloads one way. Whoever converts keeps `count` and `bytes`, and tells `took` of those it timed."""

    __slots__ = ("_large", "_sampled", "_samples", "_small", "bytes", "count")

    def __init__(self) -> None:
        self.count = 0
        self.bytes = 0
        self._large = self._sampled = 0.0
        self._small = self._samples = 0

    def took(self, size: int, seconds: float) -> None:
        if size >= LARGE:
            self._large += seconds
            self._small -= 1
        else:
            self._sampled += seconds
            self._samples += 1

    def row(self) -> list[Any]:
        small = self.count + self._small
        return [
            self.count,
            self.bytes,
            self._large + (self._sampled * small / self._samples if self._samples else 0.0),
        ]


class Conversions:
    """Values one way, by type. A codec's `aside` says how many bytes took the second lane so far."""

    def __init__(self) -> None:
        self._rows: dict[type, list[Any]] = {}
        self._others: list[Any] = [0, 0, 0.0]

    def packing(self, pack: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """`pack(codec, value)`, with a record kept of it."""
        rows = self._rows

        def timed(codec: Any, value: Any) -> Any:
            aside, started = codec.aside, perf_counter()
            found = pack(codec, value)
            seconds = perf_counter() - started
            row = rows.get(type(value)) or self._row(type(value))
            row[0] += 1
            if type(found) is ExtType:
                row[1] += codec.aside - aside + len(found.data)
            row[2] += seconds
            return found

        return timed

    def unpacking(self, unpack: Callable[[Any, bytes], Any]) -> Callable[[Any, bytes], Any]:
        """`unpack(codec, data)`, with a record kept of it."""
        rows = self._rows

        def timed(codec: Any, data: bytes) -> Any:
            aside, started = codec.aside, perf_counter()
            value = unpack(codec, data)
            seconds = perf_counter() - started
            row = rows.get(type(value)) or self._row(type(value))
            row[0] += 1
            row[1] += codec.aside - aside + len(data)
            row[2] += seconds
            return value

        return timed

    def report(self) -> dict[str, list[Any]]:
        """`[count, bytes, seconds]` by the type's full name."""
        found = {"other types": list(self._others)} if self._others[0] else {}
        for kind, row in list(self._rows.items()):
            name = f"{kind.__module__}.{kind.__qualname__}"
            before = found.get(name, (0, 0, 0.0))
            found[name] = [one + other for one, other in zip(before, row)]
        return found

    def _row(self, kind: type) -> list[Any]:
        if len(self._rows) >= _MOST_TYPES:
            return self._others
        row = self._rows[kind] = [0, 0, 0.0]
        return row
