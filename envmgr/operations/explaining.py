"""`envmgr explain`: which libraries can share an environment, why others cannot, the fewest that serve all."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count

from packaging.requirements import InvalidRequirement, Requirement

from envmgr.config import load
from envmgr.environments import adoption, partition, sharing
from envmgr.environments.partition import Groups
from envmgr.environments.sharing import Tenant
from envmgr.errors import EnvmgrError
from envmgr.model.explanation import Explanation, Group
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Environment, Library, Project
from envmgr.operations import together
from envmgr.operations.inquiry import Inquiry
from envmgr.operations.selection import unknown_names
from envmgr.tools import interpreters


def explain(project: Project, words: Sequence[str] = (), *, report: Report = silent) -> Explanation:
    """Of these libraries, environments and plain requirements (default: every library of envmgr.toml).

    Reads and writes nothing of the project. Needs the network; blocks while uv resolves: some resolutions for
    each set that does not fit, as many at a time as the machine can. Raises E-UNKNOWN-LIBRARY, E-INTERPRETER,
    E-NETWORK.
    """
    tenants = _tenants(project, _asked(project, words))
    inquiry = Inquiry(tenants, report)
    groups = inquiry.fewest()
    homes: dict[str, tuple[str, ...]] = {}
    for tenant in tenants.values():
        homes[tenant.environment.name] = (*homes.get(tenant.environment.name, ()), tenant.name)

    def described(name: str, libraries: Sequence[str]) -> Group:
        members = inquiry.members(libraries)
        return Group(name, tuple(libraries), members[0].interpreter.minor, sharing.constraints(members))

    configured = project.environments
    placed = {name for group in groups for name in group}
    shared = [tuple(name for name in names if name in placed) for names in homes.values()]
    return Explanation(
        libraries=tuple(tenants),
        cores=inquiry.cores,
        minimum=len(groups),
        environments=tuple(described(*named) for named in _named(groups, homes, configured)),
        layout=tuple(described(home, names) for home, names in homes.items() if home in configured),
        broken=tuple(home for home, names in homes.items() if not inquiry.fits(names)),
        parted=partition.parted(groups, shared),
    )


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
            f"{', '.join(mates)}: in an environment with these libraries today, and not asked about",
            hint=f"ask about all: envmgr explain {' '.join([*found.libraries, *mates])} --apply",
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


def _tenants(project: Project, asked: Mapping[str, tuple[Library, Environment]]) -> dict[str, Tenant]:
    """Raises E-INTERPRETER for every environment whose interpreter is not here."""
    found: dict[str, Tenant] = {}
    failures: dict[str, EnvmgrError] = {}
    for library, home in asked.values():
        python = home.python if home.adopt is None else str(adoption.directory_of(home))
        try:
            interpreter = interpreters.find(python, root=project.root, download=True)
        except EnvmgrError as problem:
            failures[home.name] = problem
        else:
            found[library.name] = Tenant(library, home, interpreter)
    together.raise_failures(failures, ())
    return found


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
