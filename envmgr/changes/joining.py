"""Which object of one release is which of the other: by the paths that lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envmgr.changes.described import Api, Described, Pair


@dataclass(frozen=True, slots=True)
class Gone:
    """Paths of one last name that lead nowhere any more. `rest` are others that led to the same object, and still
    do."""

    object: Described
    paths: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.paths[0]

    @property
    def leaf(self) -> str:
        return self.paths[0].rpartition(".")[2]


def pairs(before: Api, after: Api) -> Iterator[Pair]:
    """Each two objects that a path leads to, before and after, once."""
    met: dict[tuple[int, int], list[str]] = {}
    for path, number in before.places.items():
        other = after.places.get(path)
        if other is not None:
            met.setdefault((number, other), []).append(path)
    for (number, other), paths in met.items():
        yield Pair(shortest_first(paths), before.objects[number], after.objects[other])


def gone(before: Api, after: Api) -> Iterator[Gone]:
    """What is not reached any more. Members of a class that is gone itself go with it, without a word."""
    lost: dict[tuple[int, str], list[str]] = {}
    for path, number in before.places.items():
        if path not in after.places and not _goes_with_its_class(path, before, after):
            lost.setdefault((number, path.rpartition(".")[2]), []).append(path)
    for (number, _), paths in lost.items():
        found = before.objects[number]
        rest = tuple(path for path in found.paths if path in after.places)
        yield Gone(found, shortest_first(paths), rest)


def come(before: Api, after: Api) -> tuple[Described, ...]:
    """Objects that no path of before leads to. Members of a class that is new come with it."""
    return tuple(
        found
        for found in after.objects
        if not any(path in before.places for path in found.paths)
        and not all(_goes_with_its_class(path, after, before) for path in found.paths)
    )


def shortest_first(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(paths, key=lambda path: (path.count("."), len(path), path)))


def _goes_with_its_class(path: str, here: Api, there: Api) -> bool:
    holder = path.rpartition(".")[0]
    while holder:
        found = here.get(holder)
        if found is None or found.kind not in ("class", "property"):
            return False
        other = there.get(holder)
        if other is None or other.kind not in ("class", "property"):
            return True
        holder = holder.rpartition(".")[0]
    return False
