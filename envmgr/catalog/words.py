"""The words that a search knows an object by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LONGEST = 64
_WORD = re.compile(r"\w+")
_PART = re.compile(r"[A-Z]+(?![^\W\dA-Z_])|[A-Z]?[^\W\dA-Z_]+|\d+")


def words(paths: Iterable[str], summary: str) -> frozenset[str]:
    """Each name of the paths, whole and in its parts (`read_csv`: read, csv; `DataFrame`: data, frame), and the
    words of the summary; lower case, of two to 64 letters.
    """
    names = {name for path in paths for name in path.split(".")}
    found = {word for name in names for word in (name, *_PART.findall(name))}
    found.update(word for whole in _WORD.findall(summary) for word in _whole_and_parts(whole))
    return frozenset(word.lower() for word in found if 1 < len(word) <= LONGEST)


def _whole_and_parts(word: str) -> Iterator[str]:
    yield word
    if "_" in word:
        yield from _PART.findall(word)
