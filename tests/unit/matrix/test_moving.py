"""Which of several distributions that moved is to blame."""

from __future__ import annotations

from envmgr.matrix.bisecting import BAD, GOOD, SKIPPED
from envmgr.matrix.moving import guilty, moved, upgraded
from envmgr.model.bisection import Moved, Probe

BEFORE = {"a": "1", "b": "1", "c": "1", "gone": "1"}
AFTER = {"a": "2", "b": "2", "c": "2", "new": "1"}


def blame(locks, bad):
    """`locks` are what moves when one is moved; `bad` the sets of moved ones that fail."""
    tried = []

    def alone(candidate):
        along = locks[candidate[0]]
        return "cannot be locked" if along is None else BEFORE | dict.fromkeys(along, "2")

    def attempt(candidate, pins):
        tried.append(candidate)
        went = None if isinstance(pins, str) else {name for name, version in pins.items() if version == "2"}
        verdict = SKIPPED if went is None else BAD if any(each <= went for each in bad) else GOOD
        return Probe(candidate, "", verdict, "", "", 0.0, False)

    found, candidate = guilty(BEFORE, upgraded(moved(BEFORE, AFTER)), alone, attempt)
    return [each.distribution for each in found], candidate, tried


def test_what_moved():
    assert Moved("gone", "1", None) in moved(BEFORE, AFTER)
    assert Moved("new", None, "1") in moved(BEFORE, AFTER)
    assert [each.distribution for each in upgraded(moved(BEFORE, AFTER))] == ["a", "b", "c"]
    assert moved(BEFORE, BEFORE) == ()


def test_one_that_fails_by_itself_ends_the_search():
    single = {"a": "a", "b": "b", "c": "c"}
    assert blame(single, [{"b"}]) == (["b"], "b==2", ["a==2", "b==2"])


def test_one_that_needs_another_is_not_blamed_for_it():
    assert blame({"a": "ab", "b": "b", "c": "c"}, [{"b"}])[:2] == (["b"], "b==2")
    assert blame({"a": "ab", "b": "ab", "c": "c"}, [{"b"}])[:2] == (["a", "b"], "a==2")


def test_where_none_fails_alone_all_are_named():
    assert blame({"a": "a", "b": "b", "c": None}, [{"a", "b"}]) == (
        ["a", "b", "c"],
        None,
        ["a==2", "b==2", "c==2"],
    )
