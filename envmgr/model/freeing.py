"""What `gc` did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Freed:
    """`kind`: "entry", "leftover" (of an entry that was gone), "layer", "environment".

    `bytes` really came free; `total_bytes` also counts files that have names elsewhere, such as in uv's
    cache. `generations` were activations of this entry and cannot be gone back to any more.
    """

    kind: str
    name: str
    generations: tuple[int, ...]
    bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class GcOutcome:
    """`leased`: entries that would have been freed, were no worker running from them. `kept`: all entries
    that are still in the store.
    """

    freed: tuple[Freed, ...]
    leased: tuple[str, ...]
    kept: tuple[str, ...]
    bytes: int
    total_bytes: int
