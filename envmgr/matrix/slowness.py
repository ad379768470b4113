"""How long something takes in a cell, in times of what it takes in the reference cell, and how sure that is.

Both are measured in turns, so that each round is a pair which met the same moments of the machine. Of the
logarithms of the pairs' ratios, the estimate is the Hodges-Lehmann one (the median of all pairwise means), and the
interval Tukey's, which inverts Wilcoxon's signed-rank test and supposes no distribution but a symmetric one
(Hollander, Wolfe, Chicken: Nonparametric Statistical Methods, 3rd ed., sections 3.2 and 3.3). One slow round moves
neither. Nothing is drawn at random: the same times give the same answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement
from statistics import NormalDist, median

from envmgr.model.matrix import CellResult, Sample, Timing

CONFIDENCE = 0.95
FEWEST = 6
"""Fewer rounds give no interval of this confidence, and so no finding."""
_EXACT = 60
"""Up to so many rounds the test's distribution is counted; beyond, it is as good as normal."""
_MOST = 200
"""More rounds than that are cut: the pairwise means are as many as their square."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """`low` to `high` holds the true ratio in 95 of 100 cases; 0 to infinity with fewer than six rounds."""

    estimate: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Finding:
    """`name` of the check `check` takes longer in `cell`, by more than the threshold."""

    cell: str
    check: str
    name: str
    ratio: Ratio


def ratio(sample: Sample) -> Ratio | None:
    """None where nothing was measured beside it, as in the reference cell."""
    pairs = list(zip(sample.seconds, sample.reference, strict=False))[:_MOST]
    logs = [math.log(mine / theirs) for mine, theirs in pairs if mine > 0 and theirs > 0]
    if not logs:
        return None
    means = sorted((a + b) / 2 for a, b in combinations_with_replacement(logs, 2))
    estimate = math.exp(median(means))
    if len(logs) < FEWEST:
        return Ratio(estimate, 0.0, math.inf, len(logs))
    outside = _outside(len(logs))
    return Ratio(estimate, math.exp(means[outside]), math.exp(means[-1 - outside]), len(logs))


def ratios(result: CellResult) -> dict[str, Ratio]:
    """Of all that was timed in a cell."""
    found = {}
    for check in result.checks:
        for sample in check.samples:
            one = ratio(sample)
            if one is not None:
                found[sample.name] = one
    return found


def findings(results: Iterable[CellResult], timing: Timing | None) -> tuple[Finding, ...]:
    """What is slower for sure: the whole interval is above the threshold. The slowest first."""
    if timing is None:
        return ()
    found = [
        Finding(result.cell, check.name, sample.name, one)
        for result in results
        for check in result.checks
        for sample in check.samples
        if (one := ratio(sample)) is not None and one.low > timing.threshold
    ]
    return tuple(sorted(found, key=lambda each: (-each.ratio.estimate, each.cell, each.name)))


@cache
def _outside(rounds: int) -> int:
    """How many of the pairwise means lie outside of the interval, at each end."""
    tail = (1 - CONFIDENCE) / 2
    if rounds > _EXACT:
        mean, deviation = rounds * (rounds + 1) / 4, math.sqrt(rounds * (rounds + 1) * (2 * rounds + 1) / 24)
        return int(NormalDist(mean, deviation).inv_cdf(tail) - 0.5)
    ways = [1]  # of getting each sum of ranks
    for rank in range(1, rounds + 1):
        ways += [0] * rank
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    allowed, count = tail * 2**rounds, 0
    for total, of_total in enumerate(ways):
        count += of_total
        if count > allowed:
            return total - 1
    raise AssertionError  # pragma: no cover - all ways together are more than a tail
