"""What `plan` foresees, and what `upgrade` did."""

from __future__ import annotations

from dataclasses import dataclass

from envmgr.model.changes import Impact
from envmgr.model.differences import PinChange
from envmgr.model.outcomes import Pin


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
    `--exclude-newer`, which still holds. `impact` is None where nothing changes.
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
    impact: Impact | None = None


@dataclass(frozen=True, slots=True)
class UpgradeOutcome:
    """`action`: "upgraded", or "unchanged" when what is active is what the upgrade would lead to. `version` is
    that of the library's distribution, afterwards. `impact` is as far as it was found out before; None where nothing
    changes.
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
    impact: Impact | None = None
