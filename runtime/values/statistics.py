"""How many values of each type were converted, how many bytes they took, and how long it took.

Each converter is timed, those inside of others too: the time of a type holds that of what its values hold. What
msgpack converts itself is in the row of whole payloads. To measure costs as much as to convert a small value: of
small payloads one in 64 is measured, for all of them.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any, Callable

from ..wire.packing import ExtType

LARGE = 1 << 14
"""Bytes. A payload of that size is always measured."""

_MOST_TYPES = 500
"""Types with a row of their own; some libraries make types as they go."""


class Payloads:
    """Bytes and times of whole payloads one way: exact of large ones, from samples of the others."""

    def __init__(self) -> None:
        self._exact: list[Any] = [0, 0, 0.0]
        self._samples: list[Any] = [0, 0, 0.0]

    def add(self, size: int, seconds: float) -> None:
        row = self._exact if size >= LARGE else self._samples
        row[0] += 1
        row[1] += size
        row[2] += seconds

    def row(self, count: int) -> list[Any]:
        """`[count, bytes, seconds]` of `count` payloads."""
        exact, size, seconds = self._exact
        samples = self._samples[0] or 1
        rest = count - exact
        return [
            count,
            size + self._samples[1] * rest // samples,
            seconds + self._samples[2] * rest / samples,
        ]


class Conversions:
    """Values one way, by type. A codec says in `aside` how many bytes took the second lane so far."""

    def __init__(self) -> None:
        self._rows: dict[type, list[Any]] = {}
        self._others: list[Any] = [0, 0, 0.0]

    def packing(self, kind: type, pack: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        """`pack(codec, value)` for values of `kind`, with a record kept of it."""
        row = self._row(kind)

        def timed(codec: Any, value: Any) -> Any:
            aside, started = codec.aside, perf_counter()
            found = pack(codec, value)
            row[2] += perf_counter() - started
            row[0] += 1
            if type(found) is ExtType:
                row[1] += len(found.data) + codec.aside - aside
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
            row[1] += len(data) + codec.aside - aside
            row[2] += seconds
            return value

        return timed

    def report(self) -> dict[str, list[Any]]:
        """`[count, bytes, seconds]` by the type's full name."""
        found = {"other types": list(self._others)} if self._others[0] else {}
        for kind, row in list(self._rows.items()):
            if row[0]:
                name = f"{kind.__module__}.{kind.__qualname__}"
                before = found.get(name, (0, 0, 0.0))
                found[name] = [one + other for one, other in zip(before, row)]
        return found

    def _row(self, kind: type) -> list[Any]:
        row = self._rows.get(kind)
        if row is None:
            if len(self._rows) >= _MOST_TYPES:
                return self._others
            row = self._rows[kind] = [0, 0, 0.0]
        return row
