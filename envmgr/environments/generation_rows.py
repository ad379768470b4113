"""Generations in state.db: a row for each. One that came back changed is damage, as what SQLite itself finds is."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from envmgr.environments.generation import Generation
from envmgr.model.outcomes import Pin

_ALL = "SELECT environment, generation, key, fingerprint, lock_digest, pins, launch, digest FROM generations"
_OF_ONE = f"{_ALL} WHERE environment = ?"


class GenerationRows:
    """Of an open state.db. Who writes opens the transaction. sqlite3.DatabaseError: a row is damaged."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, environment: str, number: int) -> Generation | None:
        return self._one(f"{_OF_ONE} AND generation = ?", environment, number)

    def below(self, environment: str, number: int) -> Generation | None:
        return self._one(
            f"{_OF_ONE} AND generation < ? ORDER BY generation DESC LIMIT 1", environment, number
        )

    def all(self) -> tuple[Generation, ...]:
        rows = self._connection.execute(f"{_ALL} ORDER BY environment, generation")
        return tuple(map(_generation, rows))

    def numbers(self, environment: str) -> tuple[int, ...]:
        rows = self._connection.execute(
            "SELECT generation FROM generations WHERE environment = ? ORDER BY generation", (environment,)
        )
        return tuple(row[0] for row in rows)

    def count(self) -> int:
        found: int = self._connection.execute("SELECT count(*) FROM generations").fetchone()[0]
        return found

    def insert(self, generation: Generation, at: str) -> None:
        self._connection.execute(
            "INSERT INTO generations"
            " (environment, generation, key, fingerprint, lock_digest, pins, launch, digest, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                generation.environment,
                generation.number,
                generation.key,
                generation.fingerprint,
                generation.lock_digest,
                json.dumps([[pin.name, pin.version] for pin in generation.pins]),
                generation.launch,
                generation.digest,
                at,
            ),
        )

    def refingerprint(self, environment: str, number: int, fingerprint: str, lock_digest: str) -> None:
        found = self.find(environment, number)
        assert found is not None  # noqa: S101 - callers have just read it
        changed = replace(found, fingerprint=fingerprint, lock_digest=lock_digest)
        self._connection.execute(
            "UPDATE generations SET fingerprint = ?, lock_digest = ?, digest = ?"
            " WHERE environment = ? AND generation = ?",
            (fingerprint, lock_digest, changed.digest, environment, number),
        )

    def _one(self, query: str, environment: str, number: int) -> Generation | None:
        row = self._connection.execute(query, (environment, number)).fetchone()
        return None if row is None else _generation(row)


def digest_of(*row: Any) -> str:
    """The digest that goes with a row, for rows of the schema that had none."""
    return _unchecked(row).digest


def pins(text: str) -> tuple[Pin, ...]:
    """The column of that name."""
    with _understood():
        return tuple(Pin(name, version) for name, version in json.loads(text))


def _generation(row: tuple[Any, ...]) -> Generation:
    with _understood():
        found = _unchecked(row)
        if found.digest == row[7]:
            return found
    raise sqlite3.DatabaseError(f"generation {row[1]} of {row[0]} is not what was written")


def _unchecked(row: tuple[Any, ...]) -> Generation:
    return Generation(row[0], row[1], row[2], row[3], row[4], pins(row[5]), row[6])


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as problem:
        raise sqlite3.DatabaseError(f"a row cannot be read: {problem}") from None
