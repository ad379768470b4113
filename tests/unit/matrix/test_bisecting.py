"""The search for the first bad one: always right, in as few questions as it promises."""

from __future__ import annotations

from math import ceil, log2

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envmgr.matrix.bisecting import BAD, GOOD, SKIPPED, Search


def run(size, first, skipped=frozenset()):
    """Search where every place from `first` on is bad."""
    search = Search(size)
    while (place := search.next) is not None:
        assert 0 <= place < size
        assert place not in dict(search.answers)
        verdict = SKIPPED if place in skipped else BAD if place >= first else GOOD
        search = search.told(place, verdict)
    return search


@st.composite
def lists(draw):
    size = draw(st.integers(2, 200))
    first = draw(st.integers(0, size))
    runs = draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(1, size)), max_size=4))
    return (
        size,
        first,
        frozenset(place for start, long in runs for place in range(start, min(size, start + long))),
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lists())
def test_it_is_right_whatever_is_skipped(case):
    size, first, skipped = case
    search = run(*case)
    tried = [place for place in range(size) if place not in skipped]
    assert search.good == max((place for place in tried if place < first), default=-1)
    assert search.bad == min((place for place in tried if place >= first), default=size)
    if search.good >= 0 and search.bad < size:
        assert first in search.suspects
        assert set(search.suspects) - {search.bad} <= skipped
    else:
        assert search.suspects == ()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lists())
def test_it_asks_as_few_times_as_it_promises(case):
    size, _, _ = case
    answers = run(*case).answers
    met = sum(verdict == SKIPPED for _, verdict in answers)
    assert len(answers) <= ceil(log2(size + 1)) + 2 * met


@pytest.mark.parametrize("size", [2, 3, 40, 63, 64, 65, 200])
def test_without_skipped_ones_both_ends_are_confirmed_in_the_least_number_of_questions(size):
    for first in range(size + 1):
        search = run(size, first)
        assert len(search.answers) <= ceil(log2(size + 1))
        assert (search.good, search.bad) == (first - 1, first)
        assert {GOOD, BAD} <= {verdict for _, verdict in search.answers} or first in (0, size)


def test_sixty_four_take_seven_and_nearly_always_six():
    counts = [len(run(64, first).answers) for first in range(1, 64)]
    assert max(counts) == 7
    assert counts.count(6) == 62


def test_an_end_is_tried_only_when_all_answers_were_the_same():
    for first in range(2, 63):
        assert not {0, 63} & dict(run(64, first).answers).keys()


def test_a_long_run_of_skipped_ones_is_not_walked_through():
    skipped = frozenset(range(50, 100))
    elsewhere = [*range(1, 50), *range(101, 150)]
    counts = [len(run(150, first, skipped).answers) for first in elsewhere]
    assert sum(counts) / len(counts) < 15


def test_answers_out_of_order_still_end_beside_each_other():
    search = Search(9)
    told = {4: BAD, 2: BAD, 1: GOOD, 6: GOOD}
    for place, verdict in told.items():
        search = search.told(place, verdict)
    assert (search.good, search.bad) == (6, 9)
    assert search.told(8, BAD).told(7, SKIPPED).suspects == (7, 8)
