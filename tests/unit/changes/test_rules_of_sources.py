"""What rules find in sources, and doubts take back: keywords, positions, classes, values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_apis import function

from envmgr.changes import doubts
from envmgr.changes.described import Pair, Source
from envmgr.changes.parameters import call
from envmgr.changes.rules import RULES
from envmgr.changes.snapshot import _parameters
from envmgr.model.changes import BREAKS, MAY_BREAK


def kept(before, after) -> list[tuple[str, str | None]]:
    """(kind, parameter) of what is found and not doubted."""
    each = Pair(("f",), before, after)
    signatures = call(each)
    return [
        (rule.kind, found.parameter)
        for rule in RULES
        for found in rule.find(each, signatures)
        if doubts.reason(each, rule.kind, found) is None and found.severity in (BREAKS, MAY_BREAK)
    ]


OWN = Source(keywords=frozenset({"aliased", "onclause"}), hands_on=False)
POSITIONS = Source(decorators=("_deprecate_positional_args('v1')",))
LATER = Source(decorators=("_api.make_keyword_only('3.6', 'b')",))
SAYS = {"Y": "It is.\n\n.. deprecated:: 1.5\n    Use y."}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            function("a, *args, **kw", source=OWN),
            function("a, onclause=None"),
            [("parameter-removed", "aliased"), ("args-removed", "args"), ("kwargs-removed", "kwargs")],
        ),
        (
            function("a, *args, **kw", source=Source(keywords=frozenset({"b"}), hands_on=False)),
            function("a, b=None"),
            [("args-removed", "args")],
        ),
        (function("a, *args, **kw", source=Source(hands_on=True)), function("a, b=None"), []),
        (function("a, **kw", source=OWN), function("a, **kw", source=OWN), []),
        (function("a", source=OWN), function("b"), [("parameter-renamed", "a")]),
        (
            function("n", source=Source()),
            function("*n", source=Source()),
            [("parameter-positional-only", "n")],
        ),
        (function("a, n"), function("a, *rest"), [("parameter-positional-only", "n")]),
        (function("n, a"), function("a, *rest"), [("parameter-removed", "n")]),
        (function("a, size=16, b=None"), function("a, extent=16, b=None"), [("parameter-renamed", "size")]),
        (function("a, size=1"), function("a, extent=1"), [("parameter-removed", "size")]),
        (
            function("a, *, b=1, c=2", source=POSITIONS),
            function("a, *, b=1, c=2", source=Source()),
            [("parameter-keyword-only", "b"), ("parameter-keyword-only", "c")],
        ),
        (
            function("a, *, z=1, b=1, c=2", source=LATER),
            function("a, *, z=1, b=1, c=2", source=Source()),
            [("parameter-keyword-only", "b"), ("parameter-keyword-only", "c")],
        ),
        (function("a, *, b=1", source=LATER), function("a, *, b=1", source=LATER), []),
        (function("X, Y"), function("X, y=None, Y=None", said=SAYS), [("parameter-deprecated", "Y")]),
        (
            function("X, Y=None, copy=True"),
            function("X, y=None, Y=None, copy=True", said=SAYS),
            [("parameter-inserted", "y"), ("parameter-deprecated", "Y")],
        ),
        (
            function("Xt"),
            function("X=None, *, Xt=None", said={"Xt": SAYS["Y"]}),
            [("parameter-deprecated", "Xt")],
        ),
        (function("a, _b=1"), function("a, c=2, _b=1"), []),
        (function("a=3"), function("a=_deprecated"), [("parameter-deprecated", "a")]),
        (
            function("options", source=Source()),
            function("options", source=Source(warns=("lambda_eval options is deprecated",))),
            [("use-deprecated", "options")],
        ),
        (
            function("old=1", source=Source()),
            function("old=1", source=Source(warns=("@_api.delete_parameter('3.8', 'old')",))),
            [("use-deprecated", "old")],
        ),
        (function("->None"), function("->int"), []),
        (
            function("password_hash, method='pbkdf2:sha256'", path="generate_password_hash"),
            function("password_hash, method='scrypt'", path="generate_password_hash"),
            [("default-changed", "method")],
        ),
        (function("version='1.0'"), function("version='2.0'"), []),
    ],
)
def test_of_calls(before, after, expected) -> None:
    assert kept(before, after) == expected


def constant(value, name="X", returns=None):
    return replace(function(None, path=name, kind="constant", value=value), returns=returns)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (constant("symbol('NO_ARG')"), constant("<_NoArg.NO_ARG: 1>")),
        (constant("'Python/3.11 lib/3.9.5'"), constant("'Python/3.11 lib/3.8.6'")),
        (constant("'1.19.5'", "np_minversion"), constant("'1.21.6'", "np_minversion")),
        (constant("{}"), constant("{'a': 1}")),
        (constant("..."), constant("<Empty>")),
        (constant("Timeout(a=1)", returns="Timeout"), constant("Timeout(a=1, b=2)", returns="Timeout")),
    ],
)
def test_values_that_only_look_other(before, after) -> None:
    assert kept(before, after) == []


def test_values_that_are_other() -> None:
    assert kept(constant("1"), constant("2")) == [("value-changed", None)]
    assert kept(constant("'a'"), constant("None")) == [("value-changed", None)]


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("coroutine", "async-generator", BREAKS),
        ("function", "coroutine", BREAKS),
        ("function", "async-generator", MAY_BREAK),
        ("async-generator", "function", None),
    ],
)
def test_what_a_call_gives(old, new, severity) -> None:
    each = Pair(("f",), function("a", kind=old), function("a", kind=new))
    assert [found.severity for rule in RULES for found in rule.find(each, None)] == (
        [severity] if severity else []
    )


def test_bases_of_typing_are_pythons_own() -> None:
    before = function(None, kind="class", source=Source(("typing.List",), known=frozenset()))
    assert kept(before, function(None, kind="class", source=Source(("list",), known=frozenset()))) == []


def test_a_deprecation_that_is_told_otherwise_has_not_ended() -> None:
    before = function("a", source=Source(deprecated="goes", warns=("goes",)))
    after = function("a", source=Source(warns=("use b instead of goes",)))
    each = Pair(("f",), before, after)
    assert "deprecation-ended" not in [rule.kind for rule in RULES if list(rule.find(each, None))]


def test_a_bound_function_that_a_docstring_tells_of() -> None:
    class Row:
        kind = "function"
        parameters = (("self", 1, None), ("seed", 1, "None"))

    assert [each.name for each in _parameters(Row, {}, True)] == ["seed"]
    assert [each.name for each in _parameters(Row, {}, False)] == ["self", "seed"]
