"""What changed in the types that are taken and given. Each rule is pure."""

from __future__ import annotations

from collections.abc import Iterator

from envmgr.changes import typeforms
from envmgr.changes.described import Pair
from envmgr.changes.findings import Finding
from envmgr.changes.parameters import Call
from envmgr.model.changes import MAY_BREAK, SAFE


def parameter_narrowed(each: Call) -> Iterator[Finding]:
    yield from _taken(each, typeforms.NARROWER, MAY_BREAK, "takes less")


def parameter_retyped(each: Call) -> Iterator[Finding]:
    yield from _taken(each, typeforms.OTHER, MAY_BREAK, "takes something else")


def parameter_widened(each: Call) -> Iterator[Finding]:
    yield from _taken(each, typeforms.WIDER, SAFE, "takes more")


def return_widened(pair: Pair) -> Iterator[Finding]:
    yield from _given(pair, typeforms.WIDER, MAY_BREAK, "it may return more")


def return_retyped(pair: Pair) -> Iterator[Finding]:
    yield from _given(pair, typeforms.OTHER, MAY_BREAK, "it returns something else")


def return_narrowed(pair: Pair) -> Iterator[Finding]:
    yield from _given(pair, typeforms.NARROWER, SAFE, "it returns less")


def _taken(each: Call, wanted: str, severity: str, words: str) -> Iterator[Finding]:
    for old, new in (*each.matched.kept, *each.matched.renamed):
        if old.type is None or new.type is None or old.type == new.type:
            continue
        if typeforms.compare(old.type, new.type) == wanted:
            yield Finding(
                severity, f"{new.name} {words}: {new.type}; it was {old.type}", new.name, old.type, new.type
            )


def _given(pair: Pair, wanted: str, severity: str, words: str) -> Iterator[Finding]:
    old, new = pair.before.returns, pair.after.returns
    if (
        old is None
        or new is None
        or old == new
        or pair.before.kind == "constant"
        or pair.after.kind == "constant"
    ):
        return
    if typeforms.compare(old, new) == wanted:
        yield Finding(severity, f"{words}: {new}; it was {old}", None, old, new)
