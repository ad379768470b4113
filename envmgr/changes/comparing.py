"""Two releases of one module → what changed for a caller, and what only seems to have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from envmgr.changes import doubts, endings, folding, joining, placing, texts, vanished
from envmgr.changes.asking import Answer
from envmgr.changes.described import GETATTR, SOURCE, Api, Described, Pair
from envmgr.changes.folding import Met
from envmgr.changes.inheritance import is_still_below
from envmgr.changes.joining import Gone, shortest_first
from envmgr.changes.parameters import call
from envmgr.changes.rules import ADDED, ATTRIBUTE_REMOVED, BASE_REMOVED, DEPRECATED, RULES
from envmgr.changes.vanished import Placed
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE, SEVERITIES, Change, Suppressed


@dataclass(frozen=True, slots=True)
class Compared:
    """As in `ApiDiff`, but that paths are relative to the module."""

    compared: int
    changes: tuple[Change, ...]
    suppressed: tuple[Suppressed, ...]
    paths: Mapping[str, tuple[str, ...]]


def compare(
    before: Api,
    after: Api,
    *,
    answers: Mapping[str, Answer] | None = None,
    warned: Mapping[str, Answer] | None = None,
    told: Collection[str] = (),
) -> Compared:
    """`answers` are what `after` says of paths (`asking`), `warned` what `before` did; None where nobody asked.
    `told` are modules of the same distribution that were compared: what is defined in them is no affair of this
    one."""
    pairs = (
        pair
        for pair in joining.pairs(before, after)
        if (pair.before.module or "").partition(".")[0] not in told
    )
    met = folding.folded(
        [found for pair in pairs for found in _of_pair(pair, before, after, answers)], before
    )
    changes: list[Placed] = []
    suppressed: list[Suppressed] = []
    for each in met:
        if each.why is None:
            changes.append((each.change, each.paths))
        else:
            suppressed.append(Suppressed(each.change, each.why))
    come = joining.come(before, after)
    lost, excused = vanished.Vanished(before, after, answers, warned or {}).explain(
        gone for gone in joining.gone(before, after) if not _is_told(gone, before, told)
    )
    changes += lost
    suppressed += excused
    taken = {change.after for change, _ in lost}
    for found in come:
        change = Change(found.path, ADDED, SAFE, f"a new {found.kind}", instead=None)
        failed = vanished.failed_import(found.paths, before)
        if failed is not None:
            suppressed.append(Suppressed(change, f"{failed[0]} could not be imported before: {failed[1]}"))
        elif found.path not in taken:
            changes += _of_new(change, found, before)
    went = {(change.before, path) for change, paths in lost if change.kind == BASE_REMOVED for path in paths}
    where = placing.Places(before, after)
    placed = [
        (where.best(change, paths), paths)
        for change, paths in changes
        if change.kind != BASE_REMOVED
        or change.severity == BREAKS
        or (change.before, change.path) not in went
    ]
    ordered = sorted(
        placed, key=lambda each: (SEVERITIES.index(each[0].severity), each[0].path, each[0].kind)
    )
    paths: dict[str, tuple[str, ...]] = {}
    for change, others in ordered:
        rest = [path for path in others if path != change.path]
        if rest:
            paths[change.path] = shortest_first({*paths.get(change.path, ()), *rest})
    return Compared(
        len(before.places.keys() | after.places.keys()),
        tuple(change for change, _ in ordered),
        tuple(sorted(suppressed, key=lambda each: (each.change.path, each.change.kind))),
        paths,
    )


def _is_told(gone: Gone, before: Api, told: Collection[str]) -> bool:
    """Whether it is a member of a class that is defined in one of these modules."""
    holder = before.get(gone.path.rpartition(".")[0])
    return holder is not None and holder.kind == "class" and (holder.module or "").partition(".")[0] in told


def _of_new(change: Change, found: Described, before: Api) -> Iterator[Placed]:
    """What is new, but for attributes that objects had before and that their class has now; and for what is
    deprecated from its first day: it was there without being listed."""
    holder = before.get(found.path.rpartition(".")[0])
    source = None if holder is None or holder.kind != "class" else holder.source
    had = source is not None and found.leaf in (source.known or ())
    is_member = found.kind in ("property", "constant") and holder is not None and holder.kind == "class"
    said = endings.deprecation(found)
    if said is None and source is not None and GETATTR in (source.known or ()) and found.source is not None:
        said = next(((text, SOURCE) for text in found.source.warns), None)
    if said is not None and (is_member or any(path in before.named for path in found.paths)):
        text, origin = said
        message = f"deprecated: {texts.shortened(text)}" if text else "deprecated"
        change = Change(
            found.path, DEPRECATED, MAY_BREAK, message, instead=texts.instead(text), origin=origin
        )
    elif had and is_member:
        return
    yield change, found.paths


def _of_pair(pair: Pair, before: Api, after: Api, answers: Mapping[str, Answer] | None) -> Iterator[Met]:
    pair = replace(pair, paths=shortest_first(pair.paths))
    signatures = call(pair)
    for rule in RULES:
        told: set[str] = set()
        for found in rule.find(pair, signatures):
            if found.parameter is not None and found.parameter in told:
                continue  # by the docstring, and by its default
            told.update(filter(None, [found.parameter]))
            change = Change(
                pair.paths[0],
                rule.kind,
                found.severity,
                found.message,
                found.parameter,
                found.before,
                found.after,
                found.instead,
                found.origin,
            )
            why = doubts.reason(pair, rule.kind, found)
            if pair.before.kind == "constant" and all(path in before.left for path in pair.paths):
                why = "a loop of the module left it behind"
            elif why is None and pair.before.kind != "module" and not any(map(before.offers, pair.paths)):
                why = "it is only imported there: no module offers it"
            elif why is None and rule.kind == ATTRIBUTE_REMOVED and answers is not None:
                asked = f"{pair.paths[0]}.{found.before}"
                why = None if asked in answers else "it is still there when it is read of the class"
            elif why is None and rule.kind == BASE_REMOVED:
                name = found.before or ""
                why = (
                    f"{name} is another name of one that it has"
                    if is_still_below(name, pair, after)
                    else None
                )
            yield Met(change, pair.paths, pair.before, pair.after, why)
