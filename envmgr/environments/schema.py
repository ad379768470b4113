"""The tables of state.db, and how those of older schemas become them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

SCHEMA = 3
_RESULTS = """
CREATE TABLE results (
    matrix TEXT NOT NULL, cell TEXT NOT NULL, content BLOB NOT NULL, digest TEXT NOT NULL, entry TEXT NOT NULL,
    PRIMARY KEY (matrix, cell)
);
"""
_TABLES = f"""
CREATE TABLE generations (
    environment TEXT NOT NULL, generation INTEGER NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL,
    lock_digest TEXT NOT NULL, pins TEXT NOT NULL, launch BLOB NOT NULL, created_at TEXT NOT NULL,
    digest TEXT NOT NULL, PRIMARY KEY (environment, generation)
);
CREATE TABLE activations (
    id INTEGER PRIMARY KEY, environment TEXT NOT NULL, generation INTEGER NOT NULL, action TEXT NOT NULL,
    at TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL
);
CREATE INDEX activations_by_environment ON activations (environment, id);
CREATE INDEX activations_unfinished ON activations (id) WHERE outcome IN ('activating', 'attempted');
{_RESULTS}
"""
_FROM_SCHEMA_1 = """
ALTER TABLE generations ADD COLUMN digest TEXT NOT NULL DEFAULT '';
CREATE INDEX activations_unfinished ON activations (id) WHERE outcome IN ('activating', 'attempted');
UPDATE generations SET digest = digest_of(environment, generation, key, fingerprint, lock_digest, pins, launch);
"""
_STEPS = {0: _TABLES, 1: _FROM_SCHEMA_1 + _RESULTS, 2: _RESULTS}
"""From a schema straight to this one."""


def found(connection: sqlite3.Connection) -> int:
    """0: a file without tables."""
    schema: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return schema


def bring_up(connection: sqlite3.Connection, digest_of: Callable[..., str]) -> bool:
    """Make the tables of this schema out of those that are there, in one transaction; whether something was to
    be done. Another process may do the same at the same time: the second finds it done.
    """
    if found(connection) == SCHEMA:
        return False
    connection.create_function("digest_of", 7, digest_of, deterministic=True)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _STEPS.get(found(connection), "").split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()
    return True
