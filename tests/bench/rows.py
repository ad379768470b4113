"""One row of the report: two series measured in turn, so that a slow moment of the machine meets both."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Row:
    """`ratio` is the median over rounds of ours over the baseline's, `low` and `high` its extremes."""

    name: str
    value: float
    unit: str
    baseline: str
    baseline_value: float
    ratio: float
    low: float
    high: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(
    name: str,
    baseline: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rounds: int,
    before_each: Callable[[], object] = lambda: None,
) -> Row:
    """Seconds of `ours` and `theirs`, in turn, after one round that does not count."""
    pairs = []
    for _ in range(rounds + 1):
        before_each()
        first = seconds(ours)
        before_each()
        pairs.append((first, seconds(theirs)))
    pairs = pairs[1:]
    ratios = [mine / other for mine, other in pairs]
    return Row(
        name,
        round(median(mine for mine, _ in pairs), 4),
        "s",
        baseline,
        round(median(other for _, other in pairs), 4),
        round(median(ratios), 3),
        round(min(ratios), 3),
        round(max(ratios), 3),
    )
