"""Which known vulnerabilities an upgrade leaves behind, brings in, or keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from envmgr.model.changes import Vulnerability
from envmgr.model.outcomes import Pin
from envmgr.tools.osv import Advisory
from envmgr.tools.pypa import canonical

_PREFERRED = ("GHSA-", "PYSEC-")
"""Whose words are taken of an advisory that several sources have: the first that says most."""


def judge(
    advisories: Iterable[Advisory], before: Iterable[Pin], after: Iterable[Pin]
) -> tuple[Vulnerability, ...]:
    """Sorted: what comes in, what stays, what is left behind. An advisory that several sources have is there once."""
    old, new = _versions(before), _versions(after)
    found = [vulnerability for same in _merged(advisories) for vulnerability in _of_one(same, old, new)]
    order = {False: 0, None: 1, True: 2}
    return tuple(sorted(found, key=lambda each: (order[each.fixed], each.distribution, each.id)))


def _of_one(
    same: Sequence[Advisory], old: dict[str, list[str]], new: dict[str, list[str]]
) -> Iterator[Vulnerability]:
    """One of them is enough: sources differ in what they have heard of."""
    for name in sorted({affected.distribution for each in same for affected in each.affected}):
        had, has = _having(same, name, old.get(name, ())), _having(same, name, new.get(name, ()))
        if not had and not has:
            continue
        first = min(same, key=_rank)
        others = {one for each in same for one in (each.id, *each.aliases)} - {first.id}
        yield Vulnerability(
            first.id,
            name,
            ", ".join(has or had),
            first.summary or next((each.summary for each in same if each.summary), ""),
            first.severity or next((each.severity for each in same if each.severity), ""),
            None if had and has else not has,
            tuple(sorted(others)),
        )


def _having(same: Iterable[Advisory], name: str, versions: Iterable[str]) -> list[str]:
    affected = [found for each in same for found in each.affected if found.distribution == name]
    return [version for version in versions if any(found.holds(version) for found in affected)]


def _merged(advisories: Iterable[Advisory]) -> list[list[Advisory]]:
    """Those that name each other, or the same third."""
    groups: list[tuple[set[str], list[Advisory]]] = []
    for each in advisories:
        names, members = {each.id, *each.aliases}, [each]
        apart = []
        for group in groups:
            if group[0].isdisjoint(names):
                apart.append(group)
            else:
                names |= group[0]
                members = [*group[1], *members]
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _rank(advisory: Advisory) -> tuple[int, str]:
    place = next((at for at, word in enumerate(_PREFERRED) if advisory.id.startswith(word)), len(_PREFERRED))
    return place, advisory.id


def _versions(pins: Iterable[Pin]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pin in pins:
        versions = found.setdefault(canonical(pin.name), [])
        if pin.version not in versions:
            versions.append(pin.version)
    return found
