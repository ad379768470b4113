"""From uv's derivation to the demands that do not fit together, each with the chain that leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from envmgr.environments.sharing import Tenant, member
from envmgr.errors import EnvmgrError
from envmgr.model.explanation import Core, Link, Side
from envmgr.tools import derivation
from envmgr.tools.derivation import PYTHON, Dependency, Derivation, Lack
from envmgr.tools.pypa import canonical
from envmgr.tools.ranges import are_disjoint, covered, is_same, mentioned, spelled


@dataclass(frozen=True, slots=True)
class _Rule:
    """A constraint or an override, and the tenant whose environment has it."""

    kind: str
    text: str
    tenant: Tenant


@dataclass(frozen=True, slots=True)
class _Demand:
    """What reaches a distribution: along `path` from a tenant's requirement, or by a rule of its environment
    (an empty path).
    """

    tenant: Tenant
    path: tuple[Dependency, ...]
    wanted: str
    rule: _Rule | None = None

    @property
    def voice(self) -> tuple[object, ...]:
        """Who speaks; several versions of a distribution on the way speak with one voice."""
        if self.rule is not None:
            return (self.rule.kind, self.rule.text)
        if len(self.path) == 1:
            return (self.tenant.name, self.path[0])
        return (self.tenant.name, *(step.target for step in self.path))


def core(tenants: Sequence[Tenant], refusal: EnvmgrError) -> Core:
    """What `refusal` of these tenants says. Its sides are empty where uv's derivation cannot be read."""
    raw = _named(str(refusal.details.get("uv", "")), tenants).strip()
    facts = derivation.parse(str(refusal.details.get("derivation", "")))
    names = tuple(tenant.name for tenant in tenants)
    demands = _demands(tenants, facts)
    disputes = _disputes(demands, facts, names)
    sides = tuple(
        side
        for target, voices in disputes
        for side in sorted(_sides(target, voices), key=lambda side: names.index(side.library))
    )
    if not sides:
        reasons = [_named(reason, tenants) for reason in refusal.details.get("reasons", ())]
        return Core(names, None, (), tuple(reasons), raw)
    told = {target for target, voices in disputes if not _excluding(voices)}
    notes = tuple(dict.fromkeys(_notes(facts.lacks, told, tenants[0])))
    return Core(names, disputes[0][0], sides, notes, raw)


def _demands(tenants: Sequence[Tenant], facts: Derivation) -> dict[str, list[_Demand]]:
    """By the distribution that is asked for, in the order of the tenants."""
    rules = [rule for tenant in tenants for rule in _rules(tenant)]
    leaving: dict[str, list[Dependency]] = {}
    for fact in facts.dependencies:
        if fact.source != fact.target:
            leaving.setdefault(fact.source, []).append(fact)
    found: dict[str, list[_Demand]] = {}
    for position, tenant in enumerate(tenants):
        leaving.setdefault(member(position), []).extend(_direct(tenant, member(position)))
        for path in _paths(member(position), leaving):
            last = path[-1]
            rule = next((rule for rule in rules if _says(rule.text, last)), None)
            if rule is None or (
                len(path) == 1 and any(_says(word, last) for word in tenant.library.requirements)
            ):
                demand = _Demand(tenant, path, last.wanted)
            else:
                demand = _Demand(rule.tenant, (), last.wanted, rule)
            known = found.setdefault(last.target, [])
            if demand not in known:
                known.append(demand)
    return found


def _paths(start: str, leaving: Mapping[str, Sequence[Dependency]]) -> Iterator[tuple[Dependency, ...]]:
    """One shortest way to every fact that is reached from `start`."""
    ways: dict[str, tuple[Dependency, ...]] = {start: ()}
    waiting = [start]
    for name in waiting:
        for fact in leaving.get(name, ()):
            way = (*ways[name], fact)
            yield way
            if fact.target not in ways:
                ways[fact.target] = way
                waiting.append(fact.target)


def _direct(tenant: Tenant, source: str) -> Iterator[Dependency]:
    """What it asks by address: uv then sees no other versions, and its facts do not say why."""
    for word in tenant.library.requirements:
        if _name(word) and Requirement(word).url is not None:
            yield Dependency(source, "*", _name(word), "*")


def _rules(tenant: Tenant) -> Iterator[_Rule]:
    environment = tenant.environment
    for kind, words in (("constraint", environment.constraints), ("override", environment.overrides)):
        for word in words:
            yield _Rule(kind, word, tenant)


def _disputes(
    demands: Mapping[str, Sequence[_Demand]], facts: Derivation, names: Sequence[str]
) -> list[tuple[str, list[_Demand]]]:
    """The distributions in dispute, with the demands on each; first the one that most libraries dispute.

    Where demands exclude each other, that is the dispute. For libraries that no such dispute names, it is
    what all their demands lead to and what lacks versions.
    """
    found = [(target, _excluding(reaching)) for target, reaching in demands.items() if target != PYTHON]
    disputes = [(target, voices) for target, voices in found if voices]
    missing = set(names) - _libraries(demand for _, voices in disputes for demand in voices)
    lacking = {lack.distribution for lack in facts.lacks}
    while missing:
        candidates = [
            (len(missing & _libraries(reaching)), len(_libraries(reaching)), target == PYTHON, target)
            for target, reaching in demands.items()
            if target in lacking and missing & _libraries(reaching)
        ]
        if not candidates:
            break
        target = max(candidates)[-1]
        disputes.append((target, list(demands[target])))
        missing -= _libraries(demands[target])
    return sorted(disputes, key=lambda dispute: -len(_libraries(dispute[1])))


def _excluding(demands: Sequence[_Demand]) -> list[_Demand]:
    """Those that exclude another's versions. Two versions of one distribution do not speak against each
    other.
    """
    against: set[int] = set()
    for one, demand in enumerate(demands):
        for other in range(one):
            if _source(demand) != _source(demands[other]) and are_disjoint(
                demand.wanted, demands[other].wanted
            ):
                against |= {one, other}
    return [demands[position] for position in sorted(against)]


def _source(demand: _Demand) -> object:
    return demand.voice if len(demand.path) < 2 else demand.path[-1].source


def _libraries(demands: Iterable[_Demand]) -> set[str]:
    return {demand.tenant.name for demand in demands}


def _sides(target: str, demands: Sequence[_Demand]) -> Iterator[Side]:
    voices: dict[tuple[object, ...], list[_Demand]] = {}
    for demand in demands:
        voices.setdefault(demand.voice, []).append(demand)
    for same in voices.values():
        if same[0].rule is not None:
            yield ruled(same[0].rule.tenant, same[0].rule.kind, same[0].rule.text)
        else:
            newest, *others = sorted(same, key=lambda demand: _newest(demand.path[-1].versions), reverse=True)
            yield _asking(target, newest, others)


def ruled(tenant: Tenant, kind: str, text: str) -> Side:
    """The side of a constraint or an override of the tenant's environment."""
    verb = "is constrained to" if kind == "constraint" else "overrides what is asked with"
    words = f"environment {tenant.environment.name}, of {tenant.name}, {verb} {text}"
    return Side(tenant.name, kind, _name(text), text, (), text, words)


def _asking(target: str, demand: _Demand, others: Sequence[_Demand]) -> Side:
    first, *further = demand.path
    asks = _own_words(demand.tenant, first) or requirement(first.target, first.wanted)
    chain = tuple(
        Link(step.source, covered(step.versions), requirement(step.target, step.wanted)) for step in further
    )
    needs = requirement(target, demand.wanted)
    if not chain:
        words = f"{demand.tenant.name} asks {asks}"
    else:
        steps = [f"it asks {asks}", *(_step(link) for link in chain)]
        steps[-1] += _likewise(others)
        listed = " and ".join(steps) if len(steps) == 2 else f"{', '.join(steps[:-1])}, and {steps[-1]}"
        words = f"{demand.tenant.name} needs {needs}, because {listed}"
    return Side(demand.tenant.name, "requirement", target, asks, chain, needs, words)


def _step(link: Link) -> str:
    if link.version == "*":
        return f"every {link.distribution} requires {link.requires}"
    verb = "requires" if link.version[0].isdigit() and " " not in link.version else "require"
    return f"{link.distribution} {link.version} {verb} {link.requires}"


def _likewise(others: Sequence[_Demand], shown: int = 3) -> str:
    if not others:
        return ""
    said = [
        f"{covered(step.versions)} {requirement(step.target, step.wanted)}"
        for step in (demand.path[-1] for demand in others[:shown])
    ]
    more = [f"{len(others) - shown} more ranges of versions"] if len(others) > shown else []
    return f" (likewise {', '.join(said + more)})"


def _own_words(tenant: Tenant, fact: Dependency) -> str | None:
    """The tenant's own requirement that uv turned into this fact, as envmgr.toml has it."""
    about = [word for word in tenant.library.requirements if _name(word) == fact.target]
    return about[0] if len(about) == 1 else next((word for word in about if _says(word, fact)), None)


def _says(word: str, fact: Dependency) -> bool:
    return _name(word) == fact.target and is_same(str(Requirement(word).specifier), fact.wanted)


def _name(word: str) -> str:
    try:
        return canonical(Requirement(word).name)
    except InvalidRequirement:
        return ""


def _notes(lacks: Sequence[Lack], told: set[str], tenant: Tenant) -> Iterator[str]:
    """What else keeps versions from being taken. That there are none is worth saying where nothing else is."""
    unusable = {lack.distribution for lack in lacks if lack.why}
    for lack in lacks:
        name = lack.distribution
        if name == PYTHON and PYTHON in told:
            yield f"the environment's Python is {tenant.interpreter.version}"
        elif name in told and lack.why:
            which = "" if lack.versions == "*" else f" {covered(lack.versions)} cannot be used"
            yield f"{name}{which}: {lack.why}"
        elif name in told and name not in unusable:
            yield f"there is no {requirement(name, lack.versions)}"


def requirement(name: str, wanted: str) -> str:
    """A range of uv's as a requirement: "numpy>=1.26.0,<2"."""
    return f"{name}{spelled(wanted)}"


def _newest(versions: str) -> Version:
    return max(mentioned(versions), default=Version("0"))


def _named(text: str, tenants: Sequence[Tenant]) -> str:
    for position in reversed(range(len(tenants))):
        text = text.replace(member(position), f"library {tenants[position].name}")
    return text.replace("your workspace", "the environment")
