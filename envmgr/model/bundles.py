"""What `bundle` and `unbundle` did."""

from __future__ import annotations

from dataclasses import dataclass

from envmgr.model.outcomes import Pin


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
