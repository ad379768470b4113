"""What each operation did, as data: the command line only renders these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Report = Callable[[str, str], None]
"""Progress: (environment, stage). Stages are short words: "resolve", "install", "verify", "prove", …"""


def silent(environment: str, stage: str) -> None:
    """The report of a caller who does not watch."""


@dataclass(frozen=True, slots=True)
class Pin:
    name: str
    version: str


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


@dataclass(frozen=True, slots=True)
class SyncOutcome:
    """`action`: "built" (a new store entry), "adopted" (an existing environment), "activated" (an entry that was
    in the store), "unchanged", "removed".
    """

    environment: str
    action: str
    generation: int | None
    key: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class BundleOutcome:
    """`sha256` is that of the file, `target` in words what it is for; `uv` the version of the one inside."""

    environment: str
    file: str
    size: int
    sha256: str
    target: str
    packages: tuple[Pin, ...]
    uv: str | None


@dataclass(frozen=True, slots=True)
class UnbundleOutcome:
    """`action` as of a sync. `change` of the file `config`: "kept", "added" to, "written". `uv` is where the
    bundle's was put, if the machine had none.
    """

    environment: str
    action: str
    generation: int | None
    key: str | None
    seconds: float
    config: str
    change: str
    uv: str | None


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
    upgrade that had nothing to do, "restored" for what a lost state.db did not tell. An upgrade that came to no
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


@dataclass(frozen=True, slots=True)
class ConfigEdit:
    """A line of envmgr.toml, counted from 1; `before` is None when it is a new one."""

    file: str
    line: int
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What an upgrade would do to one distribution; `change` is as in `PinChange`.

    `download` are the bytes of the file that would be installed, `installed` those on disk now, and
    `requires_python` is what the new version says; each is None where it is not known, or there is none.
    `asked_by` are the libraries and distributions that ask for it: for one that goes, those that did.
    `here` is False for what other platforms alone need.
    """

    name: str
    change: str
    before: str | None
    after: str | None
    download: int | None
    installed: int | None
    requires_python: str | None
    asked_by: tuple[str, ...]
    here: bool


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """`version` is that of the library's distribution, afterwards. `generation` is None when none is active;
    `allows` is what envmgr.toml asks for, `config` what would change in it. `excludes_newer` is the lock's own
    `--exclude-newer`, which still holds.
    """

    environment: str
    library: str
    distribution: str
    version: str
    asked: str
    allows: str
    generation: int | None
    python: str
    changes: tuple[PlannedChange, ...]
    stays: tuple[Pin, ...]
    config: ConfigEdit | None
    excludes_newer: str | None


@dataclass(frozen=True, slots=True)
class UpgradeOutcome:
    """`action`: "upgraded", or "unchanged" when what is active is what the upgrade would lead to. `version` is
    that of the library's distribution, afterwards.
    """

    environment: str
    library: str
    distribution: str
    version: str
    asked: str
    allows: str
    action: str
    from_generation: int
    generation: int
    key: str
    packages: tuple[PinChange, ...]
    config: ConfigEdit | None
    seconds: float


@dataclass(frozen=True, slots=True)
class ImportedLibrary:
    name: str
    requirement: str


@dataclass(frozen=True, slots=True)
class NotCarried:
    """Something of another tool's file that has no place here, and where it stands."""

    what: str
    why: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """`files` were read; `beside` could have been, and were not. `pins` are all of the new lock, `resolved`
    those of them that no file pinned.
    """

    format: str
    files: tuple[str, ...]
    beside: tuple[str, ...]
    config: str
    created: bool
    environment: str
    python: str
    libraries: tuple[ImportedLibrary, ...]
    lock: str
    pins: tuple[Pin, ...]
    resolved: tuple[Pin, ...]
    not_carried: tuple[NotCarried, ...]
