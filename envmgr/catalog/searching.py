"""Objects by words, the best first. The rule is docs/architecture.md's, "How a search ranks"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from envmgr.catalog.likeness import alike
from envmgr.catalog.reading import Catalog, Row
from envmgr.catalog.words import LONGEST

_MOST_WORDS = 16


@dataclass(frozen=True, slots=True)
class Filters:
    """None keeps everything. `module`: a path relative to the library."""

    kind: str | None = None
    module: str | None = None
    deprecated: bool | None = None

    def keep(self, row: Row) -> bool:
        if self.kind is not None and row.kind != self.kind:
            return False
        if self.deprecated is not None and row.deprecated != self.deprecated:
            return False
        return self.module is None or row.path == self.module or row.path.startswith(f"{self.module}.")


def search(
    catalogs: Mapping[str, Catalog], query: str, filters: Filters | None = None, *, limit: int
) -> list[tuple[str, Row]]:
    """Up to `limit` objects, each with its library's name."""
    filters = filters or Filters()
    words = list(dict.fromkeys(word[:LONGEST] for word in query.lower().replace(".", " ").split()))[
        :_MOST_WORDS
    ]
    ranked = sorted(
        (key, library, number)
        for library, catalog in catalogs.items()
        for key, number in _ranked(library, catalog, query.strip(), words)
    )
    found: list[tuple[str, Row]] = []
    for _, library, number in ranked:
        row = catalogs[library].row(number)
        if filters.keep(row):
            found.append((library, row))
            if len(found) >= limit:
                break
    return found


_Key = tuple[bool, int, int, int, str, bytes]


def _ranked(library: str, catalog: Catalog, query: str, words: list[str]) -> list[tuple[_Key, int]]:
    costs: dict[int, list[int]] = {}
    paths: dict[int, str] = {}
    vocabulary = catalog.vocabulary()
    for word in words:
        best: dict[int, int] = {}
        for position, likeness in alike(word, vocabulary, catalog.masks()):
            other = vocabulary[position]
            for number in catalog.having(position):
                if number not in paths:
                    paths[number] = catalog.path(number).lower()
                cost = likeness + 2 * _place(paths[number], other)
                if cost < best.get(number, cost + 1):
                    best[number] = cost
        for number, cost in best.items():
            costs.setdefault(number, []).append(cost)
    named = (catalog.find(query), catalog.find(query.removeprefix(f"{library}.")))
    exact = {number for number in named if number is not None}
    keys = []
    for number in costs.keys() | exact:
        path = catalog.path(number).encode()
        spent = costs.get(number, [])
        keys.append(((number not in exact, -len(spent), sum(spent), len(path), library, path), number))
    return keys


def _place(path: str, word: str) -> int:
    if word not in path:
        return 3
    name = path[path.rfind(".") + 1 :]
    if name == word:
        return 0
    return 1 if word in name else 2
