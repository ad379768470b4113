"""What differs between the APIs of two releases, and what of it an application meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BREAKS = "breaks"
"""A call that was right raises, or means something else."""
MAY_BREAK = "may break"
"""Depends on how it was called: a default that changed, a type that is narrower, a new deprecation."""
SAFE = "safe"
SEVERITIES = (BREAKS, MAY_BREAK, SAFE)


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is the rule's name (docs/changes.md lists them): "removed", "moved", "renamed", "parameter-removed",
    "parameter-required", … `parameter` is the one that is meant; `before` and `after` are signatures, defaults,
    types or paths. `origin`: "runtime", "static" (griffe), or "both". `instead` is what to call now, where that
    is known.
    """

    path: str
    kind: str
    severity: str
    message: str
    parameter: str | None = None
    before: str | None = None
    after: str | None = None
    instead: str | None = None
    origin: str = "runtime"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A difference that was found and is none, and why."""

    change: Change
    reason: str


@dataclass(frozen=True, slots=True)
class ApiDiff:
    """Of one distribution, between two releases, each walked by the interpreter that `python` and `python_after` say.

    `compared` are public paths on either side. `changes` are sorted: the severest first, then by path. An object with
    several paths is there once, at the path that users know, with `aliases` in `paths`.
    """

    library: str
    distribution: str
    before: str
    after: str
    python: str
    python_after: str
    compared: int
    changes: tuple[Change, ...]
    suppressed: tuple[Suppressed, ...] = ()
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Each changed path → its other paths."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How code calls a function, at `places`: `positional` arguments and those of `keywords`. `more` names what there
    may be more of, since it is made when the call runs: "positional", "keywords".
    """

    positional: int = 0
    keywords: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


POSITIONAL, KEYWORDS = "positional", "keywords"
ANYTHING = (KEYWORDS, POSITIONAL)
CODE, STATISTICS, BOTH = "code", "statistics", "both"


@dataclass(frozen=True, slots=True)
class UsedFunction:
    """A path that the application calls: `calls` counted by its running VMs (None: not counted), `places` are
    `file:line` in its compiled code, `shapes` how it is called there. `origin` says who knows of it: "code",
    "statistics" or "both". A path that begins with a dot is a method or attribute of an object whose class is not
    known.
    """

    path: str
    calls: int | None = None
    places: tuple[str, ...] = ()
    shapes: tuple[Shape, ...] = ()
    origin: str = CODE


@dataclass(frozen=True, slots=True)
class Met:
    """Which calls a change meets: those at `places` surely, those at `perhaps` unless what they pass spares them;
    `why` says what keeps that from being known.
    """

    places: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Affected:
    """`met` has, for each of `changes`, the calls that meet it."""

    used: UsedFunction
    changes: tuple[Change, ...]
    met: tuple[Met, ...]


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """As OSV says; `aliases` are its other names. `fixed`: True when the upgrade leaves it behind, False when it
    brings it in, None: it stays. `version` is the one that has it.
    """

    id: str
    distribution: str
    version: str
    summary: str
    severity: str
    fixed: bool | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Impact:
    """`used` are the functions of the libraries that move which the application calls, `affected` those of them whose
    calls a change meets, `spared` those that change in what no call of theirs meets. `matrix` are (matrix, cell,
    status) of that version; `majors` (name, before, after) the dependencies that cross a major version. `red` says
    why `upgrade` refuses, a line each; empty: it does not.
    """

    used: tuple[UsedFunction, ...] = ()
    affected: tuple[Affected, ...] = ()
    changes: Mapping[str, int] = field(default_factory=dict)
    """Of the whole API of the library, by severity; empty where it was not compared."""
    matrix: tuple[tuple[str, str, str], ...] = ()
    majors: tuple[tuple[str, str, str], ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()
    osv_age_days: float | None = None
    """Since the newest advisory of the snapshot was modified."""
    osv_file_days: float | None = None
    """Since the snapshot's file was written."""
    red: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    """What could not be found out, and why."""
    spared: tuple[Affected, ...] = ()
