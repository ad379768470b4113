"""The statements of a TOML text: where each header, key and value stands.

tomllib says what a document means, but not where. This lexer says only where, and trusts that tomllib has
accepted the text: it looks for the ends of tokens and checks nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]

_SKIPPED = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"{3}(?:\\.|[^\\])*?"{3,5}'
    r"|'{3}(?:.*?)'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE_VALUE = re.compile(r"[^,\]}#\n]*[^,\]}#\r\n \t]")


@dataclass(frozen=True, slots=True)
class Token:
    """A key's segment or a value, as offsets into the text; `path` leads to it."""

    path: Path
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A header or a key with its value. `end` is behind its last character, before any comment.

    `keys` are the segments of its key in order, then the keys inside its value; `values` its value, then
    every value inside it. The value of a header is where its last key is.
    """

    kind: Literal["table", "array", "pair"]
    path: Path
    start: int
    end: int
    keys: tuple[Token, ...]
    values: tuple[Token, ...]


def statements(text: str) -> Iterator[Statement]:
    """The statements of `text`, which is valid TOML, in order."""
    reader = _Reader(text)
    arrays: dict[Path, int] = {}
    table: Path = ()
    position = reader.skip(0)
    while position < len(text):
        if text[position] != "[":
            statement = reader.pair(position, table)
        else:
            statement = reader.header(position, arrays)
            table = statement.path
        yield statement
        position = reader.skip(statement.end)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def skip(self, position: int) -> int:
        """Past blanks, line ends and comments."""
        return _end(_SKIPPED, self.text, position)

    def header(self, start: int, arrays: dict[Path, int]) -> Statement:
        """`arrays` counts the elements of each array of tables; a path through one leads to its last."""
        is_array = self.text.startswith("[[", start)
        segments, position = self.key(start + (2 if is_array else 1))
        path: Path = ()
        keys: list[Token] = []
        for number, (name, key_start, key_end) in enumerate(segments, 1):
            path += (name,)
            keys.append(Token(path, key_start, key_end))
            if is_array and number == len(segments):
                arrays[path] = arrays.get(path, 0) + 1
            if path in arrays:
                path += (arrays[path] - 1,)
        end = self.text.index("]", position) + (2 if is_array else 1)
        value = Token(path, keys[-1].start, keys[-1].end)
        return Statement("array" if is_array else "table", path, start, end, tuple(keys), (value,))

    def pair(self, start: int, table: Path) -> Statement:
        segments, position = self.key(start)
        keys: list[Token] = []
        path = table
        for name, key_start, key_end in segments:
            path += (name,)
            keys.append(Token(path, key_start, key_end))
        values: list[Token] = []
        end = self.value(_end(_SPACE, self.text, position + 1), path, keys, values)
        return Statement("pair", path, start, end, tuple(keys), tuple(values))

    def key(self, position: int) -> tuple[list[tuple[str, int, int]], int]:
        """The segments of a dotted key, and the offset of what follows it: `=` or `]`."""
        segments = []
        while True:
            start = _end(_SPACE, self.text, position)
            pattern = _STRING if self.text[start] in "\"'" else _BARE_KEY
            end = _end(pattern, self.text, start)
            segments.append((_name(self.text[start:end]), start, end))
            position = _end(_SPACE, self.text, end)
            if self.text[position] != ".":
                return segments, position
            position += 1

    def value(self, start: int, path: Path, keys: list[Token], values: list[Token]) -> int:
        """Record the value at `start` and what is inside it; return its end."""
        opening = self.text[start]
        slot = len(values)
        if opening == "[":
            end = self._array(start, path, keys, values)
        elif opening == "{":
            end = self._inline_table(start, path, keys, values)
        elif opening in "\"'":
            end = _end(_STRING, self.text, start)
        else:
            end = _end(_BARE_VALUE, self.text, start)
        values.insert(slot, Token(path, start, end))
        return end

    def _array(self, start: int, path: Path, keys: list[Token], values: list[Token]) -> int:
        position = self.skip(start + 1)
        index = 0
        while self.text[position] != "]":
            position = self.skip(self.value(position, (*path, index), keys, values))
            if self.text[position] == ",":
                position = self.skip(position + 1)
            index += 1
        return position + 1

    def _inline_table(self, start: int, path: Path, keys: list[Token], values: list[Token]) -> int:
        position = self.skip(start + 1)
        while self.text[position] != "}":
            pair = self.pair(position, path)
            keys += pair.keys
            values += pair.values
            position = self.skip(pair.end)
            if self.text[position] == ",":
                position = self.skip(position + 1)
        return position + 1


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    if match is None:
        raise AssertionError(f"text that tomllib would refuse, at offset {position}")
    return match.end()


def _name(token: str) -> str:
    if token[0] == '"':
        return str(tomllib.loads(f"key = {token}")["key"])
    return token.strip("'")
