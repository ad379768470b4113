"""Covering arrays and samples, of any axes and any rule of what is allowed."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.matrix.combining import pairwise, sample


def combined(*sizes):
    return list(product(*([f"{axis}{value}" for value in range(size)] for axis, size in enumerate(sizes))))


def pairs(rows):
    return {(i, j, row[i], row[j]) for row in rows for i, j in combinations(range(len(row)), 2)}


@st.composite
def allowed(draw):
    rows = combined(*draw(st.lists(st.integers(1, 4), min_size=1, max_size=5)))
    forbidden = draw(st.sets(st.sampled_from(rows), max_size=len(rows) // 2))
    one, other = draw(st.sampled_from(rows)), draw(st.sampled_from(rows))
    return [row for row in rows if row not in forbidden and not (row[0] == one[0] and row[-1] == other[-1])]


@settings(deadline=None, max_examples=80)
@given(rows=allowed())
def test_every_pair_of_what_is_allowed_is_covered_and_nothing_else_is_chosen(rows):
    chosen = pairwise(rows)
    assert pairs(chosen) == pairs(rows)
    assert chosen == [row for row in rows if row in set(chosen)]
    assert len(set(chosen)) == len(chosen)


def test_one_axis_is_covered_whole():
    assert pairwise(combined(3)) == combined(3)
    assert pairwise([]) == []


@pytest.mark.parametrize(
    ("sizes", "most"), [((6, 6, 4, 4, 3, 2), 42), ((6, 6, 6, 6, 3), 46), ((4, 4, 4, 3, 3, 3, 2), 24)]
)
def test_few_are_enough(sizes, most):
    rows = combined(*sizes)
    assert len(rows) >= 3456
    assert len(pairwise(rows)) <= most


@settings(deadline=None, max_examples=40)
@given(rows=allowed(), count=st.integers(1, 30), seed=st.integers(0, 9))
def test_a_sample_is_of_what_is_allowed_and_the_same_each_time(rows, count, seed):
    chosen = sample(rows, count, seed)
    assert chosen == sample(list(rows), count, seed)
    assert chosen == [row for row in rows if row in set(chosen)]
    assert len(chosen) == min(count, len(rows))


def test_what_is_added_drives_out_few():
    before, after = sample(combined(9, 9, 9), 100, 1), sample(combined(9, 9, 10), 100, 1)
    assert 0 < len(set(before) - set(after)) <= 25
    assert set(after) - set(before) <= set(combined(9, 9, 10)) - set(combined(9, 9, 9))
    assert sample(combined(9, 9, 9), 100, 2) != before
