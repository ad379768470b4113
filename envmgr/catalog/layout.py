"""The bytes of a catalog file: sections, found by a head (docs/protocol.md, section 1)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack

MAGIC = b"envcat02"
SCHEMA = 2
SUFFIX = ".catalog"
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Item:
    """An object as it is written: row and detail of the protocol, the words that a search finds it by."""

    row: Sequence[Any]
    detail: Mapping[str, Any]
    words: frozenset[str]


def encode(facts: Mapping[str, Any], paths: Mapping[str, int], items: Sequence[Item]) -> bytes:
    """`facts` go into the head; `paths` lead to positions in `items`. Equal arguments, equal bytes."""
    names = sorted((path.encode(), number) for path, number in paths.items())
    words, postings = _index(items)
    table, begin = [], 0
    for name, number in names:
        table += [begin, number]
        begin += len(name)
    sections = {
        "names": b"".join(name for name, _ in names),
        "paths": _integers([*table, begin, 0]),
        **_strung("offsets", "rows", (_packed(list(item.row)) for item in items)),
        **_strung(
            "detail-offsets", "details", (zlib.compress(_packed(dict(item.detail)), 1) for item in items)
        ),
        "vocabulary": b"".join(word + b"\n" for word in words),
        **_strung("posting-offsets", "postings", (_integers(numbers) for numbers in postings)),
    }
    places, begin = {}, 0
    for section, content in sections.items():
        places[section] = [begin, len(content)]
        begin += len(content)
    counts = {"paths": len(names), "objects": len(items), "words": len(words)}
    head = _packed({"schema": SCHEMA, **facts, **counts, "sections": places})
    return b"".join([MAGIC, _LENGTH.pack(len(head)), head, *sections.values()])


def decode_head(content: bytes) -> tuple[dict[str, Any], dict[str, memoryview]]:
    """The head, and the sections by name. Raises ValueError for anything but a catalog of this schema."""
    try:
        if content[: len(MAGIC)] != MAGIC:
            raise ValueError("it does not begin as one")
        start = len(MAGIC) + _LENGTH.size
        end = start + _LENGTH.unpack_from(content, len(MAGIC))[0]
        head = msgpack.unpackb(content[start:end])
        if head["schema"] != SCHEMA:
            raise ValueError(f"its schema is {head['schema']}")
        view = memoryview(content)
        sections = {}
        for name, (begin, size) in head["sections"].items():
            sections[name] = view[end + begin : end + begin + size]
            if len(sections[name]) != size:
                raise ValueError("it is cut short")
    except (struct.error, msgpack.UnpackException, KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"no catalog: {problem}") from None
    except ValueError as problem:
        raise ValueError(f"no catalog: {problem}") from None
    return head, sections


def _index(items: Sequence[Item]) -> tuple[list[bytes], list[list[int]]]:
    found: dict[bytes, list[int]] = {}
    for number, item in enumerate(items):
        for word in map(str.encode, item.words):
            found.setdefault(word, []).append(number)
    words = sorted(found)
    return words, [found[word] for word in words]


def _strung(offsets: str, name: str, parts: Iterable[bytes]) -> dict[str, bytes]:
    """Parts one after the other, and where each begins."""
    begins, all_parts = [0], []
    for part in parts:
        all_parts.append(part)
        begins.append(begins[-1] + len(part))
    return {offsets: _integers(begins), name: b"".join(all_parts)}


def _integers(numbers: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def _packed(value: Any) -> bytes:
    packed: bytes = msgpack.packb(value)
    return packed
