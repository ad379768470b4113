"""What an object is, what it stands for, and what its class is. Each rule is pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from envmgr.changes import defaults
from envmgr.changes.described import GETATTR, SOURCE, Pair
from envmgr.changes.findings import Finding
from envmgr.model.changes import BREAKS, MAY_BREAK

_CALLED = frozenset({"function", "ufunc", "method", "classmethod", "staticmethod", "generator"})
_ASYNC = "async-generator"
_READ = frozenset({"property", "constant"})
_NO_BASES = frozenset({"object", "namedtuple", "NamedTuple", "Generic", "Protocol", "ABC"})
_BUILTIN = frozenset({"Dict", "FrozenSet", "List", "Set", "Tuple", "Type"})
_TYPES = frozenset({"TypeAliasType", "UnionType", "_UnionGenericAlias", "_GenericAlias", "GenericAlias"})


def kind(pair: Pair) -> Iterator[Finding]:
    old, new = pair.before.kind, pair.after.kind
    if old == new:
        return
    severity, why = _verdict(old, new)
    if severity is not None:
        yield Finding(severity, f"it was a {old} and is a {new} now{why}", None, old, new)


def _verdict(old: str, new: str) -> tuple[str | None, str]:
    if old in _CALLED and new in _CALLED:
        if old == "generator" or new == "generator":
            return None, ""  # what is returned is the affair of types
        static = {"staticmethod", "function", "ufunc"}
        if old == "method" and new in ("classmethod", "staticmethod"):
            return MAY_BREAK, ": `Class.name(object)` means something else"
        if old in ("classmethod", *static) and new == "method":
            return BREAKS, ": it needs an object"
        return None, ""
    if new == "coroutine" and old in {*_CALLED, _ASYNC}:
        return BREAKS, ": a call must be awaited"
    if old == "coroutine" and new in {*_CALLED, _ASYNC}:
        return BREAKS, ": a call gives no awaitable"
    if new == _ASYNC and old in _CALLED:
        return MAY_BREAK, ": what a call gives is iterated with `async for`"
    if old == _ASYNC and new in _CALLED:
        return None, ""  # what it gives may be iterated with `async for` yet: the affair of types
    if {old, new} <= _READ:
        return None, ""
    if old == "class" and new in _CALLED:
        return MAY_BREAK, ": calls stay right, subclasses and isinstance do not"
    if old in _CALLED and new == "class":
        return None, ""
    if old in _CALLED | {"class"} and new in _READ | {"module"}:
        return BREAKS, ": it cannot be called" if new != "constant" else ""
    if old in _READ and new in _CALLED:
        return BREAKS, ": what is read is the function itself"
    return MAY_BREAK, ""


def value(pair: Pair) -> Iterator[Finding]:
    old, new = pair.before, pair.after
    if old.kind != "constant" or new.kind != "constant" or old.value is None or new.value is None:
        return
    if {old.returns, new.returns} & _TYPES:
        return  # how a type is made up is the affair of type checkers
    if not defaults.same(old.value, new.value) and _nature(old.value) != _nature(new.value):
        yield Finding(MAY_BREAK, f"it is {new.value} now, it was {old.value}", None, old.value, new.value)


def bases(pair: Pair) -> Iterator[Finding]:
    old, new = pair.before.source, pair.after.source
    if old is None or new is None or new.known is None:
        return
    staying = {_base(name) for name in new.bases} | {pair.after.leaf}
    for name in old.bases:
        if _base(name) not in staying | _NO_BASES:
            yield Finding(
                MAY_BREAK,
                f"it is no subclass of {name} any more: isinstance and except clauses fail",
                None,
                name,
                origin=SOURCE,
            )


def lost_attributes(pairs: Iterable[Pair]) -> Iterator[str]:
    """Paths of what `attributes` would tell of: a class above that is Python's, or another library's, may have it."""
    for pair in pairs:
        for found in attributes(pair):
            yield from (f"{path}.{found.before}" for path in pair.paths)


def attributes(pair: Pair) -> Iterator[Finding]:
    """Attributes that its objects had by what the source assigns."""
    old, new = pair.before.source, pair.after.source
    if old is None or new is None or new.known is None or GETATTR in new.known:
        return
    for name in old.attributes:
        if name not in new.known:
            yield Finding(BREAKS, f"its objects have no attribute {name} any more", None, name, origin=SOURCE)


def _nature(value: str) -> str:
    """Of an object that has no value to show, the class."""
    found = re.match(r"^<(?:[\w.]*\.)?(\w+) object", value)
    return found[1] if found else value


def _base(path: str) -> str:
    """A class may be defined elsewhere now; `typing.List` is `list`."""
    holder, _, leaf = path.rpartition(".")
    return leaf.lower() if holder in ("typing", "typing_extensions") and leaf in _BUILTIN else leaf
