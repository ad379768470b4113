"""What `health` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """One thing that is wrong. `distribution` is None for what is not of any distribution; `file` is relative
    to the store entry, absolute when it is elsewhere, None when it is no file. `severity`: "error", or
    "warning" for what leaves the environment healthy.
    """

    environment: str
    distribution: str | None
    file: str | None
    problem: str
    detail: str
    advice: str
    severity: str = "error"


@dataclass(frozen=True, slots=True)
class DistributionHealth:
    """`files` are those that our manifest has of it, bytecode included; `findings` counts what is wrong."""

    name: str
    version: str
    files: int
    findings: int


@dataclass(frozen=True, slots=True)
class Repair:
    """`found` is what was wrong before; `generation` is the one that was built and activated."""

    generation: int
    key: str
    found: tuple[HealthFinding, ...]


@dataclass(frozen=True, slots=True)
class EnvironmentHealth:
    """`files` and `size` (bytes) are what our manifest says that there must be."""

    environment: str
    healthy: bool
    deep: bool
    generation: int | None
    key: str | None
    files: int
    size: int
    seconds: float
    distributions: tuple[DistributionHealth, ...]
    findings: tuple[HealthFinding, ...]
    repaired: Repair | None = None
