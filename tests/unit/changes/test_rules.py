"""What breaks a caller, by Python's own rules: each rule, and what it does not find."""

import re
from pathlib import Path

import pytest
from made_apis import function, pair

from envmgr.changes.described import GETATTR, Described, Pair, Source
from envmgr.changes.parameters import call
from envmgr.changes.rules import KINDS, RULES
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE


def found(each: Pair) -> list[tuple[str, str, str | None]]:
    """(kind, severity, parameter) of everything that the rules say."""
    signatures = call(each)
    return [(rule.kind, one.severity, one.parameter) for rule in RULES for one in rule.find(each, signatures)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a, b=1", "a, b=1", []),
        ("a, b=1", "a", [("parameter-removed", BREAKS, "b")]),
        ("a, *, b=1", "a", [("parameter-removed", BREAKS, "b")]),
        ("a, *, b=1", "a, **kw", [("parameter-absorbed", MAY_BREAK, "b"), ("kwargs-added", SAFE, "kwargs")]),
        ("a, b=1", "a, **kw", [("parameter-removed", BREAKS, "b"), ("kwargs-added", SAFE, "kwargs")]),
        (
            "a, b=1",
            "a, *args, **kw",
            [
                ("parameter-absorbed", MAY_BREAK, "b"),
                ("args-added", SAFE, "args"),
                ("kwargs-added", SAFE, "kwargs"),
            ],
        ),
        ("a, b", "a, c", [("parameter-renamed", BREAKS, "b")]),
        ("a, b", "a, c, **kw", [("parameter-renamed", MAY_BREAK, "b"), ("kwargs-added", SAFE, "kwargs")]),
        ("a, b, /", "a, c, /", []),
        ("a, shape=1", "a, newshape=1", [("parameter-renamed", BREAKS, "shape")]),
        (
            "a, mix_stderr=True",
            "a, catch=True",
            [("parameter-removed", BREAKS, "mix_stderr"), ("parameter-added", SAFE, "catch")],
        ),
        ("arg", "func=None", [("parameter-removed", BREAKS, "arg"), ("parameter-added", SAFE, "func")]),
        ("*, y_prob=None", "*, y_proba=None", [("parameter-renamed", BREAKS, "y_prob")]),
        ("*, a=1, b=2", "*, c=1, d=2", [("parameter-removed", BREAKS, "a"), ("parameter-removed", BREAKS, "b"),
                                        ("parameter-added", SAFE, "c"), ("parameter-added", SAFE, "d")]),
        ("a", "a, b", [("parameter-required", BREAKS, "b")]),
        ("a", "a, *, b", [("parameter-required", BREAKS, "b")]),
        ("a", "a, b=1", [("parameter-added", SAFE, "b")]),
        ("a", "a, *, b=1", [("parameter-added", SAFE, "b")]),
        ("a, b=1", "a, b", [("default-removed", BREAKS, "b")]),
        ("a, b", "a, b=1", [("default-added", SAFE, "b")]),
        ("a, b=1", "a, c=2, b=1", [("parameter-inserted", BREAKS, "c"), ("parameter-added", SAFE, "c")]),
        ("a, *, b=1", "a, c=2, *, b=1", [("parameter-added", SAFE, "c")]),
        ("old=1", "new", [("parameter-removed", BREAKS, "old"), ("parameter-required", BREAKS, "new")]),
        ("a, b", "b, a", [("parameters-reordered", BREAKS, None)]),
        ("a, b, c", "a, c, b", [("parameters-reordered", BREAKS, None)]),
        ("*, a, b", "*, b, a", []),
        ("a, b", "a, /, b", [("parameter-positional-only", BREAKS, "a")]),
        ("a", "a, /, **kw", [("kwargs-added", SAFE, "kwargs")]),
        ("a, b=1", "a, *, b=1", [("parameter-keyword-only", BREAKS, "b")]),
        (
            "y, y_pred=None",
            "y, y_score=None, *, y_pred='deprecated'",
            [("parameter-deprecated", MAY_BREAK, "y_pred"), ("parameter-added", SAFE, "y_score")],
        ),
        ("a, seed=None", "a, rng=None, *, seed=None", [("parameter-added", SAFE, "rng")]),
        ("a, *, b=1", "a, b=1", [("parameter-freed", SAFE, "b")]),
        ("a, /", "a", [("parameter-freed", SAFE, "a")]),
        ("*args", "", [("args-removed", BREAKS, "args")]),
        ("*args", "a=None", [("args-removed", MAY_BREAK, "args"), ("parameter-added", SAFE, "a")]),
        ("**kw", "", [("kwargs-removed", BREAKS, "kwargs")]),
        ("**kw", "*, a=1", [("kwargs-removed", MAY_BREAK, "kwargs"), ("parameter-added", SAFE, "a")]),
        ("", "*args", [("args-added", SAFE, "args")]),
        ("a=1", "a=2", [("default-changed", MAY_BREAK, "a")]),
        ("a=False", "a=np.False_", []),
        ("a=1.0", "a=np.float64(1.0)", []),
        ("a=None", "a='deprecated'", [("parameter-deprecated", MAY_BREAK, "a")]),
        ("a='warn'", "a=None", [("default-changed", MAY_BREAK, "a")]),
        ("a: int | None", "a: int", [("parameter-narrowed", MAY_BREAK, "a")]),
        ("a: int", "a: Optional[int]", [("parameter-widened", SAFE, "a")]),
        ("a: int", "a: str", [("parameter-retyped", MAY_BREAK, "a")]),
        ("a: List[int]", "a: list[int]", []),
        ("a: _T", "a: int", []),
        ("-> int", "-> int | None", [("return-widened", MAY_BREAK, None)]),
        ("-> int | None", "-> int", [("return-narrowed", SAFE, None)]),
        ("-> int", "-> str", [("return-retyped", MAY_BREAK, None)]),
        ("-> np.ndarray", "-> numpy.ndarray", []),
        (None, "a, b", []),
        ("a, b", None, []),
    ],
)  # fmt: skip
def test_a_call(before, after, expected) -> None:
    assert sorted(found(pair(before, after)), key=str) == sorted(expected, key=str)


def test_a_parameter_that_is_said_the_same_of_is_renamed() -> None:
    said = "Mapping correspondence, a function or a dict."
    each = Pair(("f",), function("arg", said={"arg": said}), function("func=None", said={"func": said}))
    assert found(each) == [("parameter-renamed", BREAKS, "arg"), ("default-added", SAFE, "func")]


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        ("function", "ufunc", None),
        ("function", "class", None),
        ("generator", "function", None),
        ("method", "classmethod", MAY_BREAK),
        ("classmethod", "method", BREAKS),
        ("function", "coroutine", BREAKS),
        ("coroutine", "function", BREAKS),
        ("class", "function", MAY_BREAK),
        ("method", "property", BREAKS),
        ("property", "method", BREAKS),
        ("property", "constant", None),
        ("function", "constant", BREAKS),
        ("function", "module", BREAKS),
        ("class", "property", BREAKS),
        ("module", "class", MAY_BREAK),
    ],
)
def test_what_it_is(before, after, severity) -> None:
    each = Pair(("f",), function(None, kind=before), function(None, kind=after))
    expected = [] if severity is None else [("kind-changed", severity, None)]
    assert found(each) == expected


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        ("1", "2", True),
        ("1", "1", False),
        ("<lib.a.Thing object>", "<lib._b.Thing object>", False),
        ("<lib.a.Thing object>", "<lib.a.Other object>", True),
        ("<Color.RED: 1>", "<Color.RED: 2>", False),
    ],
)
def test_a_constant(before, after, differs) -> None:
    each = Pair(
        ("f",), function(None, kind="constant", value=before), function(None, kind="constant", value=after)
    )
    assert [kind for kind, _, _ in found(each)] == (["value-changed"] if differs else [])


def test_how_a_type_is_made_up_is_no_value() -> None:
    before, after = (
        function(f"-> {kind}", kind="constant", value=kind)
        for kind in ("_UnionGenericAlias", "TypeAliasType")
    )
    assert found(Pair(("f",), before, after)) == []


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("2.3: The :mod:`lib.plugin` is deprecated.", True),
        ("2.3: The :class:`~lib.plugin.Bit` is deprecated.", False),
        ("2.3", True),
    ],
)
def test_a_module_that_speaks_of_what_is_in_it(text, whole) -> None:
    before = function(None, path="plugin", kind="module")
    after = function(None, path="plugin", kind="module", deprecated=text)
    assert [kind for kind, _, _ in found(Pair(("plugin",), before, after))] == (
        ["deprecated"] if whole else []
    )


def test_a_function_that_names_itself_is_deprecated_itself() -> None:
    after = function("a", deprecated="2.0: `f` and its argument `a` are deprecated.")
    assert [kind for kind, _, _ in found(Pair(("f",), function("a"), after))] == ["deprecated"]


DIRECTIVE = "The axis.\n\n.. deprecated:: 2.0\n    Use `dim` instead."


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"deprecated": "2.0: Use `g` instead."}, [("deprecated", MAY_BREAK, None)]),
        ({"deprecated": "2.0: Use `g`."}, {"deprecated": "2.1: Use `h`."}, []),
        ({"deprecated": "2.0"}, {}, [("deprecation-ended", SAFE, None)]),
        ({}, {"source": Source(deprecated="use g")}, [("deprecated", MAY_BREAK, None)]),
        ({}, {"said": {"a": DIRECTIVE}}, [("parameter-deprecated", MAY_BREAK, "a")]),
        ({"said": {"a": DIRECTIVE}}, {"said": {"a": DIRECTIVE.replace("2.0", "2.0.1")}}, []),
        ({}, {"said": {"a": "Whether the command is deprecated."}}, []),
        ({}, {"said": {"a": "Deprecated since 3.0."}}, [("parameter-deprecated", MAY_BREAK, "a")]),
        (
            {},
            {"deprecated": "24.1: *a* is deprecated in favor of *b*."},
            [("parameter-deprecated", MAY_BREAK, "a")],
        ),
        (
            {},
            {"deprecated": "It is deprecated to pass the instance as the keyword *inst*."},
            [("use-deprecated", MAY_BREAK, None)],
        ),
        (
            {"source": Source(warns=("Passing x is going in 2.0",))},
            {"source": Source(warns=("Passing x is going in 2.1", "y is deprecated"))},
            [("use-deprecated", MAY_BREAK, None)],
        ),
        (
            {"source": Source()},
            {"source": Source(warns=("The 'a' keyword is deprecated",))},
            [("use-deprecated", MAY_BREAK, "a")],
        ),
        (
            {"source": Source()},
            {"source": Source(warns=("The 'a' keyword is deprecated",)), "said": {"a": DIRECTIVE}},
            [("parameter-deprecated", MAY_BREAK, "a")],
        ),
    ],
)
def test_what_is_going_away(before, after, expected) -> None:
    assert found(Pair(("f",), function("a", **before), function("a", **after))) == expected


def test_a_former_name_that_a_decorator_took() -> None:
    took = Source(
        decorators=("deprecate_kwarg(old_arg_name='line_end', new_arg_name='lineend')", "cache('x')")
    )
    before = function("lineend=None", source=took)
    assert found(Pair(("f",), before, before)) == []
    after = function("lineend=None", source=Source())
    assert found(Pair(("f",), before, after)) == [("parameter-removed", BREAKS, "line_end")]


def holder(*, bases=(), attributes=(), known: frozenset[str] | None = frozenset()) -> Described:
    return function("", path="C", kind="class", source=Source(bases, attributes, known))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (holder(bases=("lib.Base", "ValueError")), holder(bases=("lib._base.Base",)), ["base-removed"]),
        (holder(bases=("lib.C",)), holder(), []),
        (holder(attributes=("x", "y")), holder(known=frozenset({"y"})), ["attribute-removed"]),
        (holder(attributes=("x",)), holder(known=None), []),
        (holder(attributes=("x",)), holder(known=frozenset({GETATTR})), []),
        (holder(bases=("lib.Base",)), holder(known=None), []),
    ],
)
def test_what_its_class_is(before, after, expected) -> None:
    assert [kind for kind, _, _ in found(Pair(("C",), before, after))] == expected


def test_the_table_of_kinds_is_documented_with_its_severities() -> None:
    document = (Path(__file__).parents[3] / "docs" / "changes.md").read_text()
    rows = re.findall(
        r"^\| `([a-z-]+)` \| ((?:breaks|may break|safe)(?:, may break)?) \|", document, re.MULTILINE
    )
    assert dict(rows) == {kind: ", ".join(severities) for kind, severities in KINDS.items()}


def test_no_rule_says_another_severity_than_its_table() -> None:
    each = pair("a, b, c=1, *args, d, e=1, **kw", "f, a, *, g")
    for kind, severity, _ in found(each):
        assert severity in KINDS[kind]
