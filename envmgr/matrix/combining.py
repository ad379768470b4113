"""Which combinations become cells: all, a covering array of pairs, or a sample. Pure, and the same every time."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence
from itertools import combinations

Combination = tuple[str, ...]
"""A value of each axis, in the order of the axes."""


def pairwise(allowed: Sequence[Combination]) -> list[Combination]:
    """Some of `allowed`, in their order, that have every pair of values of two axes that any of them has.

    Greedy: the next one is always the one with the most pairs that are still missing. A combination that once had few
    cannot have more later, so that most need not be counted again (Minoux's lazy greedy). Exact for any rule of what
    is allowed, since it chooses among what is; the number is near that of the best known arrays.
    """
    if not allowed:
        return []
    places = list(combinations(range(len(allowed[0])), 2)) or [(0, 0)]
    missing = {(i, j, row[i], row[j]) for row in allowed for i, j in places}
    heap = [(-len(places), number) for number in range(len(allowed))]
    chosen = []
    while missing:
        _, number = heapq.heappop(heap)
        row = allowed[number]
        gain = sum((i, j, row[i], row[j]) in missing for i, j in places)
        if gain and (not heap or -gain <= heap[0][0]):
            chosen.append(number)
            missing -= {(i, j, row[i], row[j]) for i, j in places}
        elif gain:
            heapq.heappush(heap, (-gain, number))
    return [allowed[number] for number in sorted(chosen)]


def sample(allowed: Sequence[Combination], count: int, seed: int) -> list[Combination]:
    """`count` of `allowed`, in their order: those whose digests are the lowest.

    A combination's digest depends on nothing else, so that one that is added drives out one at most.
    """
    chosen = set(heapq.nsmallest(count, allowed, key=lambda row: _digest(row, seed)))
    return [row for row in allowed if row in chosen]


def _digest(row: Combination, seed: int) -> bytes:
    return hashlib.sha256(repr((seed, row)).encode()).digest()
