"""state.db: the generations of every environment and the journal of their activations (SQLite, WAL).

Only the holder of the project's lock writes them; anyone reads. A generation's launch manifest is kept here byte
by byte, so that a rollback needs nothing else. Each generation carries its digest: one that came back changed
is damage, as what SQLite itself finds is. Results of matrices are kept here too, by whoever has them.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from envmgr.environments import records, schema, stages
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout
from envmgr.environments.result_rows import ResultRows
from envmgr.environments.schema import SCHEMA
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import GenerationRecord, Pin

__all__ = [
    "SCHEMA",
    "Generation",
    "State",
    "Unfinished",
    "known_on_disk",
    "now",
    "open_state",
    "problems",
    "read_state",
]

_BUSY_SECONDS = 5.0
_POLL_SECONDS = 0.01
_CHECKPOINT_PAGES = 48
_OUTSIDE = frozenset(
    {
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
"""What SQLite says of the world around the file. The rest of what our few statements can meet is damage."""
_SETTLED = (
    "SELECT generation, outcome FROM activations"
    " WHERE environment = ? AND outcome IN ('active', 'removed') ORDER BY id DESC LIMIT 1"
)
_GENERATIONS = (
    "SELECT environment, generation, key, fingerprint, lock_digest, pins, launch, digest FROM generations"
)
_GENERATION = f"{_GENERATIONS} WHERE environment = ?"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An activation that somebody began and did not live to end; `outcome` is "attempted" when it had not come
    to a generation.
    """

    id: int
    environment: str
    generation: int
    action: str
    outcome: str


class State:
    """An open state.db. Every method is one transaction, flushed but where it says otherwise. `results` are those of
    matrices, which need no lock."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.results = ResultRows(connection)

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

    def count(self) -> int:
        """How many generations there are, of all environments."""
        found: int = self._connection.execute("SELECT count(*) FROM generations").fetchone()[0]
        return found

    def add(self, generation: Generation) -> None:
        with self._connection:
            self._insert(generation)

    def refingerprint(self, environment: str, number: int, fingerprint: str, lock_digest: str) -> None:
        """Note that other inputs (a lock's other spelling) lead to the same generation."""
        found = self.generation(environment, number)
        assert found is not None  # noqa: S101 - callers have just read it
        changed = replace(found, fingerprint=fingerprint, lock_digest=lock_digest)
        with self._connection:
            self._connection.execute(
                "UPDATE generations SET fingerprint = ?, lock_digest = ?, digest = ?"
                " WHERE environment = ? AND generation = ?",
                (fingerprint, lock_digest, changed.digest, environment, number),
            )

    def introduce(self, generation: Generation, action: str, reason: str) -> int:
        """`begin` with a generation that is new, which gets in with its first line or not at all."""
        with self._connection:
            self._insert(generation)
            return self._begin(generation.environment, generation.number, action, reason, "activating")

    def begin(self, environment: str, number: int, action: str, reason: str) -> int:
        """Write the intention to activate, before anything else is touched; the journal's id.

        Not flushed: a power cut that loses it leaves what was active, or files of a generation that state.db
        does not call active, which the next `sync` sees and sets right.
        """
        with self._unflushed(), self._connection:
            return self._begin(environment, number, action, reason, "activating")

    def attempt(self, environment: str, number: int, action: str, reason: str) -> int:
        """Write what is tried before there is a generation of it; `number` is the one that serves meanwhile."""
        with self._connection:
            return self._begin(environment, number, action, reason, "attempted")

    def fulfil(self, journal: int, generation: Generation, detail: str) -> None:
        """`introduce` for what an attempt led to: its line goes on, with `detail` added to the reason."""
        with self._connection:
            self._insert(generation)
            self._connection.execute(
                "UPDATE activations SET generation = ?, outcome = 'activating', reason = reason || ': ' || ?"
                " WHERE id = ?",
                (generation.number, detail, journal),
            )

    def settle(self, journal: int, outcome: str) -> None:
        """Write what became of an intention."""
        with self._connection:
            self._connection.execute("UPDATE activations SET outcome = ? WHERE id = ?", (outcome, journal))

    def fail(self, journal: int, serving: int, why: str) -> None:
        """Write that an attempt failed, and which generation serves on."""
        with self._connection:
            self._connection.execute(
                "UPDATE activations SET generation = ?, outcome = 'failed', reason = reason || ': ' || ?"
                " WHERE id = ?",
                (serving, why, journal),
            )

    def restore(self, lost: Iterable[Generation], active: Sequence[Generation], reason: str) -> None:
        """Take in generations that were found on disk, and which of them are active, in one transaction."""
        with self._connection:
            for generation in lost:
                self._insert(generation)
                if generation not in active:
                    self._begin(generation.environment, generation.number, "recovered", reason, "restored")
            for generation in active:
                self._begin(generation.environment, generation.number, "recovered", reason, "active")

    def unfinished(self) -> tuple[Unfinished, ...]:
        rows = self._connection.execute(
            "SELECT id, environment, generation, action, outcome FROM activations"
            " WHERE outcome IN ('activating', 'attempted') ORDER BY id"
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

    def _insert(self, generation: Generation) -> None:
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
                now(),
            ),
        )

    def _begin(self, environment: str, number: int, action: str, reason: str, outcome: str) -> int:
        row = self._connection.execute(
            "INSERT INTO activations (environment, generation, action, at, actor, reason, outcome)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (environment, number, action, now(), _actor(), reason, outcome),
        )
        assert row.lastrowid is not None  # noqa: S101 - an INSERT has one
        return row.lastrowid

    @contextlib.contextmanager
    def _unflushed(self) -> Iterator[None]:
        self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA synchronous = FULL")

    def _one(self, query: str, values: tuple[object, ...]) -> Generation | None:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else _generation(row)


@contextlib.contextmanager
def open_state(layout: Layout) -> Iterator[State]:
    """state.db to be written, created when it is missing: generations by the holder of the project's lock alone.

    Raises, also for what happens inside, E-STATE when it is damaged, E-DISK when it cannot be used, or is of a
    later schema. `recovery.opened` mends what is damaged.
    """
    with _connected(layout, "rwc") as connection:
        _use_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        if _schema(layout, connection) == 0 and schema.bring_up(connection, _digest_of):
            stages.reached("state-created")
        schema.bring_up(connection, _digest_of)
        yield State(connection)
        if connection.total_changes:
            # Closing the last connection empties the log, which costs two flushes; one that may not write leaves it.
            with _connected(layout, "ro") as reader:
                _schema(layout, reader)
                connection.close()


@contextlib.contextmanager
def read_state(layout: Layout) -> Iterator[State | None]:
    """state.db for reading alone; None when nothing was ever activated.

    Raises E-STATE when it is damaged or lost, or knows less than is on disk; E-DISK.
    """
    if not layout.state.exists():
        if known_on_disk(layout):
            raise _damaged(layout, "it is gone")
        yield None
        return
    recorded = records.count(layout)
    with _connected(layout, "ro") as connection:
        if _schema(layout, connection) == 0:
            if known_on_disk(layout):
                raise _damaged(layout, "it is empty")
            yield None
            return
        state = State(connection)
        if state.count() < recorded:
            raise _damaged(layout, "it lacks generations that were activated")
        yield state


def known_on_disk(layout: Layout) -> bool:
    """Whether something was ever activated, whatever state.db says."""
    return records.count(layout) > 0 or any(layout.environments.glob("*/launch.msgpack"))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextlib.contextmanager
def _connected(layout: Layout, mode: str) -> Iterator[sqlite3.Connection]:
    uri = f"file:{_quoted(layout)}?mode={mode}"
    with (
        problems(layout),
        contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection,
    ):
        yield connection


@contextlib.contextmanager
def problems(layout: Layout) -> Iterator[None]:
    """Turn what SQLite says into E-STATE when the file is damaged, into E-DISK when it cannot be used."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
        raise
    except sqlite3.Error as problem:
        code = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code not in _OUTSIDE:
            raise _damaged(layout, str(problem)) from problem
        full = code == sqlite3.SQLITE_FULL
        raise EnvmgrError(
            "E-DISK",
            f"{layout.state} cannot be used: {problem}",
            hint="free some space and run the command again" if full else "make it readable and writable",
        ) from problem


def _damaged(layout: Layout, what: str) -> EnvmgrError:
    return EnvmgrError(
        "E-STATE",
        f"{layout.state}, which lists what was activated and when, cannot be relied on: {what}",
        hint="what is active goes on serving; the next `envmgr sync`, `rollback`, `lock` or `gc` rebuilds it from"
        " what is on disk and says so in the history",
    )


def _schema(layout: Layout, connection: sqlite3.Connection) -> int:
    found = schema.found(connection)
    if found > SCHEMA:
        raise EnvmgrError(
            "E-DISK",
            f"{layout.state} cannot be used: it has schema {found}, written by a later envmgr; this one knows"
            f" {SCHEMA}",
            hint="use the envmgr that wrote it, or a later one",
        )
    return found


def _use_log(connection: sqlite3.Connection) -> None:
    """WAL. The change to it, which a new file sees once, does not wait for another process that makes it: we do."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return


def _digest_of(*row: Any) -> str:
    return _unchecked(row).digest


def _quoted(layout: Layout) -> str:
    return str(layout.state).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _generation(row: tuple[Any, ...]) -> Generation:
    with _understood():
        found = _unchecked(row)
        if found.digest == row[7]:
            return found
    raise sqlite3.DatabaseError(f"generation {row[1]} of {row[0]} is not what was written")


def _unchecked(row: tuple[Any, ...]) -> Generation:
    return Generation(row[0], row[1], row[2], row[3], row[4], _pins(row[5]), row[6])


def _pins(text: str) -> tuple[Pin, ...]:
    with _understood():
        return tuple(Pin(name, version) for name, version in json.loads(text))


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError) as problem:
        raise sqlite3.DatabaseError(f"a row cannot be read: {problem}") from None


def _actor() -> str:
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{os.uname().nodename}"
