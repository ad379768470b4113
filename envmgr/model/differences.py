"""What differs between two generations, or two locks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class PinChange:
    """`change`: "added", "removed", "upgraded", "downgraded", "changed" (versions without an order)."""

    name: str
    change: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A setting of the launch manifest, such as "workers" or "library.numpy.timeout"."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class DiffOutcome:
    environment: str
    from_generation: int
    to_generation: int
    from_key: str
    to_key: str
    packages: tuple[PinChange, ...]
    settings: tuple[SettingChange, ...]
