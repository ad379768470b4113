"""Paths that were probably meant: names beside the one that is missing, the same name elsewhere, a slip."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from envmgr.catalog.likeness import CONTAINS, alike
from envmgr.catalog.reading import Catalog

_SURE = 0.85
"""How alike a name beside is that is taken before the same name elsewhere."""


def near(catalog: Catalog, path: str, most: int = 3) -> list[str]:
    """Up to `most` paths of the catalog, the likeliest first."""
    known, missing, rest = _split(catalog, path)
    beside = difflib.get_close_matches(missing, catalog.under(known), n=most, cutoff=0.6)
    mended = [".".join(filter(None, (known, name, *rest))) for name in beside]
    sure = [
        found for found, name in zip(mended, beside, strict=True)
        if difflib.SequenceMatcher(None, missing, name).ratio() >= _SURE
    ]  # fmt: skip
    candidates = [*sure, *_elsewhere(catalog, path), *mended, *_slipped(catalog, path)]
    found: dict[int, str] = {}
    for each in candidates:
        number = catalog.find(each)
        if number is not None:
            found.setdefault(number, each)
    return list(found.values())[:most]


def _split(catalog: Catalog, path: str) -> tuple[str, str, list[str]]:
    """The longest beginning that leads somewhere, the name behind it, and the rest."""
    names = path.split(".")
    for count in range(len(names) - 1, -1, -1):
        known = ".".join(names[:count])
        if not count or catalog.find(known) is not None:
            return known, names[count], names[count + 1 :]
    raise AssertionError


def _elsewhere(catalog: Catalog, path: str) -> Iterator[str]:
    """Objects of the same last name, in any case; the shortest paths first."""
    name = path.rpartition(".")[2].lower()
    vocabulary = catalog.vocabulary()
    if name in vocabulary:
        yield from _named(catalog, vocabulary.index(name), name)


def _slipped(catalog: Catalog, path: str) -> Iterator[str]:
    name = path.rpartition(".")[2].lower()
    vocabulary = catalog.vocabulary()
    likeness = sorted((how, at) for at, how in alike(name, vocabulary, catalog.masks()) if how > CONTAINS)
    for _, at in likeness:
        yield from _named(catalog, at, vocabulary[at])


def _named(catalog: Catalog, position: int, name: str) -> list[str]:
    paths = map(catalog.path, catalog.having(position))
    return sorted((path for path in paths if path.rpartition(".")[2].lower() == name), key=len)
