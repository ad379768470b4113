"""A compatibility matrix, its cells, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

PASSED = "passed"
FLAKY = "flaky"
"""Failed first, and passed when it was run again."""
FAILED = "failed"
TIMED_OUT = "timed-out"
OUT_OF_MEMORY = "out-of-memory"
UNRESOLVABLE = "unresolvable"
"""No set of versions satisfies the cell: nothing was run, and nothing is broken."""
NOT_INSTALLABLE = "not-installable"
"""It was locked and cannot be built or installed here."""
NO_INTERPRETER = "no-interpreter"
ELSEWHERE = "elsewhere"
"""Of another platform: locked, not run."""
STATUSES = (
    PASSED,
    FLAKY,
    FAILED,
    TIMED_OUT,
    OUT_OF_MEMORY,
    UNRESOLVABLE,
    NOT_INSTALLABLE,
    NO_INTERPRETER,
    ELSEWHERE,
)
BROKEN = frozenset({FAILED, TIMED_OUT, OUT_OF_MEMORY, NOT_INSTALLABLE})
"""Red, unless it is expected."""
UNABLE = frozenset({NO_INTERPRETER, ELSEWHERE})
"""Says something of the machine and nothing of the cell: what another machine found holds."""
NOT_RUN = frozenset({UNRESOLVABLE, NOT_INSTALLABLE, NO_INTERPRETER, ELSEWHERE})


@dataclass(frozen=True, slots=True)
class Check:
    """What is tried in a cell. `kind`: "import", "health", "pytest", "command" or "elixir"; `arguments` are the
    pytest selection, the command, or the Elixir test's files. `timeout_ms` and `memory` (bytes; None: no bound) hold
    for each attempt; `retries` more are made when one fails.
    """

    name: str
    kind: str
    arguments: tuple[str, ...] = ()
    timeout_ms: int = 600_000
    memory: int | None = None
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Expectation:
    """`kind`: "allow-failure", or "known-broken" with its `reason`, until the day `until`: then it is red again."""

    kind: str
    reason: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """`reference` is a cell's id; a ratio to it above `threshold` is a finding. `rounds` samples of each."""

    reference: str
    threshold: float = 1.25
    rounds: int = 7


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination. `id` is `axis=written,…` in the order of the axes: it names the cell on the command line, in
    results and reports, and stays while the file says the same. `requirements` are what is locked: the releases that
    `values` select, as specifiers (`numpy==1.26.4` once an index was asked), and `with`.
    """

    id: str
    values: Mapping[str, str]
    python: str
    platform: str
    resolution: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()
    expectation: Expectation | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """`path` is its file; `library` is of envmgr.toml, or the import name's distribution. `axes` are names and values
    as written, in their order."""

    name: str
    path: Path
    library: str
    axes: Mapping[str, tuple[str, ...]]
    cells: tuple[Cell, ...]
    checks: tuple[Check, ...]
    timing: Timing | None = None
    notes: tuple[str, ...] = ()
    """What was left out, and why: combinations without a release, `next` where there is none."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds that a timed call or test took, one for each round; `name` is the call, or pytest's node id.
    `reference` are those of the reference cell, taken in turns with them: pairs by their place, () in that cell."""

    name: str
    seconds: tuple[float, ...]
    reference: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`status` as of a cell. `detail` is one line that says what failed; `log` the end of what it printed, ""
    where it passed. `failures` are the node ids of tests that failed."""

    name: str
    status: str
    attempts: int
    seconds: float
    detail: str = ""
    log: str = ""
    failures: tuple[str, ...] = ()
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True)
class CellResult:
    """`resolved` are the locked versions of the axes' distributions, `pins` all that was installed; `python` the
    interpreter's full version. `fingerprint` is of all that decides the result: lock, interpreter, checks, the code
    they run. `status` is the worst of its checks, whatever is expected of it; `expected` says what is.
    """

    matrix: str
    cell: str
    values: Mapping[str, str]
    status: str
    fingerprint: str
    python: str = ""
    resolved: Mapping[str, str] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    seconds: float = 0.0
    at: str = ""
    detail: str = ""
    expected: Expectation | None = None

    @property
    def red(self) -> bool:
        """Whether it counts as broken: nobody expects its failure, or what it was known for is past its day."""
        return self.status in BROKEN and self.expected is None

    @property
    def mended(self) -> bool:
        """Whether it passes, though it is known to be broken."""
        known = self.expected is not None and self.expected.kind == "known-broken"
        return known and self.status in {PASSED, FLAKY}


@dataclass(frozen=True, slots=True)
class MatrixRun:
    """What a run did: `ran` cells anew, `kept` those of which nothing had changed."""

    matrix: str
    results: tuple[CellResult, ...]
    ran: tuple[str, ...]
    kept: tuple[str, ...]
    seconds: float
    shard: str | None = None
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
