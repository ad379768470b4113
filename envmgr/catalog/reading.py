"""A catalog file, searched where it lies: a path by bisection, a row decoded when it is asked for."""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgpack

from envmgr.catalog import layout
from envmgr.catalog.likeness import mask

DEPRECATED, RETURN_INFERRED, SIGNATURE_FROM_STUB, SIGNATURE_FROM_DOCSTRING, TYPES_FROM_STUB = 1, 2, 4, 8, 16
"""A row's flags."""
_TEXT_BEGINS = {0xD9: 3, 0xDA: 4, 0xDB: 6}
"""Where in a row its path begins, by the MessagePack type of that."""


class Row(NamedTuple):
    """What a call needs of an object; `docs/protocol.md`, section 1, says what each is."""

    path: str
    kind: str
    parameters: list[list[Any]] | None
    returns: str | None
    summary: str
    flags: int
    overloads: list[list[Any]] | None

    @property
    def deprecated(self) -> bool:
        return bool(self.flags & DEPRECATED)


class Catalog:
    """One module's. Objects are numbered from 0; several paths may lead to one."""

    def __init__(self, content: bytes) -> None:
        """Raises ValueError when that is no catalog."""
        self.head, self._sections = layout.decode_head(content)
        self.size = len(content)
        self._names = bytes(self._sections["names"])
        paths = self._sections["paths"]
        self._table: tuple[int, ...] = struct.unpack(f"<{len(paths) // 4}I", paths)
        self._words: list[str] | None = None
        self._masks: list[int] | None = None

    @property
    def module(self) -> str:
        name: str = self.head["module"]
        return name

    def __len__(self) -> int:
        """How many objects there are."""
        count: int = self.head["objects"]
        return count

    def find(self, path: str) -> int | None:
        """The object that a path, relative to the module, leads to."""
        wanted = path.encode("utf-8", "surrogatepass")
        at = self._first(wanted)
        if at < self.head["paths"] and self._name(at) == wanted:
            return self._table[2 * at + 1]
        return None

    def get(self, path: str) -> Row | None:
        number = self.find(path)
        return None if number is None else self.row(number)

    def row(self, number: int) -> Row:
        return Row(*msgpack.unpackb(self._part("offsets", "rows", number)))

    def path(self, number: int) -> str:
        """The canonical path of an object, without decoding the rest of its row."""
        packed = self._part("offsets", "rows", number)
        begin = _TEXT_BEGINS.get(packed[1], 2)
        size = packed[1] & 0x1F if begin == 2 else int.from_bytes(packed[2:begin], "big")
        return str(packed[begin : begin + size], "utf-8")

    def detail(self, number: int) -> dict[str, Any]:
        packed = zlib.decompress(self._part("detail-offsets", "details", number))
        detail: dict[str, Any] = msgpack.unpackb(packed)
        return detail

    def rows(self) -> Iterator[Row]:
        """Of all objects, in the order of their canonical paths."""
        return map(self.row, range(len(self)))

    def paths(self) -> list[str]:
        """All of them, aliases too, in the order of their bytes."""
        return [self._name(at).decode() for at in range(self.head["paths"])]

    def inside(self, path: str) -> Iterator[tuple[str, int]]:
        """A path and all paths below it, in the order of their bytes, with their objects."""
        number = self.find(path)
        if number is not None:
            yield path, number
        prefix = f"{path}.".encode()
        at = self._first(prefix)
        while at < self.head["paths"] and (name := self._name(at)).startswith(prefix):
            yield name.decode(), self._table[2 * at + 1]
            at += 1

    def under(self, path: str) -> list[str]:
        """The names right under a path, or under the module itself (`""`); what is below them is stepped over."""
        prefix = f"{path}.".encode() if path else b""
        at, found = self._first(prefix), []
        while at < self.head["paths"] and (name := self._name(at)).startswith(prefix):
            first, dot, _ = name[len(prefix) :].partition(b".")
            if not dot:
                found.append(first.decode())
                at += 1
            else:
                at = max(at + 1, self._first(prefix + first + b"/"))  # the byte behind a dot
        return found

    def places(self) -> list[tuple[str, int]]:
        """Every path, aliases too, with the number of its object."""
        return [(self._name(at).decode(), self._table[2 * at + 1]) for at in range(self.head["paths"])]

    def vocabulary(self) -> list[str]:
        """The words that a search knows; `having` takes their positions."""
        if self._words is None:
            self._words = str(self._sections["vocabulary"], "utf-8").split("\n")[:-1]
        return self._words

    def masks(self) -> list[int]:
        """Of the vocabulary's words (`likeness.mask`)."""
        if self._masks is None:
            self._masks = [mask(word) for word in self.vocabulary()]
        return self._masks

    def having(self, position: int) -> tuple[int, ...]:
        """The objects that have this word."""
        packed = self._part("posting-offsets", "postings", position)
        return struct.unpack(f"<{len(packed) // 4}I", packed)

    def _first(self, wanted: bytes) -> int:
        """Where a path is, or would be."""
        return bisect_left(range(self.head["paths"]), wanted, key=self._name)

    def _name(self, at: int) -> bytes:
        return self._names[self._table[2 * at] : self._table[2 * at + 2]]

    def _part(self, offsets: str, name: str, number: int) -> memoryview:
        if number < 0:
            raise IndexError(number)
        begin, end = struct.unpack_from("<II", self._sections[offsets], 4 * number)
        return self._sections[name][begin:end]


def read(path: Path) -> Catalog:
    """Costs the reading of the file. Raises OSError, and ValueError for a file that is no catalog."""
    return Catalog(path.read_bytes())
