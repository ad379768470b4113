"""Which generations stay within reach of a rollback, and which store entries and layers they need. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from envmgr.environments.generation import Generation
from envmgr.environments.layout import entry_name


def within_reach(numbers: Collection[int], active: int | None, keep: int) -> frozenset[int]:
    """The active generation, the `keep` greatest numbers below it and the `keep` greatest above it.

    Below is where `rollback` goes, step by step; above is where a rollback came from. Without an active
    generation (its environment is configured no more), the `keep` greatest of all.
    """
    newest = sorted(numbers, reverse=True)
    if active is None:
        return frozenset(newest[:keep])
    below = [number for number in newest if number < active]
    above = [number for number in newest if number > active]
    return frozenset([active, *below[:keep], *above[:keep]])


def needed_entries(
    generations: Iterable[Generation], active: Mapping[str, int | None], keep: int
) -> frozenset[str]:
    """The store entries of all generations within reach."""
    by_environment: dict[str, list[Generation]] = {}
    for generation in generations:
        by_environment.setdefault(generation.environment, []).append(generation)
    needed = set()
    for environment, group in by_environment.items():
        reached = within_reach([found.number for found in group], active.get(environment), keep)
        needed |= {entry_name(environment, found.key) for found in group if found.number in reached}
    return frozenset(needed)
