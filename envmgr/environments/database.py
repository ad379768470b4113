"""state.db as a file of SQLite: how it is opened, and which of its errors are damage."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator

from envmgr.environments import schema
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError

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


@contextlib.contextmanager
def to_write(layout: Layout) -> Iterator[sqlite3.Connection]:
    """Created when it is missing, with a log, every transaction flushed. Raises what `problems` does."""
    with _connected(layout, "rwc") as connection:
        _use_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        yield connection
        if connection.total_changes:
            # Closing the last connection empties the log, which costs two flushes; one that may not write leaves it.
            with to_read(layout):
                connection.close()


@contextlib.contextmanager
def to_read(layout: Layout) -> Iterator[sqlite3.Connection]:
    """It must be there. Raises what `problems` does."""
    with _connected(layout, "ro") as connection:
        schema_of(layout, connection)
        yield connection


@contextlib.contextmanager
def unflushed(connection: sqlite3.Connection) -> Iterator[None]:
    """A power cut may lose the transactions in here, whole."""
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    finally:
        connection.execute("PRAGMA synchronous = FULL")


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
            raise damaged(layout, str(problem)) from problem
        full = code == sqlite3.SQLITE_FULL
        raise EnvmgrError(
            "E-DISK",
            f"{layout.state} cannot be used: {problem}",
            hint="free some space and run the command again" if full else "make it readable and writable",
        ) from problem


def damaged(layout: Layout, what: str) -> EnvmgrError:
    return EnvmgrError(
        "E-STATE",
        f"{layout.state}, which lists what was activated and when, cannot be relied on: {what}",
        hint="what is active goes on serving; the next `envmgr sync`, `rollback`, `lock` or `gc` rebuilds it from"
        " what is on disk and says so in the history",
    )


def schema_of(layout: Layout, connection: sqlite3.Connection) -> int:
    """0: a file without tables. Raises E-DISK for a later schema than ours."""
    found = schema.found(connection)
    if found > schema.SCHEMA:
        raise EnvmgrError(
            "E-DISK",
            f"{layout.state} cannot be used: it has schema {found}, written by a later envmgr; this one knows"
            f" {schema.SCHEMA}",
            hint="use the envmgr that wrote it, or a later one",
        )
    return found


@contextlib.contextmanager
def _connected(layout: Layout, mode: str) -> Iterator[sqlite3.Connection]:
    path = str(layout.state).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    uri = f"file:{path}?mode={mode}"
    with (
        problems(layout),
        contextlib.closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as connection,
    ):
        yield connection


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
