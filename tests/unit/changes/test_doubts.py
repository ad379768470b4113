"""Differences that are none, each with its reason."""

from dataclasses import replace

import pytest
from made_apis import function

from envmgr.changes import doubts
from envmgr.changes.described import DOCSTRING, POSITIONAL, STUB, Pair, Parameter, Source
from envmgr.changes.parameters import call
from envmgr.changes.rules import RULES


def reasons(before, after) -> dict[str, str | None]:
    each = Pair(("f",), before, after)
    signatures = call(each)
    return {
        rule.kind: doubts.reason(each, rule.kind, found)
        for rule in RULES
        for found in rule.find(each, signatures)
    }


def constant(name, value):
    return function(None, path=name, kind="constant", value=value)


def of_default(text):
    return replace(function("a"), parameters=(Parameter("a", POSITIONAL, text),))


STILL = Source(
    warns=("`a1` and `a2` are `a0` and `a1` now, `how` will be keyword-only",),
    still=frozenset({"a0", "a2", "how"}),
)
MADE = frozenset({("a", "random_word()")})


@pytest.mark.parametrize(
    ("before", "after", "kind", "why"),
    [
        (function("_a=1"), function("_a=2"), "default-changed", "underscore"),
        (function("a, *args, **kw"), function("a, b"), "parameter-required", "is told now"),
        (function("a, b=1"), function("*args, **kw"), "parameter-absorbed", "is not told"),
        (function("a, b=1", signature_from=DOCSTRING), function("a"), "parameter-removed", "docstring"),
        (function("a, b=1", signature_from=STUB), function("a"), "parameter-removed", "a stub before"),
        (
            function("a, b=1", signature_from=STUB, overloaded=True),
            function("a", signature_from=STUB),
            "parameter-removed",
            "in common",
        ),
        (
            function("a", signature_from=STUB),
            function("a, /", signature_from=STUB),
            "parameter-positional-only",
            "notation",
        ),
        (
            function("", signature_from=DOCSTRING),
            function("i", signature_from=DOCSTRING),
            "parameter-required",
            "notation",
        ),
        (
            function("a, *, where=True", kind="ufunc"),
            function("a", kind="ufunc"),
            "parameter-removed",
            "ufunc",
        ),
        (
            function("a, b=1"),
            function("a, *, b=1", source=Source(decorators=("deprecate_nonkeyword_arguments(version='3')",))),
            "parameter-keyword-only",
            "by position, and warns",
        ),
        (
            function("a, old=1"),
            function("a", source=Source(still=frozenset({"old", "new"}))),
            "parameter-removed",
            "still takes it, and warns",
        ),
        (
            function("a1, a2, how=1"),
            function("a0, a1, *, how=1", source=STILL),
            "parameter-required",
            "still takes it, and warns",
        ),
        (
            function("a1, a2, how=1"),
            function("a0, a1, *, how=1", source=STILL),
            "parameter-keyword-only",
            "by position, and warns",
        ),
        (
            function("a='xyz'", source=Source(calls=MADE)),
            function("a='uvw'", source=Source(calls=MADE)),
            "default-changed",
            "the same call",
        ),
        (
            of_default("<function f.<lambda>>"),
            of_default("<function _f>"),
            "default-changed",
            "without a name",
        ),
        (
            function("a", kind="method"),
            function("s, a", kind="staticmethod"),
            "parameter-required",
            "its object",
        ),
        (
            function(None, kind="module"),
            replace(constant("f", None), returns="_ModuleProxy"),
            "kind-changed",
            "stands for the module",
        ),
        (of_default("Lock([<lock 1>])"), of_default("Lock([<lock 2>])"), "default-changed", "same class"),
        (
            function("a, b=1", kind="class", source=Source(made_by="scipy.stats.rv")),
            function("a", kind="class", source=Source(made_by="scipy.stats.rv")),
            "parameter-removed",
            "another library's: scipy.stats.rv",
        ),
        (
            constant("KINDS", "frozenset({1})"),
            constant("KINDS", "frozenset({1, 2})"),
            "value-changed",
            "entries",
        ),
        (function("a=None"), function("a=_unset"), "default-changed", "nothing was given"),
        (constant("X", "[1" + ", 1" * 40), constant("X", "[2" + ", 1" * 40), "value-changed", "too long"),
        (constant("X", "<dict of 90>"), constant("X", "{1: " + "1" * 80), "value-changed", "too long"),
        (constant("git_revision", "'a'"), constant("git_revision", "'b'"), "value-changed", "which release"),
        (constant("X", "'/a/site-packages/b'"), constant("X", "'/c'"), "value-changed", "which release"),
        (constant("X", "<dict of 90>"), constant("X", "<dict of 91>"), "value-changed", "other entries"),
        (function("a: int", types_from=STUB), function("a: str"), "parameter-retyped", "one side only"),
        (
            function("a: int", types_from=STUB),
            function("a: str", types_from=STUB),
            "parameter-retyped",
            "a stub says so",
        ),
        (function("a: int", overloaded=True), function("a: str"), "parameter-retyped", "several signatures"),
        (
            function("", kind="class", source=Source(("lib._Base",))),
            function("", kind="class", source=Source(known=frozenset())),
            "base-removed",
            "private class",
        ),
        (
            function("a", source=Source()),
            function("a", source=Source(deprecated="use g", warns=("use g",))),
            "use-deprecated",
            "all of it",
        ),
    ],
)
def test_a_doubt(before, after, kind, why) -> None:
    found = reasons(before, after)[kind]
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (function("a, b=1"), function("a"), "parameter-removed"),
        (
            function("a", signature_from=DOCSTRING),
            function("a, b", signature_from=STUB),
            "parameter-required",
        ),
        (function("a, b=1"), function("a", source=Source(decorators=("cache",))), "parameter-removed"),
        (function("a=1"), function("a=2"), "default-changed"),
        (constant("X", "1"), constant("X", "2"), "value-changed"),
        (function("a: int"), function("a: str"), "parameter-retyped"),
        (function("a", source=Source()), function("a", source=Source(warns=("x",))), "use-deprecated"),
    ],
)
def test_no_doubt(before, after, kind) -> None:
    if kind == "parameter-required":
        before, after = function("a"), function("a, b")
    assert reasons(before, after)[kind] is None
