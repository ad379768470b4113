"""How alike words are: equal, beginning, contained, or a few slips of the keyboard away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

EQUAL, BEGINS, CONTAINS = 0, 1, 2


def alike(word: str, vocabulary: Sequence[str], masks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Position and likeness of every word of the vocabulary that is like `word` (docs/architecture.md, "How a
    search ranks"). `masks` are those of the vocabulary, by `mask`.
    """
    size = len(word)
    found: dict[int, int] = {}
    for position, other in enumerate(vocabulary):
        if word in other:
            if other == word:
                found[position] = EQUAL
            elif size > 1 and other.startswith(word):
                found[position] = BEGINS
            elif size > 2:
                found[position] = CONTAINS
    most = slips(size)
    if most and EQUAL not in found.values():
        mine = mask(word)
        for position, bits in enumerate(masks):
            if position not in found and (bits ^ mine).bit_count() <= 2 * most:
                apart = distance(word, vocabulary[position], most)
                if apart <= most:
                    found[position] = CONTAINS + apart
    yield from found.items()


def slips(size: int) -> int:
    """How many of them a word of so many letters may have."""
    return 0 if size < 4 else 1 if size < 8 else 2


def mask(word: str) -> int:
    """A bit for each letter that the word has. One slip changes at most two."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) & 63)
    return bits


def distance(one: str, other: str, most: int) -> int:
    """Insertions, deletions, substitutions and transpositions of neighbours (optimal string alignment); `most` + 1
    stands for any more than `most`.
    """
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(last) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)
