"""The fewest groups that keep apart what cannot be together: an exact search."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

Groups = tuple[tuple[str, ...], ...]

# Steps after which the search takes the best division into the fewest groups that it has found. That the
# groups are the fewest is never given up; that as few as possible were parted may be.
_PATIENCE = 200_000


def fewest(
    names: Sequence[str], apart: Collection[frozenset[str]], together: Sequence[Collection[str]] = ()
) -> Groups:
    """`names` in the fewest groups of which none holds a whole set of `apart`, each set being of two or more.

    Of those, one that parts the fewest pairs of `together`. Names stand in their order, groups in that of
    their first names. Cost: exponential in the worst case, milliseconds for 20 names.
    """
    for limit in range(1, len(names) + 1):
        found = _Search(names, apart, together, limit).best
        if found is not None:
            groups = [tuple(name for name in names if name in group) for group in found]
            return tuple(sorted(groups, key=lambda group: names.index(group[0])))
    return ()


class _Search:
    """Places the names that are kept apart from most first; stops at the first division that parts nothing."""

    def __init__(
        self,
        names: Sequence[str],
        apart: Collection[frozenset[str]],
        together: Sequence[Collection[str]],
        limit: int,
    ) -> None:
        sets = {name: [found for found in apart if name in found] for name in names}
        self._names = sorted(names, key=lambda name: -len(sets[name]))
        self._sets = sets
        self._friends = {name: {a for group in together if name in group for a in group} for name in names}
        self._limit = limit
        self._cost: float = float("inf")
        self._steps = 0
        self.best: tuple[frozenset[str], ...] | None = None
        self._place(0, [], 0)

    def _place(self, position: int, groups: list[set[str]], cost: int) -> None:
        self._steps += 1
        if cost >= self._cost or (self.best is not None and self._steps > _PATIENCE):
            return
        if position == len(self._names):
            self._cost, self.best = cost, tuple(map(frozenset, groups))
            return
        name = self._names[position]
        placed = len(self._friends[name].intersection(*[set().union(*groups)]))
        options = sorted(groups, key=lambda group: -len(self._friends[name] & group))
        for group in options:
            if not any(found <= group | {name} for found in self._sets[name]):
                parted = placed - len(self._friends[name] & group)
                group.add(name)
                self._place(position + 1, groups, cost + parted)
                group.remove(name)
        if len(groups) < self._limit:
            groups.append({name})
            self._place(position + 1, groups, cost + placed)
            groups.pop()


def parted(groups: Groups, together: Sequence[Collection[str]]) -> tuple[tuple[str, ...], ...]:
    """Those of `together` that no one group holds."""
    return tuple(
        tuple(friends)
        for friends in together
        if any(
            not any({one, other} <= set(group) for group in groups) for one, other in combinations(friends, 2)
        )
    )
