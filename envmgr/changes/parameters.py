"""What changed in how a callable is called, by Python's rules of binding arguments. Each rule is pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from envmgr.changes import defaults
from envmgr.changes.described import KEYWORD_ONLY, POSITIONAL_ONLY, Pair, Parameter
from envmgr.changes.findings import Finding
from envmgr.changes.matching import Matched, match, positions
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE


@dataclass(frozen=True, slots=True)
class Call:
    """Both signatures of a pair, and which parameter is which."""

    before: tuple[Parameter, ...]
    after: tuple[Parameter, ...]
    matched: Matched


def call(pair: Pair) -> Call | None:
    """None where a signature is not known on both sides."""
    before, after = pair.before.parameters, pair.after.parameters
    if before is None or after is None:
        return None
    return Call(before, after, match(before, after))


def removed(each: Call) -> Iterator[Finding]:
    _, takes_keywords = each.matched.kwargs
    takes_any = each.matched.args[1]
    for gone in each.matched.removed:
        by_name_only = gone.kind == KEYWORD_ONLY
        if takes_keywords and gone.by_name and (by_name_only or takes_any):
            continue  # `absorbed`
        if _goes_on(each, gone):
            continue  # `positional_only`
        yield Finding(BREAKS, f"it has no parameter {gone.name} any more", gone.name, _written(gone))


def absorbed(each: Call) -> Iterator[Finding]:
    _, takes_keywords = each.matched.kwargs
    for gone in each.matched.removed:
        if takes_keywords and gone.by_name and (gone.kind == KEYWORD_ONLY or each.matched.args[1]):
            yield Finding(
                MAY_BREAK,
                f"{gone.name} is no parameter of its own any more; **kwargs still takes it",
                gone.name,
                _written(gone),
            )


def renamed(each: Call) -> Iterator[Finding]:
    for old, new in each.matched.renamed:
        if not old.by_name:
            continue  # nobody can name it
        severity = MAY_BREAK if each.matched.kwargs[1] else BREAKS
        yield Finding(
            severity,
            f"parameter {old.name} is called {new.name} now: calls that name it "
            + ("go to **kwargs" if severity == MAY_BREAK else "raise"),
            old.name,
            _written(old),
            _written(new),
            instead=new.name,
        )


def required(each: Call) -> Iterator[Finding]:
    """New, and without a default."""
    for new in each.matched.added:
        if new.required:
            yield Finding(BREAKS, f"it needs {new.name} now", new.name, None, _written(new))


def now_required(each: Call) -> Iterator[Finding]:
    for old, new in (*each.matched.kept, *each.matched.renamed):
        if new.required and not old.required:
            yield Finding(BREAKS, f"{new.name} has no default any more", new.name, old.default, None)


def optional(each: Call) -> Iterator[Finding]:
    for old, new in (*each.matched.kept, *each.matched.renamed):
        if old.required and not new.required:
            yield Finding(SAFE, f"{new.name} may be left out now", new.name, None, new.default)


def added(each: Call) -> Iterator[Finding]:
    for new in each.matched.added:
        if not new.required:
            yield Finding(SAFE, f"it takes {new.name} too", new.name, None, _written(new))


def inserted(each: Call) -> Iterator[Finding]:
    """A new one stands before others that were given by position: these are now taken for it."""
    old, new = positions(each.before), positions(each.after)
    fresh = {found.name for found in each.matched.added if not found.required}
    left = {
        one.name
        for one, other in each.matched.kept
        if one.by_position and _goes(other) and _succeeded(each, one, other)
    }
    staying = [name for name in old if name in new and name not in left and not name.startswith("_")]
    for name in new:
        behind = [other for other in new[new.index(name) :] if other in staying]
        if name in fresh and behind:
            yield Finding(
                BREAKS,
                f"{name} stands before {', '.join(behind)} now: what was given to them by position means another"
                " parameter",
                name,
                _order(old),
                _order(new),
            )


def reordered(each: Call) -> Iterator[Finding]:
    names = {old.name: new.name for old, new in (*each.matched.kept, *each.matched.renamed)}
    old = [names[name] for name in positions(each.before) if name in names]
    new = positions(each.after)
    before = [name for name in old if name in new]
    after = [name for name in new if name in before]
    if before != after:
        moved = [name for name, other in zip(before, after, strict=True) if name != other]
        yield Finding(
            BREAKS,
            f"{', '.join(moved)} change places: arguments by position mean others now",
            None,
            _order(positions(each.before)),
            _order(new),
        )


def positional_only(each: Call) -> Iterator[Finding]:
    for old, new in each.matched.kept:
        if old.by_name and new.kind == POSITIONAL_ONLY and not each.matched.kwargs[1]:
            yield Finding(
                BREAKS,
                f"{new.name} can be given by position only now",
                new.name,
                _written(old),
                _written(new),
            )
    for gone in each.matched.removed:
        if gone.by_name and _goes_on(each, gone) and not each.matched.kwargs[1]:
            words = f"{gone.name} can be given by position only now: further arguments take it"
            yield Finding(BREAKS, words, gone.name, _written(gone), "*args")


def keyword_only(each: Call) -> Iterator[Finding]:
    for old, new in (*each.matched.kept, *each.matched.renamed):
        if old.by_position and new.kind == KEYWORD_ONLY and not _succeeded(each, old, new):
            yield Finding(
                BREAKS,
                f"{new.name} must be given by name now",
                new.name,
                _order(positions(each.before)),
                _order(positions(each.after)),
            )


def freer(each: Call) -> Iterator[Finding]:
    for old, new in each.matched.kept:
        if (old.kind == KEYWORD_ONLY and new.by_position) or (old.kind == POSITIONAL_ONLY and new.by_name):
            how = "position" if old.kind == KEYWORD_ONLY else "name"
            yield Finding(SAFE, f"{new.name} may be given by {how} too", new.name)


def default(each: Call) -> Iterator[Finding]:
    for old, new in (*each.matched.kept, *each.matched.renamed):
        if old.default is None or new.default is None or defaults.same(old.default, new.default):
            continue
        if defaults.is_going(new.default):
            continue  # `going`
        yield Finding(
            MAY_BREAK,
            f"{new.name} is {new.default} where it is not given; it was {old.default}",
            new.name,
            old.default,
            new.default,
        )


def going(each: Call) -> Iterator[Finding]:
    """Its default says that it is deprecated."""
    for old, new in each.matched.kept:
        if defaults.is_going(new.default) and not defaults.is_going(old.default):
            yield Finding(
                MAY_BREAK,
                f"parameter {new.name} is deprecated, or its default {old.default} will change",
                new.name,
                old.default,
                new.default,
            )


def args_removed(each: Call) -> Iterator[Finding]:
    had, has = each.matched.args
    if had and not has:
        room = len(positions(each.after)) - len(positions(each.before))
        severity = MAY_BREAK if room > 0 else BREAKS
        yield Finding(severity, "it takes no further arguments by position any more", "args", "*args")


def kwargs_removed(each: Call) -> Iterator[Finding]:
    had, has = each.matched.kwargs
    if had and not has:
        named = [found.name for found in each.matched.added if found.by_name]
        severity = MAY_BREAK if named else BREAKS
        what = f"; of those it knows {', '.join(named)}" if named else ""
        yield Finding(severity, f"it takes no further keywords any more{what}", "kwargs", "**kwargs")


def args_added(each: Call) -> Iterator[Finding]:
    had, has = each.matched.args
    if has and not had:
        yield Finding(SAFE, "it takes further arguments by position", "args", None, "*args")


def kwargs_added(each: Call) -> Iterator[Finding]:
    had, has = each.matched.kwargs
    if has and not had:
        yield Finding(SAFE, "it takes further keywords", "kwargs", None, "**kwargs")


def _succeeded(each: Call, old: Parameter, new: Parameter) -> bool:
    """Whether one of a new name takes what was given by position, and the old name is only kept for a while."""
    there = positions(each.after)[positions(each.before).index(old.name) :][:1]
    return any(
        found.name in there
        and (
            defaults.is_going(new.default)
            or defaults.same(found.default, old.default)
            or (old.required and not new.required)
        )
        for found in each.matched.added
    )


def _goes_on(each: Call, gone: Parameter) -> bool:
    """Whether it was the last by position, and `*args` is new in its place: it takes what is given so."""
    before = positions(each.before)
    return (
        each.matched.args == (False, True)
        and gone.by_position
        and before[-1] == gone.name
        and positions(each.after) == before[:-1]
    )


def _goes(parameter: Parameter) -> bool:
    return defaults.is_going(parameter.default) or "eprecated" in parameter.said


def _written(parameter: Parameter) -> str:
    kind = f": {parameter.type}" if parameter.type else ""
    default = (
        "" if parameter.default is None else f" = {parameter.default}" if kind else f"={parameter.default}"
    )
    return f"{parameter.name}{kind}{default}"


def _order(names: list[str]) -> str:
    return f"({', '.join(names)})"
