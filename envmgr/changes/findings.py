"""What a rule found in a pair, before it is known at which path."""

from __future__ import annotations

from dataclasses import dataclass

from envmgr.changes.described import RUNTIME


@dataclass(frozen=True, slots=True)
class Finding:
    """As in `Change`, which it becomes."""

    severity: str
    message: str
    parameter: str | None = None
    before: str | None = None
    after: str | None = None
    instead: str | None = None
    origin: str = RUNTIME
