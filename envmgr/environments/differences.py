"""What keeps libraries apart before uv is asked whether their requirements fit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import combinations

from envmgr.environments import chains, sharing
from envmgr.environments.sharing import Tenant
from envmgr.model.explanation import Core, Side
from envmgr.tools.derivation import PYTHON

Apart = tuple[Core, list[frozenset[str]]]
"""A core, and all the pairs of libraries that it stands for."""


def differences(tenants: Collection[Tenant]) -> Iterator[Apart]:
    """Of interpreters, adopted environments and overrides. Needs the network where there are overrides."""
    standing: dict[object, list[Tenant]] = {}
    for tenant in tenants:
        standing.setdefault((tenant.interpreter.executable, tenant.environment.adopt), []).append(tenant)
    for some, others in combinations(standing.values(), 2):
        sides = (_standing(some[0], others[0]), _standing(others[0], some[0]))
        core = Core((some[0].name, others[0].name), sides[0].contested, sides, (), "")
        yield core, [frozenset({one.name, other.name}) for one in some for other in others]
    homes: dict[str, list[Tenant]] = {}
    for tenant in tenants:
        homes.setdefault(tenant.environment.name, []).append(tenant)
    for hosts in homes.values():
        for guest in tenants:
            core_of_both = _forced(hosts[0], guest)
            if core_of_both is not None:
                yield core_of_both, [frozenset({host.name, guest.name}) for host in hosts]


def _forced(host: Tenant, guest: Tenant) -> Core | None:
    """Overrides are forced upon whoever moves in: they must be what the guest could take anyway."""
    rules = host.environment.overrides
    if not rules or guest.environment.overrides == rules or guest.interpreter != host.interpreter:
        return None
    both = [_as_constraints(host), guest]
    refusal = sharing.refusal(both)
    if refusal is None or sharing.refusal([guest]) is not None:
        return None
    told = chains.core(both, refusal)
    sides = tuple(
        chains.ruled(host, "override", side.asks) if side.kind == "constraint" else side
        for side in told.sides
    )
    return replace(told, libraries=(host.name, guest.name), sides=sides)


def _as_constraints(host: Tenant) -> Tenant:
    """A tenant that asks nothing but what the host's environment overrides."""
    home = replace(host.environment, constraints=host.environment.overrides, overrides=())
    return replace(
        host, library=replace(host.library, requirement=None, extra_requirements=()), environment=home
    )


def _standing(tenant: Tenant, other: Tenant) -> Side:
    home, python = tenant.environment, tenant.interpreter
    if home.adopt is not None:
        words = f"{tenant.name} lives in the adopted environment {home.adopt}, where nothing is installed"
        return Side(tenant.name, "adopted", None, home.adopt, (), home.adopt, words)
    if other.environment.adopt is not None:
        return Side(
            tenant.name, "adopted", None, "", (), "", f"{tenant.name} would have to be installed there"
        )
    words = f"{tenant.name} runs on Python {python.version}"
    if python.version == other.interpreter.version:
        words += f" ({python.executable})"
    return Side(tenant.name, "python", PYTHON, home.python, (), f"{PYTHON} {python.version}", words)
