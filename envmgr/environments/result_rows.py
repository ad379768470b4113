"""Results of matrices in state.db: a row for each cell. Who reads may meet a file that is older than they are."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping

from envmgr.environments import schema

_SINCE = 3
"""The schema that has them."""


class ResultRows:
    """Of an open state.db. Every method is one transaction, flushed."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(self, matrix: str, rows: Iterable[tuple[str, bytes, str]]) -> None:
        """Cells with their contents, each in the place of an earlier one, and the names of their environments in the
        store ("" without)."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO results (matrix, cell, content, digest, entry) VALUES (?, ?, ?, ?, ?)",
                [(matrix, cell, content, _digest(content), entry) for cell, content, entry in rows],
            )

    def of(self, matrix: str) -> Mapping[str, bytes]:
        """Cell -> what was kept. One that came back changed is left out: its cell is run again, no more is lost."""
        if not self._are_there:
            return {}
        rows = self._connection.execute(
            "SELECT cell, content, digest FROM results WHERE matrix = ? ORDER BY cell", (matrix,)
        )
        return {cell: content for cell, content, digest in rows if _digest(content) == digest}

    def forget(self, matrix: str, cells: Iterable[str]) -> None:
        with self._connection:
            self._connection.executemany(
                "DELETE FROM results WHERE matrix = ? AND cell = ?", [(matrix, cell) for cell in cells]
            )

    def entries(self) -> frozenset[str]:
        """The store entries that results were made in."""
        if not self._are_there:
            return frozenset()
        rows = self._connection.execute("SELECT DISTINCT entry FROM results WHERE entry <> ''")
        return frozenset(row[0] for row in rows)

    @property
    def _are_there(self) -> bool:
        return schema.found(self._connection) >= _SINCE


def _digest(content: object) -> str:
    """Whatever type a damaged row has."""
    plain = content if isinstance(content, bytes) else repr(content).encode()
    return hashlib.blake2b(plain, digest_size=16).hexdigest()
