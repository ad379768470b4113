"""What `lock` did, and what a second resolver said of it."""

from __future__ import annotations

from dataclasses import dataclass

from envmgr.model.outcomes import Pin


@dataclass(frozen=True, slots=True)
class LockDifference:
    """Where another resolver does not agree. `kind`: "older" (ours is), "newer", "only locked", "not locked",
    "hashes" (`evidence`: those of ours that no file of theirs has), "no solution" (its last words, no name).
    """

    name: str
    kind: str
    ours: str | None
    theirs: str | None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """How many packages `tool` agrees on. `older`: what it would take in newer versions now, and was held to
    ours for the comparison; a lock that differs otherwise is an error.
    """

    tool: str
    agreed: int
    older: tuple[LockDifference, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class LockOutcome:
    """`changed` is False when the lock on disk already said the same. `verified` is None unless asked for."""

    environment: str
    path: str
    changed: bool
    pins: tuple[Pin, ...]
    verified: Verification | None = None
