"""Which calls a change meets, by Python's rules of binding arguments and what code says that it passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from envmgr.changes.described import VAR_KEYWORD, VAR_POSITIONAL, Parameter
from envmgr.changes.matching import match, positions
from envmgr.model.changes import KEYWORDS, POSITIONAL, Change, Shape

Answer = bool | None
"""None: it depends on what is not known."""


@dataclass(frozen=True, slots=True)
class Passing:
    """A call, and the signatures that it meets before and after."""

    shape: Shape
    before: tuple[Parameter, ...]
    after: tuple[Parameter, ...]

    def old(self, name: str) -> Parameter | None:
        """The parameter as it was that is, or is called, so now."""
        matched = match(self.before, self.after)
        pairs = {new.name: old for old, new in (*matched.kept, *matched.renamed)}
        return pairs.get(name) or next((each for each in self.before if each.name == name), None)

    def placed(self, parameter: Parameter) -> Answer:
        """Whether it is given by position."""
        if not parameter.by_position or (parameter.by_name and parameter.name in self.shape.keywords):
            return False
        return self.reaches(positions(self.before).index(parameter.name))

    def reaches(self, place: int) -> Answer:
        """Whether there are more arguments by position than this."""
        return self.shape.positional > place or (None if POSITIONAL in self.shape.more else False)

    def named(self, name: str) -> Answer:
        return name in self.shape.keywords or (None if KEYWORDS in self.shape.more else False)

    def given(self, parameter: Parameter) -> Answer:
        placed = self.placed(parameter)
        named = self.named(parameter.name) if parameter.by_name and placed is not True else False
        return _either(placed, named)

    @property
    def fits(self) -> bool:
        """Whether the signature of before takes the call. What it does not take, it says nothing of."""
        names = {each.name for each in self.before if each.by_name}
        placed = positions(self.before)[: self.shape.positional]
        enough = _has(self.before, VAR_POSITIONAL) or len(positions(self.before)) >= self.shape.positional
        known = _has(self.before, VAR_KEYWORD) or names.issuperset(self.shape.keywords)
        missing = any(each.required and self.given(each) is False for each in self.before)
        return enough and known and not missing and not set(placed) & (names & set(self.shape.keywords))


def meets(
    change: Change,
    shape: Shape,
    before: Sequence[Parameter] | None,
    after: Sequence[Parameter] | None,
) -> Answer:
    """Whether the change is one for calls of that shape. What does not depend on what is passed meets every call."""
    decide = _DECIDE.get(change.kind)
    if decide is None:
        return True
    if before is None or after is None:
        return None
    passing = Passing(shape, tuple(before), tuple(after))
    return decide(passing, change) if passing.fits else None


def depends(change: Change) -> bool:
    """Whether it meets some calls and others not."""
    return change.kind in _DECIDE


def raises(change: Change, shape: Shape, after: Sequence[Parameter]) -> bool:
    """Whether a call that meets it fails for sure where the change by itself only may break one."""
    if change.kind == "args-removed":
        return shape.positional > len(positions(after))
    return change.kind == "kwargs-removed" and not _names(after, shape).issuperset(shape.keywords)


def _is_given(passing: Passing, change: Change) -> Answer:
    old = passing.old(change.parameter or "")
    if old is None:  # a decorator took it, by name
        return passing.named(change.parameter or "")
    return passing.given(old)


def _is_left_out(passing: Passing, change: Change) -> Answer:
    given = _is_given(passing, change)
    return None if given is None else not given


def _is_named(passing: Passing, change: Change) -> Answer:
    old = passing.old(change.parameter or "")
    return False if old is not None and passing.placed(old) else passing.named(change.parameter or "")


def _is_placed(passing: Passing, change: Change) -> Answer:
    old = passing.old(change.parameter or "")
    return None if old is None else passing.placed(old)


def _is_lacking(passing: Passing, change: Change) -> Answer:
    """A new one is required: only what `*args` or `**kwargs` took before may be it."""
    name = change.parameter or ""
    there = positions(passing.after)
    reached = passing.reaches(there.index(name)) if name in there else False
    by_name = any(each.name == name and each.by_name for each in passing.after)
    if by_name and _has(passing.before, VAR_KEYWORD) and passing.named(name) is not False:
        return reached if passing.named(name) else None  # given twice, where it is reached
    return None if _has(passing.before, VAR_POSITIONAL) and reached is not False else True


def _is_behind(passing: Passing, change: Change) -> Answer:
    """It stands where another stood that was given by position."""
    there = positions(passing.after)
    return passing.reaches(there.index(change.parameter)) if change.parameter in there else None


def _is_misplaced(passing: Passing, change: Change) -> Answer:
    matched = match(passing.before, passing.after)
    names = {old.name: new.name for old, new in (*matched.kept, *matched.renamed)}
    there = positions(passing.after)
    old = [name for name in positions(passing.before) if names.get(name) in there]
    new = [name for name in there if name in {names[each] for each in old}]
    moved = {one for one, other in zip(old, new, strict=True) if names[one] != other}
    answer: Answer = False
    for each in passing.before:
        if each.name in moved:
            answer = _either(answer, passing.placed(each))
    return answer


def _is_beyond(passing: Passing, change: Change) -> Answer:
    return passing.reaches(len(positions(passing.before)))


def _is_unnamed(passing: Passing, change: Change) -> Answer:
    """`**kwargs` took a keyword that no parameter takes now."""
    taken = set(passing.shape.keywords) - {each.name for each in passing.before if each.by_name}
    unnamed = taken - _names(passing.after, passing.shape)
    return bool(unnamed) or (None if KEYWORDS in passing.shape.more else False)


def _warns(passing: Passing, change: Change) -> Answer:
    """Of a default that will change, whoever leaves it out is warned."""
    return None if change.after == "'warn'" else _is_given(passing, change)


_DECIDE: Mapping[str, Callable[[Passing, Change], Answer]] = {
    "parameter-removed": _is_given,
    "parameter-absorbed": _is_given,
    "parameter-renamed": _is_named,
    "parameter-required": _is_lacking,
    "default-removed": _is_left_out,
    "parameter-inserted": _is_behind,
    "parameters-reordered": _is_misplaced,
    "parameter-positional-only": _is_named,
    "parameter-keyword-only": _is_placed,
    "args-removed": _is_beyond,
    "kwargs-removed": _is_unnamed,
    "default-changed": _is_left_out,
    "parameter-narrowed": _is_given,
    "parameter-retyped": _is_given,
    "parameter-deprecated": _warns,
}
"""Kinds of changes whose calls are told apart by what they pass."""


def _either(one: Answer, other: Answer) -> Answer:
    if one or other:
        return True
    return None if one is None or other is None else False


def _names(parameters: Sequence[Parameter], shape: Shape) -> set[str]:
    """That can be given by name, and are not given by position."""
    placed = positions(parameters)[: shape.positional]
    return {each.name for each in parameters if each.by_name and each.name not in placed}


def _has(parameters: Sequence[Parameter], kind: int) -> bool:
    return any(each.kind == kind for each in parameters)
