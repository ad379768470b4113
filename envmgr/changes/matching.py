"""Which parameter of the new signature is which of the old one."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from envmgr.changes import defaults
from envmgr.changes.described import KEYWORD_ONLY, VAR_KEYWORD, VAR_POSITIONAL, Parameter

_ALIKE = 0.6
_HALF_ALIKE = 0.4
_COMMON = frozenset({"None", "True", "False", "0", "1", "''", "()", '""', "..."})
"""Defaults that many parameters have."""


@dataclass(frozen=True, slots=True)
class Matched:
    """`kept` have their name, `renamed` their place or their likeness; `args` and `kwargs`: whether there is
    `*args`, `**kwargs`, before and after."""

    kept: tuple[tuple[Parameter, Parameter], ...]
    renamed: tuple[tuple[Parameter, Parameter], ...]
    removed: tuple[Parameter, ...]
    added: tuple[Parameter, ...]
    args: tuple[bool, bool]
    kwargs: tuple[bool, bool]


def match(before: Sequence[Parameter], after: Sequence[Parameter]) -> Matched:
    old, new = _named(before), _named(after)
    kept = tuple((old[name], new[name]) for name in old if name in new)
    gone = [found for name, found in old.items() if name not in new]
    come = [found for name, found in new.items() if name not in old]
    renamed = []
    for each in gone:
        other = _successor(each, come, before, after)
        if other is not None:
            renamed.append((each, other))
            come.remove(other)
    renamed_names = {each.name for each, _ in renamed}
    return Matched(
        kept,
        tuple(renamed),
        tuple(each for each in gone if each.name not in renamed_names),
        tuple(come),
        (_has(before, VAR_POSITIONAL), _has(after, VAR_POSITIONAL)),
        (_has(before, VAR_KEYWORD), _has(after, VAR_KEYWORD)),
    )


def positions(parameters: Sequence[Parameter]) -> list[str]:
    """Names of those that can be given by position, in order."""
    return [each.name for each in parameters if each.by_position]


def _successor(
    gone: Parameter,
    come: Sequence[Parameter],
    before: Sequence[Parameter],
    after: Sequence[Parameter],
) -> Parameter | None:
    if gone.by_position:
        at = positions(before).index(gone.name)
        there = [each for each in after if each.by_position][at : at + 1]
        candidates = [each for each in there if each in come]
        if candidates and _follows(gone, candidates[0]):
            return candidates[0]
    alike = [
        each
        for each in come
        if each.kind == KEYWORD_ONLY
        and gone.required == each.required
        and _same_default(gone, each)
        and (_likeness(gone.name, each.name) >= _ALIKE or _said_alike(gone, each))
    ]
    return max(alike, key=lambda each: _likeness(gone.name, each.name), default=None)


def _follows(old: Parameter, new: Parameter) -> bool:
    """Whether the one that stands in its place is it: what is required is told by its place, the rest by its name, by
    what is said of it, or by a default that few have."""
    if old.required and new.required:
        return True
    if not old.required and (new.required or not _same_default(old, new)):
        return False
    if _likeness(old.name, new.name) >= _HALF_ALIKE:
        return True
    if old.default is not None and old.default not in _COMMON:
        return True
    if old.said and new.said:
        return _said_alike(old, new)
    return old.required and old.type is not None and old.type == new.type


def _said_alike(old: Parameter, new: Parameter) -> bool:
    return bool(old.said and new.said) and _likeness(old.said[:100], new.said[:100]) >= _ALIKE


def _same_default(one: Parameter, other: Parameter) -> bool:
    return defaults.same(one.default, other.default)


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _named(parameters: Sequence[Parameter]) -> dict[str, Parameter]:
    return {each.name: each for each in parameters if each.kind not in (VAR_POSITIONAL, VAR_KEYWORD)}


def _has(parameters: Sequence[Parameter], kind: int) -> bool:
    return any(each.kind == kind for each in parameters)
