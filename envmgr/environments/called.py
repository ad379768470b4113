"""What the application really calls: statistics that its VMs write (docs/protocol.md, section 1), added up.

Elixir writes them while it runs. Nothing here changes a file: each of these has one owner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

import msgpack

from envmgr.environments.layout import Layout
from envmgr.model.discovery import Called

_SCHEMA = 1
_UNIT = 32
"""Nanoseconds of the narrowest buckets, and buckets of each power of two."""
_BUCKETS = 36 * _UNIT


@dataclass
class _Sum:
    library: str | None
    first: int
    last: int
    cached: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    buckets: Counter[int] = field(default_factory=Counter)


def read(layout: Layout) -> tuple[Called, ...]:
    """Every path that was called, the most called first; of all VMs of the project, a minute old at most. A path
    begins with its library's name, or is an object's type and the name of a method. A file that cannot be read is
    left out: the next VM keeps it aside and says so.
    """
    sums: dict[str, _Sum] = {}
    for path, library, first, last, cached, errors, buckets in _rows(layout.calls):
        found = sums.setdefault(path, _Sum(library, first, last))
        found.library = library if last >= found.last else found.library
        found.first, found.last = min(found.first, first), max(found.last, last)
        found.cached += cached
        found.errors.update(errors)
        found.buckets.update(dict(buckets))
    called = [_called(path, found) for path, found in sums.items() if found.buckets]
    return tuple(sorted(called, key=lambda each: (-each.count, each.path)))


def _rows(directory: Path) -> Iterator[Any]:
    """A file whose numbers are in another one, which names it, is about to be deleted."""
    files = {file["id"]: file for path in sorted(directory.glob("*.msgpack")) if (file := _file(path))}
    included = {name for file in files.values() for name in file["includes"]}
    for name, file in files.items():
        if name not in included:
            yield from file["calls"]


def _file(path: Path) -> Mapping[str, Any] | None:
    try:
        found = msgpack.unpackb(path.read_bytes())
        if found["schema"] != _SCHEMA:
            return None
        for _path, _library, first, last, cached, errors, buckets in found["calls"]:
            numbers = [first, last, cached, *errors.values(), *(n for _, n in buckets)]
            if min(numbers) < 0 or any(not 0 <= bucket < _BUCKETS for bucket, _ in buckets):
                return None
        return {"id": str(found["id"]), "includes": list(found["includes"]), "calls": found["calls"]}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, msgpack.exceptions.UnpackException):
        return None


def _called(path: str, found: _Sum) -> Called:
    count = found.buckets.total()
    p50, p95, p99, longest = (_ms(found.buckets, ceil(share * count)) for share in (0.5, 0.95, 0.99, 1))
    return Called(
        path,
        found.library,
        count,
        dict(sorted(found.errors.items())),
        found.cached,
        p50,
        p95,
        p99,
        longest,
        _time(found.first),
        _time(found.last),
    )


def _ms(buckets: Counter[int], rank: int) -> float:
    """Milliseconds that so many calls did not exceed."""
    bucket = 0
    for bucket in sorted(buckets):
        rank -= buckets[bucket]
        if rank <= 0:
            break
    return round(_nanoseconds(bucket) / 1e6, 3)


def _nanoseconds(bucket: int) -> int:
    """The middle of a bucket."""
    power = max(bucket // _UNIT - 1, 0)
    within = bucket if bucket < _UNIT else _UNIT + bucket % _UNIT
    return (within * _UNIT + _UNIT // 2) << power


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, tz=UTC).isoformat(timespec="seconds")
