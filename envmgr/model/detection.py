"""What `detect` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundEnvironment:
    """What another tool left on this machine. `kind` is the tool; `role`: "environment", "interpreter", "tool"
    (an application's own environment), "packages" (a directory of them) or "container".

    `python` is as exact as its files tell, `distributions` None where they were not counted, `creator` who made
    it where its files tell. `use` is the key of envmgr.toml that may name it, "adopt" or "python"; `why` says
    what speaks against it, or for it when it is `trusted`.
    """

    kind: str
    role: str
    path: str
    python: str | None
    distributions: int | None
    creator: str | None
    trusted: bool
    use: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DetectOutcome:
    """`crowded`: directories with more children than were looked at."""

    directory: str
    environments: tuple[FoundEnvironment, ...]
    crowded: tuple[str, ...]
    milliseconds: float
