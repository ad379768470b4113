"""From a key path of a parsed document to its line and column in the text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from envmgr.config.lexer import Path, Token, statements


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place on one line, counted from 1, in characters. A longer value is cut at its line's end."""

    line: int
    column: int
    length: int


class Positions:
    """Where each key and value of a TOML text stands. The text is one that tomllib accepts.

    A path that is not in the text (a key that is missing, a part of a value that was written in another
    way) is where its nearest ancestor is; the empty path is the first line.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._line_starts = [0] + [at + 1 for at, character in enumerate(text) if character == "\n"]
        self._keys: dict[Path, Token] = {}
        self._values: dict[Path, Token] = {}
        for statement in statements(text):
            for key in statement.keys:
                self._keys.setdefault(key.path, key)
            if statement.kind == "table":
                self._keys[statement.path] = statement.keys[-1]
            for value in statement.values:
                self._values[value.path] = value

    def key(self, path: Path) -> Span:
        """Where the key that `path` ends with is written; for an array's element, where the element is."""
        return self._nearest(path, self._keys, self._values)

    def value(self, path: Path) -> Span:
        """Where the value at `path` is written; for a table with a header, the header's last key."""
        return self._nearest(path, self._values, self._keys)

    def _nearest(self, path: Path, *tables: dict[Path, Token]) -> Span:
        for length in range(len(path), 0, -1):
            for table in tables:
                if token := table.get(path[:length]):
                    return self._span(token)
        return Span(1, 1, 0)

    def _span(self, token: Token) -> Span:
        line = bisect_right(self._line_starts, token.start)
        line_start = self._line_starts[line - 1]
        text = self._text[token.start : token.end].split("\n", 1)[0]
        return Span(line, token.start - line_start + 1, len(text))
