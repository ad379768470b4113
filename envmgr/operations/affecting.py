"""Which functions that are called change, in what their calls meet; and which only in what none of them meets."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from envmgr.catalog import Catalog, read
from envmgr.changes import callers, snapshot
from envmgr.changes.described import Parameter
from envmgr.model.changes import (
    BREAKS,
    SAFE,
    SEVERITIES,
    Affected,
    ApiDiff,
    Change,
    Met,
    UsedFunction,
)
from envmgr.operations.releases import Release

Parameters = Sequence[Parameter] | None
Signatures = Callable[[str], tuple[Parameters, Parameters]]
"""Path of a change -> the parameters before and after."""

_ENDS = frozenset({"removed", "moved", "renamed"})
"""What happens to a class or module happens to what is in it."""
_AT_RUN_TIME = "what is passed is made when it runs"
_NO_SIGNATURE = "its signature does not tell"
_COUNTED = "statistics do not tell what is passed"


def unknown(path: str) -> tuple[Parameters, Parameters]:
    return None, None


def signatures(before: Release, after: Release) -> Signatures:
    """Cost: both catalogs, when the first is asked for."""

    @functools.cache
    def catalogs() -> tuple[Callable[[str], Parameters], ...]:
        return tuple(
            functools.partial(_parameters, read(each.catalog), each.library) for each in (before, after)
        )

    def of_path(path: str) -> tuple[Parameters, Parameters]:
        try:
            one, other = catalogs()
            return one(path), other(path)
        except Exception:  # noqa: BLE001 - a damaged file may be wrong in any way, and then tells nothing
            return None, None

    return of_path


def is_certain(used: UsedFunction) -> bool:
    """Whether its class is known."""
    return not used.path.startswith(".")


def of(
    used: Sequence[UsedFunction], classes: frozenset[str], diff: ApiDiff, signatures: Signatures
) -> tuple[list[Affected], list[Affected]]:
    """Those whose calls meet a change, and those that are spared: they change, in what no call of theirs passes or
    leaves out. `classes` are the paths of the library's classes."""
    affected, spared = [], []
    for each, changes in _changing(used, classes, diff):
        met = [(change, found) for change in changes for change, found in _met(change, each, signatures)]
        if met:
            met.sort(key=lambda pair: (SEVERITIES.index(pair[0].severity), not pair[1].places))
            affected.append(Affected(each, *map(tuple, zip(*met, strict=True))))
        else:
            spared.append(Affected(each, changes, (Met(),) * len(changes)))
    return affected, spared


def _changing(
    used: Sequence[UsedFunction], classes: frozenset[str], diff: ApiDiff
) -> Iterator[tuple[UsedFunction, tuple[Change, ...]]]:
    at: dict[str, list[Change]] = {}
    members: dict[str, list[Change]] = {}
    for change in diff.changes:
        if change.severity == SAFE:
            continue
        for path in (change.path, *diff.paths.get(change.path, ())):
            at.setdefault(path, []).append(change)
        holder, _, name = change.path.rpartition(".")
        if holder in classes:
            members.setdefault(f".{name}", []).append(change)
    for each in used:
        found = at.get(each.path, []) if is_certain(each) else members.get(each.path, [])
        found = [*found, *(change for change in _above(each.path, at) if change not in found)]
        if found:
            yield each, tuple(sorted(found, key=lambda change: SEVERITIES.index(change.severity)))


def _above(path: str, at: Mapping[str, list[Change]]) -> Iterator[Change]:
    holder = path.rpartition(".")[0]
    while holder:
        yield from (change for change in at.get(holder, ()) if change.kind in _ENDS)
        holder = holder.rpartition(".")[0]


@dataclass(slots=True)
class _Found:
    places: list[str]
    perhaps: list[str]
    why: str = ""


def _met(change: Change, used: UsedFunction, signatures: Signatures) -> Iterator[tuple[Change, Met]]:
    """Nothing where every call is known to be spared. A change that is certain to break some of the calls it meets is
    told of these as one that breaks."""
    if not callers.depends(change):
        yield change, Met(used.places)
        return
    if not used.shapes:
        yield change, Met(perhaps=used.places, why=_COUNTED)
        return
    before, after = signatures(change.path)
    found: dict[str, _Found] = {}
    for shape in used.shapes:
        answer = callers.meets(change, shape, before, after)
        if answer is False:
            continue
        breaks = answer is True and callers.raises(change, shape, after or ())
        here = found.setdefault(BREAKS if breaks else change.severity, _Found([], []))
        if answer is None:
            here.perhaps += shape.places
            here.why = _AT_RUN_TIME if shape.more and before is not None else _NO_SIGNATURE
        else:
            here.places += shape.places
    for severity, each in found.items():
        yield replace(change, severity=severity), Met(_once(each.places), _once(each.perhaps), each.why)


def _parameters(catalog: Catalog, library: str, path: str) -> Parameters:
    found = snapshot.one(catalog, path.removeprefix(f"{library}."))
    return None if found is None else found.parameters


def _once(places: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(places))
