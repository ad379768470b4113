"""The journal in state.db: what was tried with each environment, by whom, why, and what became of it."""

from __future__ import annotations

import os
import pwd
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from envmgr.environments.generation_rows import pins
from envmgr.model.outcomes import GenerationRecord


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


class Journal:
    """Of an open state.db. Who writes opens the transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def active(self, environment: str) -> int | None:
        """The number of the generation that was activated last, and not removed since."""
        row = self._connection.execute(
            "SELECT generation, outcome FROM activations"
            " WHERE environment = ? AND outcome IN ('active', 'removed') ORDER BY id DESC LIMIT 1",
            (environment,),
        ).fetchone()
        return row[0] if row is not None and row[1] == "active" else None

    def environments(self) -> tuple[str, ...]:
        rows = self._connection.execute("SELECT DISTINCT environment FROM activations ORDER BY environment")
        return tuple(row[0] for row in rows)

    def unfinished(self) -> tuple[Unfinished, ...]:
        rows = self._connection.execute(
            "SELECT id, environment, generation, action, outcome FROM activations"
            " WHERE outcome IN ('activating', 'attempted') ORDER BY id"
        )
        return tuple(Unfinished(*row) for row in rows)

    def history(self, environment: str) -> tuple[GenerationRecord, ...]:
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
                pins=pins(row[7]),
            )
            for i, row in enumerate(rows)
        )

    def write(self, environment: str, number: int, action: str, reason: str, outcome: str) -> int:
        """A new line; its id."""
        row = self._connection.execute(
            "INSERT INTO activations (environment, generation, action, at, actor, reason, outcome)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (environment, number, action, now(), _actor(), reason, outcome),
        )
        assert row.lastrowid is not None  # noqa: S101 - an INSERT has one
        return row.lastrowid

    def settle(self, line: int, outcome: str) -> None:
        self._connection.execute("UPDATE activations SET outcome = ? WHERE id = ?", (outcome, line))

    def go_on(self, line: int, number: int, outcome: str, detail: str) -> None:
        """The line is of generation `number` now, and says `detail` behind its reason."""
        self._connection.execute(
            "UPDATE activations SET generation = ?, outcome = ?, reason = reason || ': ' || ? WHERE id = ?",
            (number, outcome, detail, line),
        )


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _actor() -> str:
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{os.uname().nodename}"
