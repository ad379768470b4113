"""What each operation did, as data: the command line only renders these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Report = Callable[[str, str], None]
"""Progress: (environment, stage). Stages are short words: "resolve", "install", "verify", "prove", …"""


def silent(environment: str, stage: str) -> None:
    """The report of a caller who does not watch."""


@dataclass(frozen=True, slots=True)
class Pin:
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """`action`: "built" (a new store entry), "adopted" (an existing environment), "activated" (an entry that was
    in the store), "unchanged", "kept" (not what is configured: it was rolled back, and that was to be left alone),
    "removed".
    """

    environment: str
    action: str
    generation: int | None
    key: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    name: str
    module: str
    version: str | None


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """`state`: "ready", "not-locked", "stale-lock", "not-built" (the lock is newer than what runs), "broken".

    `detail` says in words what is off and what to do; it is empty when the state is "ready".
    """

    environment: str
    state: str
    detail: str
    generation: int | None
    key: str | None
    python: str | None
    libraries: tuple[LibraryStatus, ...]


@dataclass(frozen=True, slots=True)
class GenerationRecord:
    """One line of `envmgr history`: who activated what, when (ISO 8601, UTC), why, with which outcome.

    `outcome`: "active", "removed", "failed", "activating" and "attempted" while it is done, "unchanged" for an
    upgrade that had nothing to do, "refused" for one that would have harmed the application, "restored" for what
    a lost state.db did not tell. An upgrade that came to no
    generation of its own names the one that serves on. `freed`: its store entry is gone, so that no rollback
    leads to it.
    """

    generation: int
    key: str
    action: str
    at: str
    actor: str
    reason: str
    outcome: str
    active: bool
    pins: tuple[Pin, ...]
    freed: bool = False


@dataclass(frozen=True, slots=True)
class RollbackOutcome:
    environment: str
    from_generation: int
    to_generation: int
    key: str
    milliseconds: float
