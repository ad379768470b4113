"""What a bisect is asked, what it tried, and which release it found."""

from __future__ import annotations

from dataclasses import dataclass

from envmgr.model.project import HealthCall


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `matrix` and `checks` are names; `selection` is pytest's, `command` a line as of a shell, but
    run without one. `retries` and `timeout_ms` are None where the checks' own hold. `again`: what is known does not
    count."""

    library: str
    good: str
    bad: str
    with_dependencies: bool = False
    matrix: str | None = None
    checks: tuple[str, ...] = ()
    selection: tuple[str, ...] = ()
    command: str | None = None
    call: HealthCall | None = None
    python: str | None = None
    requirements: tuple[str, ...] = ()
    pre: bool = False
    retries: int | None = None
    timeout_ms: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """A distribution that two locks have in different versions (None: not at all). `released`: when `after` was
    published, ISO 8601, UTC; None where the index does not say."""

    distribution: str
    before: str | None
    after: str | None
    released: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One candidate that was tried. `candidate` is a version, a lock's date, or for one of several distributions that
    moved `name==version`; `about` the day on which a version was released, or what was published at that date.
    `verdict` as in `matrix.bisecting`, `status` the cell's. `kept`: known from before, or what it locks was tried
    already: no cell was run for it."""

    candidate: str
    about: str
    verdict: str
    status: str
    detail: str
    seconds: float
    kept: bool
    flaky: bool = False


@dataclass(frozen=True, slots=True)
class Bisection:
    """`found` is the release that fails first: one of several where those between cannot be installed, or fail only
    together. Empty when it cannot be told: `reason` says why. `last_good` and `first_bad` are candidates that passed
    and failed, with nothing but skipped ones between.

    `probes` are in the order in which they were tried; `cells` of them were run. `version` is that of the library in
    the lock that failed. `command` runs the two that decided again.
    """

    library: str
    distribution: str
    python: str
    checks: tuple[str, ...]
    good: str
    bad: str
    with_dependencies: bool
    candidates: int
    probes: tuple[Probe, ...]
    cells: int
    seconds: float
    found: tuple[Moved, ...] = ()
    together: bool = False
    """No single one of `found` fails by itself."""
    version: str | None = None
    last_good: str | None = None
    first_bad: str | None = None
    fails: tuple[str, ...] = ()
    """The checks that fail with it."""
    detail: str = ""
    log: str = ""
    reason: str = ""
    command: str = ""
    notes: tuple[str, ...] = ()
