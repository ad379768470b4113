"""Signatures of one function as one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.catalog.overloads import merged, union
from envmgr.catalog.spelling import call

NAMES = "abcd"


def row(name, kind, default=None, text=None, accepts=None, into=None):
    return [name, kind, default, into, text, accepts]


@st.composite
def signatures(draw):
    names = draw(st.permutations(NAMES))
    counts = [draw(st.integers(0, 2)) for _ in range(3)]
    kinds = [0] * counts[0] + [1] * counts[1] + [3] * counts[2]
    rows = [row(name, kind) for name, kind in zip(names, kinds)]
    optional = False
    for each in rows:
        if each[1] < 2:
            optional = optional or draw(st.booleans())
            each[2] = "1" if optional else None
        else:
            each[2] = draw(st.sampled_from([None, "1"]))
    if draw(st.booleans()):
        rows.insert(sum(kind < 2 for kind in kinds[: len(rows)]), row("args", 2))
    if draw(st.booleans()):
        rows.append(row("kwargs", 4))
    return rows


def bound(parameters, args, kwargs):
    """By Python itself: `inspect` of 3.11 refuses names that `**kwargs` takes."""
    scope: dict = {}
    written = call("f", [[name, kind, default and "1"] for name, kind, default, *_ in parameters], None)
    exec(f"def {written}: pass", scope)
    try:
        scope["f"](*args, **kwargs)
    except TypeError:
        return False
    return True


@settings(max_examples=300)
@given(st.lists(signatures(), min_size=1, max_size=4), st.integers(0, 5), st.sets(st.sampled_from(NAMES)))
def test_what_one_of_them_takes_is_taken(found, count, names):
    args, kwargs = [0] * count, dict.fromkeys(names, 0)
    whole = merged(found)
    assert len({each[0] for each in whole}) == len(whole)
    if any(bound(each, args, kwargs) for each in found):
        assert bound(whole, args, kwargs), whole


def test_one_is_itself_and_equal_ones_are_not_changed():
    only = [row("a", 0), row("b", 1, "2"), row("c", 3)]
    assert merged([only]) is only
    assert merged([only, only]) == only


def test_types_are_a_union_and_certain_kinds_stay_certain():
    whole = merged(
        [[row("a", 1, None, "int", ["bool", "int"])], [row("a", 1, "''", "str | None", ["none", "str"])]]
    )
    assert whole == [row("a", 1, "''", "int | str | None", ["none", "bool", "int", "str"])]
    assert merged([[row("a", 1, None, "int", ["int"])], [row("a", 1, None, "T", None)]])[0][5] is None
    assert merged([[row("a", 1, into="tuple")], [row("a", 1, into="set")]])[0][3] is None


def test_other_names_of_a_place_are_keywords():
    whole = merged([[row("a", 1), row("b", 1)], [row("a", 1), row("c", 1)]])
    assert whole == [row("a", 1), row("b", 1, "..."), row("c", 3, "...")]


def test_where_a_name_may_come_beside_its_place_places_have_none():
    whole = merged([[row("stop", 1)], [row("start", 1), row("stop", 1)]])
    assert whole == [
        row("start_", 0, "..."),
        row("stop_", 0, "..."),
        row("stop", 3, "..."),
        row("start", 3, "..."),
    ]


@pytest.mark.parametrize(
    ("types", "text"),
    [
        (["int"], "int"),
        (["int", "int"], "int"),
        (["int", None], None),
        ([None], None),
        ([], None),
        (["dict[str, int | None] | None", "None"], "dict[str, int | None] | None"),
        (["a", "b", "c", "d", "e"], "a | b | c | d | ..."),
    ],
)
def test_a_union(types, text):
    assert union(types) == text
