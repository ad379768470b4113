"""state.db: the generations of every environment and the journal of their activations (SQLite, WAL).

Only the holder of the project's lock writes; anyone reads. A generation's launch manifest is kept here byte
by byte, so that a rollback needs nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import GenerationRecord, Pin

SCHEMA = 1
_BUSY_SECONDS = 5.0
_TABLES = """
CREATE TABLE generations (
    environment TEXT NOT NULL, generation INTEGER NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
    lock_digest TEXT NOT NULL, pins TEXT NOT NULL, launch BLOB NOT NULL, created_at TEXT NOT NULL,
    PRIMARY KEY (environment, generation)
);
CREATE TABLE activations (
    id INTEGER PRIMARY KEY, environment TEXT NOT NULL, generation INTEGER NOT NULL, action TEXT NOT NULL,
    at TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE INDEX activations_by_environment ON activations (environment, id);
"""
_SETTLED = (
    "SELECT generation, outcome FROM activations"
    " WHERE environment = ? AND outcome IN ('active', 'removed') ORDER BY id DESC LIMIT 1"
)
_GENERATIONS = "SELECT environment, generation, key, fingerprint, lock_digest, pins, launch FROM generations"
_GENERATION = f"{_GENERATIONS} WHERE environment = ?"


@dataclass(frozen=True, slots=True)
class Generation:
    """`fingerprint` is a digest of all that decided it; equal fingerprints mean that nothing needs to be
    done.
    """

    environment: str
    number: int
    key: str
    fingerprint: str
    lock_digest: str
    pins: tuple[Pin, ...]
    launch: bytes


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An activation that somebody began and did not live to end."""

    id: int
    environment: str
    generation: int
    action: str


class State:
    """An open state.db. Every method is one transaction, flushed but where it says otherwise."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def active(self, environment: str) -> Generation | None:
        settled = self._connection.execute(_SETTLED, (environment,)).fetchone()
        if settled is None or settled[1] == "removed":
            return None
        return self.generation(environment, settled[0])

    def generation(self, environment: str, number: int) -> Generation | None:
        return self._one(f"{_GENERATION} AND generation = ?", (environment, number))

    def below(self, environment: str, number: int) -> Generation | None:
        """The greatest generation below `number`."""
        return self._one(
            f"{_GENERATION} AND generation < ? ORDER BY generation DESC LIMIT 1", (environment, number)
        )

    def numbers(self, environment: str) -> tuple[int, ...]:
        rows = self._connection.execute(
            "SELECT generation FROM generations WHERE environment = ? ORDER BY generation", (environment,)
        )
        return tuple(row[0] for row in rows)

    def generations(self) -> tuple[Generation, ...]:
        """All of them, of every environment, oldest first."""
        rows = self._connection.execute(f"{_GENERATIONS} ORDER BY environment, generation")
        return tuple(map(_generation, rows))

    def environments(self) -> tuple[str, ...]:
        rows = self._connection.execute("SELECT DISTINCT environment FROM activations ORDER BY environment")
        return tuple(row[0] for row in rows)

    def next_number(self, environment: str) -> int:
        return max(self.numbers(environment), default=0) + 1

    def add(self, generation: Generation) -> None:
        with self._connection:
            self._connection.execute(
                "INSERT INTO generations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    generation.environment,
                    generation.number,
                    generation.key,
                    generation.fingerprint,
                    generation.lock_digest,
                    json.dumps([[pin.name, pin.version] for pin in generation.pins]),
                    generation.launch,
                    now(),
                ),
            )

    def refingerprint(self, environment: str, number: int, fingerprint: str, lock_digest: str) -> None:
        """Note that other inputs (a lock's other spelling) lead to the same generation."""
        with self._connection:
            self._connection.execute(
                "UPDATE generations SET fingerprint = ?, lock_digest = ?"
                " WHERE environment = ? AND generation = ?",
                (fingerprint, lock_digest, environment, number),
            )

    def begin(self, environment: str, number: int, action: str, reason: str) -> int:
        """Write the intention to activate, before anything else is touched; the journal's id."""
        with self._connection:
            row = self._connection.execute(
                "INSERT INTO activations (environment, generation, action, at, actor, reason, outcome)"
                " VALUES (?, ?, ?, ?, ?, ?, 'activating')",
                (environment, number, action, now(), _actor(), reason),
            )
        assert row.lastrowid is not None  # noqa: S101 - an INSERT has one
        return row.lastrowid

    def settle(self, journal: int, outcome: str) -> None:
        """Write what became of an intention. Not flushed: what a power cut loses, recovery writes again."""
        self._connection.execute("PRAGMA synchronous = NORMAL")
        with self._connection:
            self._connection.execute("UPDATE activations SET outcome = ? WHERE id = ?", (outcome, journal))
        self._connection.execute("PRAGMA synchronous = FULL")

    def unfinished(self) -> tuple[Unfinished, ...]:
        rows = self._connection.execute(
            "SELECT id, environment, generation, action FROM activations"
            " WHERE outcome = 'activating' ORDER BY id"
        )
        return tuple(Unfinished(*row) for row in rows)

    def history(self, environment: str) -> tuple[GenerationRecord, ...]:
        """Every activation, newest first; `active` marks the one that holds now."""
        rows = self._connection.execute(
            "SELECT generation, key, action, at, actor, reason, outcome, pins FROM activations"
            " JOIN generations USING (environment, generation) WHERE environment = ? ORDER BY id DESC",
            (environment,),
        ).fetchall()
        holding = next((i for i, row in enumerate(rows) if row[6] in ("active", "removed")), None)
        return tuple(
            GenerationRecord(
                generation=row[0],
                key=row[1],
                action=row[2],
                at=row[3],
                actor=row[4],
                reason=row[5],
                outcome=row[6],
                active=i == holding and row[6] == "active",
                pins=_pins(row[7]),
            )
            for i, row in enumerate(rows)
        )

    def _one(self, query: str, values: tuple[object, ...]) -> Generation | None:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else _generation(row)


@contextlib.contextmanager
def open_state(layout: Layout) -> Iterator[State]:
    """state.db, created when it is missing. Raises E-DISK when it cannot be read, or is of a later schema."""
    with _connected(layout, f"file:{_quoted(layout)}?mode=rwc") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if _schema(connection) == 0:
            with connection:
                connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
        yield State(connection)


@contextlib.contextmanager
def read_state(layout: Layout) -> Iterator[State | None]:
    """state.db for reading alone; None when nothing was ever activated. Raises E-DISK."""
    if not layout.state.exists():
        yield None
        return
    with _connected(layout, f"file:{_quoted(layout)}?mode=ro") as connection:
        yield State(connection) if _schema(connection) else None


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextlib.contextmanager
def _connected(layout: Layout, uri: str) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection:
            yield connection
    except sqlite3.Error as problem:
        raise EnvmgrError(
            "E-DISK",
            f"{layout.state} cannot be used: {problem}",
            hint="make it readable and writable; when it is damaged, move it away and run `envmgr sync`",
        ) from problem


def _schema(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > SCHEMA:
        raise sqlite3.DatabaseError(
            f"it has schema {found}, written by a later envmgr; this one knows {SCHEMA}"
        )
    return found


def _quoted(layout: Layout) -> str:
    return str(layout.state).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _generation(row: tuple[Any, ...]) -> Generation:
    return Generation(row[0], row[1], row[2], row[3], row[4], _pins(row[5]), row[6])


def _pins(text: str) -> tuple[Pin, ...]:
    return tuple(Pin(name, version) for name, version in json.loads(text))


def _actor() -> str:
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{os.uname().nodename}"
