"""What is otherwise than in an older file of results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from envmgr.matrix.slowness import Ratio
from envmgr.matrix.spelling import ResultFile
from envmgr.model.matrix import BROKEN, FLAKY, PASSED, CellResult

_WORKING = frozenset({PASSED, FLAKY})
_THRESHOLD = 1.25


@dataclass(frozen=True, slots=True)
class Move:
    """A distribution that is installed in another version; None: not at all. `cells` of which that is so."""

    name: str
    before: str | None
    now: str | None
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """`check` is "" for what befell the whole cell, and `before` None in a cell that is new. `failures` are the
    tests that did not fail before; `moves` what is installed otherwise in this cell."""

    cell: str
    check: str
    before: str | None
    now: str
    detail: str = ""
    failures: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Tempo:
    """`name` took `before` times what it took in the reference cell, and takes `now`."""

    cell: str
    name: str
    before: float
    now: Ratio


@dataclass(frozen=True, slots=True)
class Comparison:
    """`source` is what was compared with. `broken` is red now and was not, new cells included; `otherwise` are the
    changes of a status that are neither that nor `working`."""

    source: str
    broken: tuple[Change, ...]
    working: tuple[Change, ...]
    otherwise: tuple[Change, ...]
    new: tuple[str, ...]
    gone: tuple[str, ...]
    slower: tuple[Tempo, ...]
    faster: tuple[Tempo, ...]
    moved: tuple[Move, ...]


def compare(
    results: Iterable[CellResult],
    ratios: Mapping[str, Mapping[str, Ratio]],
    older: ResultFile,
    source: str,
    *,
    unknown: Iterable[str] = (),
) -> Comparison:
    """`unknown` are cells that have no result now: they are not gone."""
    now = {result.cell: result for result in results}
    before = {result.cell: result for result in older.results}
    broken, working, others = [], [], []
    for result in now.values():
        for each in _changes(before.get(result.cell), result):
            if _is_broken(before.get(each.cell), result, each):
                broken.append(each)
            elif each.before in BROKEN and each.now in _WORKING:
                working.append(each)
            elif each.before not in (None, each.now):
                others.append(each)
    tempos = list(_tempos(ratios, older.ratios))
    threshold = older.timing.threshold if older.timing else _THRESHOLD
    return Comparison(
        source,
        tuple(broken),
        tuple(working),
        tuple(others),
        tuple(sorted(now.keys() - before.keys())),
        tuple(sorted(before.keys() - now.keys() - set(unknown))),
        tuple(each for each in tempos if each.now.low > each.before * threshold),
        tuple(each for each in tempos if each.now.high < each.before / threshold),
        _together(before, now),
    )


def _changes(before: CellResult | None, now: CellResult) -> Iterator[Change]:
    """Of each check whose status, or what fails in it, or whether it is expected, is otherwise."""
    moves = () if before is None else tuple(_moves(before, now))
    earlier = {} if before is None else {name: (status, failed) for name, status, _, failed in _parts(before)}
    whole = None if before is None else before.status
    was_red = before is not None and before.red
    parts = list(_parts(now))
    if before is None or (now.checks and not before.checks):  # no check has an earlier status of its own
        bad = [part for part in parts if part[1] in BROKEN]
        parts = bad or [("", now.status, now.detail, ())]
    for name, status, detail, failed in parts:
        was, failed_before = earlier.get(name, (whole, ()))
        more = tuple(sorted(set(failed) - set(failed_before)))
        if was != status or (status in BROKEN and (more or now.red != was_red)):
            yield Change(now.cell, name, was, status, detail, more, moves)


def _parts(result: CellResult) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Name, status, detail and failures of its checks; of a cell without any, its own."""
    if not result.checks:
        yield "", result.status, result.detail, ()
    for check in result.checks:
        yield check.name, check.status, check.detail or result.detail, check.failures


def _is_broken(before: CellResult | None, now: CellResult, change: Change) -> bool:
    if not now.red or change.now not in BROKEN:
        return False
    return before is None or not before.red or change.before not in BROKEN or bool(change.failures)


def _moves(before: CellResult, now: CellResult) -> Iterator[Move]:
    versions = [{**result.pins, **_python(result)} for result in (before, now)]
    for name in sorted(versions[0].keys() | versions[1].keys()):
        old, new = versions[0].get(name), versions[1].get(name)
        if old != new and all(versions):
            yield Move(name, old, new, (now.cell,))


def _python(result: CellResult) -> dict[str, str]:
    return {"python": result.python} if result.python else {}


def _together(before: Mapping[str, CellResult], now: Mapping[str, CellResult]) -> tuple[Move, ...]:
    """The same move of several cells is one."""
    cells: dict[tuple[str, str | None, str | None], list[str]] = {}
    for cell in sorted(before.keys() & now.keys()):
        for move in _moves(before[cell], now[cell]):
            cells.setdefault((move.name, move.before, move.now), []).append(cell)
    return tuple(Move(*key, tuple(found)) for key, found in cells.items())


def _tempos(
    now: Mapping[str, Mapping[str, Ratio]], before: Mapping[str, Mapping[str, float]]
) -> Iterator[Tempo]:
    for cell, found in sorted(now.items()):
        for name, ratio in sorted(found.items()):
            if name in before.get(cell, {}):
                yield Tempo(cell, name, before[cell][name], ratio)
