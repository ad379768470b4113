"""Which calls a change meets, by what they pass."""

import inspect

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from envmgr.changes import callers
from envmgr.changes.described import (
    KEYWORD_ONLY,
    POSITIONAL,
    POSITIONAL_ONLY,
    VAR_KEYWORD,
    VAR_POSITIONAL,
    Described,
    Pair,
    Parameter,
)
from envmgr.changes.parameters import call
from envmgr.changes.rules import RULES
from envmgr.model.changes import ANYTHING, Change, Shape

NONE = None


def signature(text):
    """`a, b=1, /, c, *, d` as Python has them."""
    found, kind = [], POSITIONAL
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, _, default = word.partition("=")
        if word == "/":
            found = [Parameter(each.name, POSITIONAL_ONLY, each.default) for each in found]
        elif word == "*":
            kind = KEYWORD_ONLY
        elif word.startswith("**"):
            found.append(Parameter(name[2:], VAR_KEYWORD))
        elif word.startswith("*"):
            found.append(Parameter(name[1:], VAR_POSITIONAL))
            kind = KEYWORD_ONLY
        else:
            found.append(Parameter(name, kind, default or None))
    return tuple(found)


def shape(text):
    """`2 axis= …`: two by position, one by name; `…` for more by position, `…=` for more names."""
    words = text.split()
    more = [kind for kind, word in (("positional", "…"), ("keywords", "…=")) if word in words]
    names = [word[:-1] for word in words if word.endswith("=") and word != "…="]
    return Shape(sum(int(word) for word in words if word.isdigit()), tuple(names), tuple(more))


# What the rules find in a pair of signatures, then shapes of calls and whether they meet it.
CASES = [
    ("parameter-removed", "a, b=1", "a", {"1": False, "2": True, "1 b=": True, "1 …": NONE, "1 …=": NONE}),
    ("parameter-removed", "a, *, b=1", "a", {"1": False, "1 b=": True, "1 …": False, "0 a= b=": True}),
    ("parameter-removed", "a, b=1, c=2", "a, c=2", {"1 c=": False, "2": True, "3": True}),
    ("parameter-absorbed", "a, *, b=1", "a, **more", {"1": False, "1 b=": True}),
    ("parameter-renamed", "a, b", "a, c", {"2": False, "1 b=": True, "1 …=": NONE, "2 …=": False}),
    ("parameter-required", "a", "a, b", {"1": True, "…": True, "…=": True}),
    ("parameter-required", "a, width=1", "a, b, width=1", {"1": True, "2": True, "1 width=": True}),
    ("parameter-required", "a, **more", "a, b, **more", {"1": True, "1 b=": False, "1 …=": NONE}),
    ("parameter-required", "a, *rest", "a, b, *rest", {"1": True, "2": NONE, "1 …": NONE}),
    ("default-removed", "a, b=1", "a, b", {"1": True, "2": False, "1 b=": False, "1 …=": NONE}),
    ("parameter-inserted", "a, c=1", "a, b=0, c=1", {"1": False, "2": True, "1 c=": False, "1 …": NONE}),
    ("parameters-reordered", "a, b=1, c=1", "a, c=1, b=1", {"1": False, "2": True, "1 b=": False, "1 …": NONE}),
    ("parameter-positional-only", "a, /, b=1", "a, b=1, /", {"1": False, "2": False, "1 b=": True, "1 …=": NONE}),
    ("parameter-keyword-only", "a, b=1", "a, *, b=1", {"1": False, "2": True, "1 b=": False, "1 …": NONE}),
    ("args-removed", "a, *rest", "a", {"1": False, "2": True, "1 …": NONE}),
    ("args-removed", "a, *rest", "a, b=1", {"1": False, "2": True, "3": True}),
    ("kwargs-removed", "a, **more", "a", {"1": False, "1 b=": True, "1 …=": NONE, "0 a=": False}),
    ("kwargs-removed", "a, **more", "a, *, b=1", {"1 b=": False, "1 c=": True}),
    ("default-changed", "a, b=1", "a, b=2", {"1": True, "2": False, "1 b=": False, "1 …=": NONE, "1 …": NONE}),
    ("default-changed", "a, *, b=1", "a, *, b=2", {"1 …": True, "1 …=": NONE, "1 b=": False}),
    ("parameter-deprecated", "a, b=1", "a, b='deprecated'", {"1": False, "2": True}),
    ("parameter-deprecated", "a, b=1", "a, b='warn'", {"1": NONE, "2": NONE}),
    # The catalog's signature does not take these calls: it says nothing of them.
    ("parameter-removed", "a, b=1", "a", {"3": NONE, "1 z=": NONE, "0": NONE, "2 b=": NONE}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "before", "after", "passed", "met"),
    [
        (kind, before, after, passed, met)
        for kind, before, after, calls in CASES
        for passed, met in calls.items()
    ],
)
def test_calls_of_a_shape(kind, before, after, passed, met):
    old, new = signature(before), signature(after)
    pair = Pair(("f",), Described(("f",), "function", old), Described(("f",), "function", new))
    (rule,) = [rule for rule in RULES if rule.kind == kind]
    found = next(rule.find(pair, call(pair)))
    change = Change("f", kind, found.severity, found.message, found.parameter, found.before, found.after)
    assert callers.depends(change)
    assert callers.meets(change, shape(passed), old, new) is met


def test_what_does_not_depend_on_what_is_passed_and_what_is_not_known():
    gone = Change("f", "removed", "breaks", "it is gone")
    assert not callers.depends(gone)
    assert callers.meets(gone, Shape(), None, None) is True
    removed = Change("f", "parameter-removed", "breaks", "", "b")
    assert callers.meets(removed, Shape(), None, ()) is None
    # By a decorator, which is in no signature.
    assert callers.meets(removed, Shape(1, ()), signature("a, **more"), signature("a")) is False
    assert callers.meets(removed, Shape(1, ("b",)), signature("a, **more"), signature("a")) is True
    keyword_only = Change("f", "parameter-keyword-only", "breaks", "", "z")
    assert callers.meets(keyword_only, Shape(1), signature("a"), signature("a")) is None


@pytest.mark.parametrize(
    ("kind", "passed", "raises"),
    [
        ("args-removed", "3", True),
        ("args-removed", "2", False),
        ("kwargs-removed", "1 b=", False),
        ("kwargs-removed", "1 z=", True),
        ("default-changed", "3 z=", False),
    ],
)
def test_a_call_that_raises_for_sure(kind, passed, raises):
    change = Change("f", kind, "may break", "")
    assert callers.raises(change, shape(passed), signature("a, b=1")) is raises


def test_anything_is_known_of_nothing():
    old, new = signature("a, b=1, *rest, **more"), signature("a")
    for kind, parameter in (("parameter-removed", "b"), ("args-removed", None), ("kwargs-removed", None)):
        change = Change("f", kind, "breaks", "", parameter)
        assert callers.meets(change, Shape(more=ANYTHING), old, new) is None


KINDS = {
    POSITIONAL_ONLY: inspect.Parameter.POSITIONAL_ONLY,
    POSITIONAL: inspect.Parameter.POSITIONAL_OR_KEYWORD,
    VAR_POSITIONAL: inspect.Parameter.VAR_POSITIONAL,
    KEYWORD_ONLY: inspect.Parameter.KEYWORD_ONLY,
    VAR_KEYWORD: inspect.Parameter.VAR_KEYWORD,
}


@st.composite
def signatures(draw):
    """In the order that Python asks for: what is required first, of those that can be given by position."""
    names = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4))
    places = [draw(st.sampled_from([POSITIONAL_ONLY, POSITIONAL, POSITIONAL, KEYWORD_ONLY])) for _ in names]
    defaults = [draw(st.sampled_from([None, "1", "2"])) for _ in names]
    found = [Parameter(*each) for each in zip(names, places, defaults, strict=True)]
    found += draw(st.sampled_from([[], [Parameter("rest", VAR_POSITIONAL)]]))
    found += draw(st.sampled_from([[], [Parameter("more", VAR_KEYWORD)]]))
    found.sort(key=lambda each: each.kind)
    by_position = [each for each in found if each.by_position]
    optional = next((at for at, each in enumerate(by_position) if not each.required), len(by_position))
    late = {each.name for each in by_position[optional:]}
    return tuple(
        Parameter(each.name, each.kind, each.default or "1") if each.name in late else each for each in found
    )


def bound(parameters, arguments, keywords):
    """Name -> what it gets when it is called so; None where that raises."""
    signature = inspect.Signature(
        [
            inspect.Parameter(each.name, KINDS[each.kind], default=each.default or inspect.Parameter.empty)
            for each in parameters
        ]
    )
    function = eval(f"lambda {str(signature)[1:-1]}: locals()")  # `Signature.bind` of Python 3.12 errs
    try:
        found = function(*arguments, **keywords)
    except TypeError:
        return None
    return {name: value for name, value in found.items() if name not in ("rest", "more")} | found.get(
        "more", {}
    )


def told_by_no_rule(old, new):
    """By name only before and by position now; names that `**more` takes on both sides, whatever else takes them."""
    after = {each.name: each for each in new}
    return {"more"} <= after.keys() & {each.name for each in old} or any(
        each.kind == KEYWORD_ONLY and each.name in after and after[each.name].by_position for each in old
    )


@given(signatures(), signatures(), st.integers(0, 4), st.sets(st.sampled_from("abcdz"), max_size=3))
@settings(max_examples=100, deadline=None, derandomize=True, phases=[Phase.generate])
def test_as_python_binds(old, new, positional, names):
    """Every call that Python binds otherwise, or not at all, meets a change; one that breaks, where it raises."""
    passed = Shape(positional, tuple(sorted(names)))
    arguments, keywords = [f"@{at}" for at in range(positional)], {name: f"@{name}" for name in names}
    before, after = bound(old, arguments, keywords), bound(new, arguments, keywords)
    assume(before is not None and not told_by_no_rule(old, new))
    pair = Pair(("f",), Described(("f",), "function", old), Described(("f",), "function", new))
    signature = call(pair)
    met = []
    for rule in RULES:
        for found in rule.find(pair, signature):
            words = (found.message, found.parameter, found.before, found.after)
            change = Change("f", rule.kind, found.severity, *words)
            answer = found.severity == "safe" or callers.meets(change, passed, old, new)
            assert answer is not None or rule.kind in ("parameter-required", "kwargs-removed")
            if found.severity != "safe" and answer is not False:
                met.append("breaks" if callers.raises(change, passed, new) else found.severity)
    if after is None:
        assert met
        assert "breaks" in met or signature.matched.kwargs[1]
    elif not met:
        renamed = {one.name: other.name for one, other in signature.matched.renamed}
        for name, value in before.items():
            if value.startswith("@") or renamed.get(name, name) in after:
                assert after.get(renamed.get(name, name), after.get(name)) == value
