"""Libraries brought together into one environment: what it would ask for, and whether that can be met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Library
from envmgr.tools import pypa, uv
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.uv_projects import Terms

# What a resolution that cannot succeed ends in. A source distribution that must be built to be asked what it
# requires, and cannot, is no version to choose.
UNMET = ("E-CONFLICT", "E-LOCK", "E-BUILD")


@dataclass(frozen=True, slots=True)
class Tenant:
    """A library with the rules of the environment that it lives in today, which go with it."""

    library: Library
    environment: Environment
    interpreter: Interpreter

    @property
    def name(self) -> str:
        return self.library.name


def member(position: int) -> str:
    """What uv calls the tenant at this position."""
    return f"envmgr-library-{position}"


def constraints(tenants: Iterable[Tenant]) -> tuple[str, ...]:
    return _once(word for tenant in tenants for word in tenant.environment.constraints)


def overrides(tenants: Iterable[Tenant]) -> tuple[str, ...]:
    return _once(word for tenant in tenants for word in tenant.environment.overrides)


def platforms(tenants: Sequence[Tenant]) -> tuple[str, ...]:
    """Those of all; every platform (empty) as soon as one must serve every platform."""
    if not all(tenant.environment.platforms for tenant in tenants):
        return ()
    return _once(word for tenant in tenants for word in tenant.environment.platforms)


def no_build(tenants: Iterable[Tenant]) -> bool:
    return any(tenant.environment.no_build for tenant in tenants)


def refusal(
    tenants: Sequence[Tenant], *, exclude_newer: str | None = None, offline: bool = False
) -> EnvmgrError | None:
    """Why these tenants of one interpreter cannot live together; None when they can.

    `offline` asks uv's cache alone, which is quick: None is true then too, a refusal may be out of date.
    Needs the network; blocks while uv resolves. Raises what
    kept uv from telling: E-NETWORK, E-OFFLINE, E-UV, E-DISK.
    """
    if not any(tenant.library.requirements for tenant in tenants):
        return None
    interpreter = tenants[0].interpreter
    try:
        uv.try_together(
            {member(position): tenant.library.requirements for position, tenant in enumerate(tenants)},
            Terms(
                constraints=constraints(tenants),
                overrides=overrides(tenants),
                no_build=no_build(tenants),
                platforms=[pypa.PLATFORMS[name] for name in platforms(tenants)],
                exclude_newer=exclude_newer,
            ),
            python=Path(interpreter.executable),
            minor=interpreter.minor,
            offline=offline,
        )
    except EnvmgrError as problem:
        if problem.code not in UNMET:
            raise
        return problem
    return None


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))
