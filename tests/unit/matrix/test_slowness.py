"""Nothing is called slower that is not, and what is slower is found."""

import math
import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_results import result

from envmgr.matrix.slowness import FEWEST, findings, ratio, ratios
from envmgr.model.matrix import Sample, Timing


def sample(seed, factor, *, noise, rounds=7, moments=0.3):
    """Times as a shared machine gives them: slow moments that last a round, and noise of each measurement."""
    draw = random.Random(seed)
    base = [0.01 * math.exp(abs(draw.gauss(0, moments))) for _ in range(rounds)]
    times = [tuple(f * moment * math.exp(draw.gauss(0, noise)) for moment in base) for f in (factor, 1)]
    return Sample("numpy.sort", *times)


def found(one, threshold=1.25):
    return findings([result(samples=[one])], Timing("reference", threshold))


@pytest.mark.parametrize(("noise", "rounds"), [(0.05, 7), (0.2, 7), (0.5, 7), (0.3, 15)])
def test_equal_times_are_no_finding(noise, rounds):
    wrong = sum(bool(found(sample(seed, 1, noise=noise, rounds=rounds))) for seed in range(1000))
    assert wrong <= 10


@pytest.mark.parametrize(("noise", "rounds", "least"), [(0.05, 7, 0.99), (0.1, 15, 0.95)])
def test_half_as_much_again_is_found(noise, rounds, least):
    assert (
        sum(bool(found(sample(seed, 1.5, noise=noise, rounds=rounds))) for seed in range(500)) >= least * 500
    )


@pytest.mark.parametrize("rounds", [6, 7, 12, 80])
def test_the_interval_holds_the_truth_as_often_as_it_says(rounds):
    holds = [ratio(sample(seed, 1.3, noise=0.2, rounds=rounds)) for seed in range(400)]
    assert 0.92 < sum(one.low <= 1.3 <= one.high for one in holds) / 400 <= 1
    assert all(one.low <= one.estimate <= one.high for one in holds)


def test_the_interval_is_that_of_the_signed_rank_test():
    """By its definition, tried with every assignment of signs: the factors that the test does not refuse."""
    one = sample(3, 1.4, noise=0.2)
    logs = [math.log(a / b) for a, b in zip(one.seconds, one.reference, strict=True)]

    def rank_sum(values):
        ranks = {value: place for place, value in enumerate(sorted(values, key=abs), 1)}
        return sum(place for value, place in ranks.items() if value > 0)

    sums = sorted(sum(r for r, up in zip(range(1, 8), signs) if up) for signs in product([0, 1], repeat=7))

    def refused(shift):
        observed = rank_sum([value - shift for value in logs])
        below = sum(each <= observed for each in sums) / 128
        above = sum(each >= observed for each in sums) / 128
        return min(below, above) <= 0.025

    interval = ratio(one)
    for edge, inside in ((interval.low, 1), (interval.high, -1)):
        assert not refused(math.log(edge) + inside * 1e-9)
        assert refused(math.log(edge) - inside * 1e-9)


@given(
    st.lists(st.tuples(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3)), min_size=1, max_size=20),
    st.floats(0.1, 10),
)
def test_the_ratio_follows_the_times(pairs, factor):
    mine, theirs = zip(*pairs, strict=True)
    one = ratio(Sample("f", mine, theirs))
    scaled = ratio(Sample("f", tuple(factor * each for each in mine), theirs))
    turned = ratio(Sample("f", theirs, mine))
    assert scaled.estimate == pytest.approx(factor * one.estimate)
    assert turned.estimate == pytest.approx(1 / one.estimate)
    assert one.low <= one.estimate * (1 + 1e-9)
    assert one.estimate <= one.high * (1 + 1e-9)


def test_one_slow_round_decides_nothing():
    calm = (1.0,) * 7
    assert ratio(Sample("f", (*calm[:6], 100.0), calm)).estimate == pytest.approx(1, rel=0.01)
    assert not found(Sample("f", (*calm[:6], 100.0), calm))


def test_few_rounds_are_no_proof():
    few = Sample("f", (9.0,) * (FEWEST - 1), (1.0,) * (FEWEST - 1))
    assert (ratio(few).estimate, ratio(few).high) == (pytest.approx(9), math.inf)
    assert not found(few)
    assert found(Sample("f", (9.0,) * FEWEST, (1.0,) * FEWEST))


def test_without_a_reference_there_is_no_ratio():
    assert ratio(Sample("f", (1.0, 1.0))) is None
    assert ratio(Sample("f", (0.0,), (0.0,))) is None
    assert ratios(result(samples=[Sample("f", (1.0,))])) == {}
    assert findings([result(samples=[Sample("f", (9.0,) * 7, (1.0,) * 7)])], None) == ()


def test_the_slowest_comes_first():
    samples = [Sample(name, (times,) * 7, (1.0,) * 7) for name, times in (("a", 2.0), ("b", 3.0), ("c", 1.2))]
    assert [each.name for each in findings([result(samples=samples)], Timing("r"))] == ["b", "a"]
