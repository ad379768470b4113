"""`envmgr explain`: which libraries can share an environment, why the others cannot, and the fewest that serve all.

Whether libraries fit is asked of uv, set by set: its derivation points at those to blame, leaving out one at a
time makes the blame minimal, and each minimal set keeps libraries apart in the search for the fewest
environments, whose groups are asked again. What holds for a set holds for those in it, or for those around it.
uv's cache is asked first: a solution that it has is one, and only minimal sets are refused by the index itself.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, combinations, count

from packaging.requirements import InvalidRequirement, Requirement

from envmgr.config import load
from envmgr.environments import adoption, chains, partition, sharing
from envmgr.environments.partition import Groups
from envmgr.environments.sharing import Tenant
from envmgr.errors import EnvmgrError
from envmgr.model.explanation import Core, Explanation, Group, Side
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Environment, Library, Project
from envmgr.operations import together
from envmgr.operations.selection import unknown_names
from envmgr.tools import interpreters
from envmgr.tools.derivation import PYTHON

AT_ONCE = 8


def explain(project: Project, words: Sequence[str] = (), *, report: Report = silent) -> Explanation:
    """Of these libraries, environments and plain requirements (default: every library of envmgr.toml).

    Reads and writes nothing of the project. Needs the network; blocks while uv resolves: some resolutions for
    each set that does not fit, as many at a time as the machine can. Raises E-UNKNOWN-LIBRARY, E-INTERPRETER,
    E-NETWORK.
    """
    asked = _asked(project, words)
    tenants = {tenant.name: tenant for tenant in _tenants(project, asked)}
    return _Inquiry(tenants, project.environments, report).explanation()


def apply(project: Project, found: Explanation) -> Explanation:
    """Write the fewest environments into envmgr.toml, and say what changed there.

    Raises E-USAGE when a library that was not asked about would have to change along, when a profile, variable
    or option says otherwise than the file, or when the file is written in a form that cannot be edited;
    E-CONFLICT when a library cannot be resolved anywhere.
    """
    unknown = [name for name in found.libraries if name not in project.libraries]
    if unknown:
        raise EnvmgrError(
            "E-USAGE",
            f"{', '.join(unknown)}: not a library of envmgr.toml, so there is nothing to write",
            hint="`envmgr add LIB` adds it; leave --apply out to only look",
        )
    alone = [core.libraries[0] for core in found.cores if len(core.libraries) == 1]
    if alone:
        raise EnvmgrError(
            "E-CONFLICT",
            f"{', '.join(alone)} cannot be resolved in any environment",
            hint="mend its requirements first; `envmgr explain` says what is wrong with them",
        )
    homes = {group.name for group in found.layout}
    mates = [
        library.name
        for home in project.environments.values()
        for library in home.libraries
        if home.name in homes and library.name not in found.libraries
    ]
    if mates:
        raise EnvmgrError(
            "E-USAGE",
            f"{', '.join(mates)} shares an environment with these libraries today and was not asked about",
            hint=f"name it too: envmgr explain {' '.join([*found.libraries, *mates])} --apply",
        )
    if load(project.root).environments != project.environments:
        raise EnvmgrError(
            "E-USAGE",
            "--apply edits envmgr.toml, and what was explained is not what it says alone",
            hint="leave out --profile, --set and ENVMGR_* variables",
        )
    from envmgr.config.regrouping import regroup  # imports pydantic

    groups = {group.name: (group.libraries, group.constraints) for group in found.environments}
    return replace(found, applied=regroup(project.root, groups))


def _asked(project: Project, words: Sequence[str]) -> dict[str, tuple[Library, Environment]]:
    homes = {library.name: home for home in project.environments.values() for library in home.libraries}
    known = project.libraries
    if not words:
        return {name: (known[name], home) for name, home in homes.items()}
    chosen: dict[str, tuple[Library, Environment]] = {}
    unknown = []
    for word in words:
        if word in known:
            chosen[word] = (known[word], homes[word])
        elif word in project.environments:
            home = project.environments[word]
            chosen.update({library.name: (library, home) for library in home.libraries})
        elif _is_requirement(word):
            library = Library(word, word, None, word)
            chosen[word] = (library, Environment(word, "", (library,)))
        else:
            unknown.append(word)
    if unknown:
        problem = unknown_names("E-UNKNOWN-LIBRARY", "library or environment", unknown, [*known, *homes])
        problem.hint += "; what envmgr.toml does not have is asked about as a requirement, such as `numpy>=2`"
        raise problem
    pythons = [home.python for _, home in chosen.values() if home.python]
    pythons += [home.python for home in project.environments.values()]
    python = pythons[0] if pythons else f"{sys.version_info.major}.{sys.version_info.minor}"
    return {
        name: (library, home if home.python else replace(home, python=python))
        for name, (library, home) in chosen.items()
    }


def _is_requirement(word: str) -> bool:
    try:
        return str(Requirement(word)) != Requirement(word).name
    except InvalidRequirement:
        return False


def _tenants(project: Project, asked: Mapping[str, tuple[Library, Environment]]) -> Iterator[Tenant]:
    for library, home in asked.values():
        python = home.python if home.adopt is None else str(adoption.directory_of(home))
        yield Tenant(library, home, interpreters.find(python, root=project.root, download=True))


class _Inquiry:
    """`configured` are the names of all environments of the project."""

    def __init__(self, tenants: Mapping[str, Tenant], configured: Collection[str], report: Report) -> None:
        self._tenants = dict(tenants)
        self._configured = configured
        self._report = report
        adopted = {tenant.environment.name for tenant in tenants.values() if tenant.environment.adopt}
        self._fits = [frozenset(names) for home, names in self._homes().items() if home in adopted]
        self._refusals: dict[frozenset[str], EnvmgrError] = {}
        self._certain: set[frozenset[str]] = set()
        self._cores: list[frozenset[str]] = []
        self._ruled_out: dict[frozenset[str], Core] = {}

    def explanation(self) -> Explanation:
        homes = self._homes()
        for core, pairs in self._differences():
            self._ruled_out.update(dict.fromkeys(pairs, core))
        shared = [names for names in homes.values() if len(names) > 1]
        groups = self._fewest(shared)
        while not self._confirm():
            groups = self._fewest(shared)
        refused = self._refused(map(frozenset, homes.values()))
        cores = dict.fromkeys([*self._ruled_out.values(), *map(self._core, self._cores)])
        return Explanation(
            libraries=tuple(self._tenants),
            cores=tuple(cores),
            minimum=len(groups),
            environments=tuple(
                self._group(name, group) for name, group in _named(groups, homes, self._configured)
            ),
            layout=tuple(
                self._group(name, names) for name, names in homes.items() if name in self._configured
            ),
            broken=tuple(home for home, names in homes.items() if frozenset(names) in refused),
            parted=partition.parted(groups, shared),
        )

    def _homes(self) -> dict[str, tuple[str, ...]]:
        homes: dict[str, list[str]] = {}
        for tenant in self._tenants.values():
            homes.setdefault(tenant.environment.name, []).append(tenant.name)
        return {home: tuple(names) for home, names in homes.items()}

    def _group(self, name: str, libraries: tuple[str, ...]) -> Group:
        tenants = self._members(libraries)
        return Group(name, libraries, tenants[0].interpreter.minor, sharing.constraints(tenants))

    def _fewest(self, shared: Sequence[Collection[str]]) -> Groups:
        self._settle(shared)
        while True:
            alone = {name for core in self._cores if len(core) == 1 for name in core}
            names = [name for name in self._tenants if name not in alone]
            apart = [found for found in (*self._cores, *self._ruled_out) if not found & alone]
            groups = partition.fewest(names, apart, [set(names) - alone for names in shared])
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
        return chains.core(self._members(group), self._refusals[group])

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
            members = self._members(trials[environment.name])
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

    def _members(self, group: Collection[str]) -> list[Tenant]:
        return [self._tenants[name] for name in self._in_order(group)]

    def _differences(self) -> Iterator[tuple[Core, list[frozenset[str]]]]:
        """What keeps libraries apart without asking uv: one core for all the pairs that it stands for."""
        standing: dict[object, list[Tenant]] = {}
        for tenant in self._tenants.values():
            adopted = tenant.environment.adopt
            standing.setdefault((tenant.interpreter.executable, adopted), []).append(tenant)
        for some, others in combinations(standing.values(), 2):
            one, other = some[0], others[0]
            sides = (_standing(one, other), _standing(other, one))
            core = Core((one.name, other.name), sides[0].contested, sides, (), "")
            yield core, [frozenset({a.name, b.name}) for a in some for b in others]
        yield from self._overrides()

    def _overrides(self) -> Iterator[tuple[Core, list[frozenset[str]]]]:
        """An override is forced upon whoever moves in: it must be what the newcomer could take anyway."""
        homes = {tenant.environment.name: tenant.environment for tenant in self._tenants.values()}
        for home in homes.values():
            hosts = [tenant for tenant in self._tenants.values() if tenant.environment.name == home.name]
            for guest in self._tenants.values():
                if not home.overrides or guest.environment.overrides == home.overrides:
                    continue
                if guest.interpreter != hosts[0].interpreter:
                    continue
                both = [_as_constraints(hosts[0]), guest]
                refusal = sharing.refusal(both)
                if refusal is not None and sharing.refusal([guest]) is None:
                    told = chains.core(both, refusal)
                    sides = tuple(
                        chains.ruled(hosts[0], "override", side.asks) if side.kind == "constraint" else side
                        for side in told.sides
                    )
                    core = replace(told, libraries=(hosts[0].name, guest.name), sides=sides)
                    yield core, [frozenset({host.name, guest.name}) for host in hosts]


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


def _named(
    groups: Groups, homes: Mapping[str, Sequence[str]], configured: Collection[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A group has the name of the largest configured environment of which no group holds more; else that of
    its first library that is no environment's.
    """
    heirs: dict[int, str] = {}
    for home, names in sorted(homes.items(), key=lambda item: -len(item[1])):
        shares = [len(set(names) & set(group)) for group in groups]
        if home in configured and any(shares):
            heirs.setdefault(shares.index(max(shares)), home)
    used = {*heirs.values(), *configured}
    for position, group in enumerate(groups):
        name = heirs.get(position)
        if name is None:
            wanted = [_plain(library) for library in group]
            counted = (f"{wanted[0]}-{number}" for number in count(2))
            name = next(name for name in chain(wanted, counted) if name not in used)
            used.add(name)
        yield name, group


def _plain(library: str) -> str:
    return Requirement(library).name if _is_requirement(library) else library
