"""The search for the fewest environments, with as few resolutions as it takes.

Whether libraries fit is asked of uv, set by set: its derivation points at those to blame, leaving out one at a
time makes the blame minimal, and each minimal set keeps libraries apart in the search for the fewest
environments, whose groups are asked again. What holds for a set holds for those in it, or for those around it.
uv's cache is asked first: a solution that it has is one, and only minimal sets are refused by the index itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from envmgr.environments import chains, partition, sharing
from envmgr.environments.differences import differences
from envmgr.environments.partition import Groups
from envmgr.environments.sharing import Tenant
from envmgr.errors import EnvmgrError
from envmgr.model.explanation import Core
from envmgr.model.outcomes import Report
from envmgr.model.project import Environment
from envmgr.operations import together

AT_ONCE = 8


class Inquiry:
    """One search. After `fewest`, `cores` are what kept libraries apart, and `members` tells with which rules
    each library lives in its group.
    """

    def __init__(self, tenants: Mapping[str, Tenant], report: Report) -> None:
        self._tenants = dict(tenants)
        self._report = report
        adopted = {tenant.environment.name for tenant in tenants.values() if tenant.environment.adopt}
        self._fits = [frozenset(names) for home, names in self._homes().items() if home in adopted]
        self._refusals: dict[frozenset[str], EnvmgrError] = {}
        self._certain: set[frozenset[str]] = set()
        self._cores: list[frozenset[str]] = []
        self._ruled_out: dict[frozenset[str], Core] = {}

    def fewest(self) -> Groups:
        """The fewest groups of those that fit somewhere. Raises E-NETWORK and what else keeps uv from telling."""
        for core, pairs in differences(self._tenants.values()):
            self._ruled_out.update(dict.fromkeys(pairs, core))
        groups = self._search()
        while not self._confirm():
            groups = self._search()
        return groups

    @property
    def cores(self) -> tuple[Core, ...]:
        return tuple(dict.fromkeys([*self._ruled_out.values(), *map(self._core, self._cores)]))

    def members(self, names: Collection[str]) -> list[Tenant]:
        return [self._tenants[name] for name in self._in_order(names)]

    def fits(self, names: Collection[str]) -> bool:
        return not self._refused([frozenset(names)])

    def _homes(self) -> dict[str, tuple[str, ...]]:
        homes: dict[str, list[str]] = {}
        for tenant in self._tenants.values():
            homes.setdefault(tenant.environment.name, []).append(tenant.name)
        return {home: tuple(names) for home, names in homes.items()}

    def _search(self) -> Groups:
        shared = [names for names in self._homes().values() if len(names) > 1]
        self._settle(shared)
        while True:
            alone = {name for core in self._cores if len(core) == 1 for name in core}
            names = [name for name in self._tenants if name not in alone]
            apart = [found for found in (*self._cores, *self._ruled_out) if not found & alone]
            groups = partition.fewest(names, apart, [set(friends) - alone for friends in shared])
            if not self._refused(map(frozenset, groups)):
                return groups
            self._settle(groups)

    def _settle(self, groups: Sequence[Collection[str]]) -> None:
        """Find what is to blame in each that does not fit."""
        self._refused(map(frozenset, groups))
        for group in map(frozenset, groups):
            while self._refused([group]) and not any(core <= group for core in self._cores):
                self._blame(group)

    def _blame(self, group: frozenset[str]) -> None:
        """Find a minimal part of the group that does not fit."""
        group = min((refused for refused in self._refusals if refused <= group), key=len)
        suspects = frozenset(side.library for side in self._core(group).sides)
        if suspects and suspects < group and self._refused([suspects]):
            group = suspects
        while smaller := self._refused(group - {name} for name in self._in_order(group) if len(group) > 1):
            group = smaller[0]
        if len(group) > 1 or not self._is_freed(*group):
            self._cores.append(group)

    def _core(self, group: frozenset[str]) -> Core:
        return chains.core(self.members(group), self._refusals[group])

    def _confirm(self) -> bool:
        """Ask the index for every core that uv's cache alone refused. Where the cache was out of date, so may
        be all else that it refused: False then.
        """
        doubtful = [core for core in self._cores if core not in self._certain]
        self._ask(doubtful, offline=False)
        mistaken = [core for core in doubtful if core not in self._certain]
        if mistaken:
            self._refusals = {known: said for known, said in self._refusals.items() if known in self._certain}
            self._cores = [core for core in self._cores if core in self._certain]
        return not mistaken

    def _is_freed(self, name: str) -> bool:
        """Whether a library that its environment's constraints leave nothing can do without them, while one
        that lives there too can live with them: then they are not its own, and it may leave them behind.
        """
        tenant = self._tenants[name]
        home = tenant.environment
        mates = [frozenset({mate}) for mate in self._homes()[home.name] if mate != name]
        free = replace(tenant, environment=replace(home, constraints=()))
        if not home.constraints or len(self._refused(mates)) == len(mates):
            return False
        if sharing.refusal([free]) is not None or sharing.refusal([tenant]) is None:
            return False
        self._tenants[name] = free
        self._refusals = {group: said for group, said in self._refusals.items() if name not in group}
        self._certain = {group for group in self._certain if name not in group}
        self._cores = [group for group in self._cores if name not in group]
        return True

    def _refused(self, groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
        """Those that do not fit, in order; asks for what is not known yet, all at once."""
        wanted = list(groups)
        self._ask(found for found in wanted if self._known(found) is None)
        return [found for found in wanted if not self._known(found)]

    def _known(self, group: frozenset[str]) -> bool | None:
        if any(group <= fitting for fitting in self._fits):
            return True
        if any(refused <= group for refused in (*self._refusals, *self._ruled_out)):
            return False
        return None

    def _ask(self, groups: Iterable[frozenset[str]], *, offline: bool = True) -> None:
        """All at once. Under `offline`, the index is asked only where the cache does not know enough."""
        trials = {", ".join(self._in_order(group)): group for group in groups}
        failures: dict[str, EnvmgrError] = {}

        def work(environment: Environment) -> tuple[EnvmgrError | None, bool]:
            self._report(environment.name, "resolve")
            members = self.members(trials[environment.name])
            if offline:
                try:
                    return sharing.refusal(members, offline=True), False
                except EnvmgrError as problem:
                    if problem.code != "E-OFFLINE":
                        raise
            return sharing.refusal(members), True

        environments = [Environment(name, "", ()) for name in trials]
        answers = together.each(environments, work, failures, limit=AT_ONCE)
        together.raise_failures(failures, ())
        for name, (answer, is_certain) in answers.items():
            if answer is None:
                self._fits.append(trials[name])
                continue
            self._refusals[trials[name]] = answer
            self._certain |= {trials[name]} if is_certain else set()

    def _in_order(self, group: Collection[str]) -> list[str]:
        return [name for name in self._tenants if name in group]
