"""state.db: the generations of every environment and the journal of their activations (SQLite, WAL).

Only the holder of the project's lock writes them; anyone reads. A generation's launch manifest is kept here byte
by byte, so that a rollback needs nothing else. Results of matrices are kept here too, by whoever has them.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from envmgr.environments import database, generation_rows, records, schema, stages
from envmgr.environments.generation import Generation
from envmgr.environments.generation_rows import GenerationRows
from envmgr.environments.journal import Journal, Unfinished, now
from envmgr.environments.layout import Layout
from envmgr.environments.result_rows import ResultRows
from envmgr.model.outcomes import GenerationRecord


class State:
    """An open state.db. Every method is one transaction, flushed but where it says otherwise. `results` are those of
    matrices, which need no lock."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._generations = GenerationRows(connection)
        self._journal = Journal(connection)
        self.results = ResultRows(connection)

    def active(self, environment: str) -> Generation | None:
        number = self._journal.active(environment)
        return None if number is None else self.generation(environment, number)

    def generation(self, environment: str, number: int) -> Generation | None:
        return self._generations.find(environment, number)

    def below(self, environment: str, number: int) -> Generation | None:
        """The greatest generation below `number`."""
        return self._generations.below(environment, number)

    def numbers(self, environment: str) -> tuple[int, ...]:
        return self._generations.numbers(environment)

    def generations(self) -> tuple[Generation, ...]:
        """All of them, of every environment, oldest first."""
        return self._generations.all()

    def environments(self) -> tuple[str, ...]:
        return self._journal.environments()

    def next_number(self, environment: str) -> int:
        return max(self.numbers(environment), default=0) + 1

    def count(self) -> int:
        """How many generations there are, of all environments."""
        return self._generations.count()

    def unfinished(self) -> tuple[Unfinished, ...]:
        return self._journal.unfinished()

    def history(self, environment: str) -> tuple[GenerationRecord, ...]:
        """Every activation, newest first; `active` marks the one that holds now."""
        return self._journal.history(environment)

    def add(self, generation: Generation) -> None:
        with self._connection:
            self._generations.insert(generation, now())

    def refingerprint(self, environment: str, number: int, fingerprint: str, lock_digest: str) -> None:
        """Note that other inputs (a lock's other spelling) lead to the same generation."""
        with self._connection:
            self._generations.refingerprint(environment, number, fingerprint, lock_digest)

    def introduce(self, generation: Generation, action: str, reason: str) -> int:
        """`begin` with a generation that is new, which gets in with its first line or not at all."""
        with self._connection:
            self._generations.insert(generation, now())
            return self._journal.write(
                generation.environment, generation.number, action, reason, "activating"
            )

    def begin(self, environment: str, number: int, action: str, reason: str) -> int:
        """Write the intention to activate, before anything else is touched; the journal's id.

        Not flushed: a power cut that loses it leaves what was active, or files of a generation that state.db
        does not call active, which the next `sync` sees and sets right.
        """
        with database.unflushed(self._connection), self._connection:
            return self._journal.write(environment, number, action, reason, "activating")

    def attempt(self, environment: str, number: int, action: str, reason: str) -> int:
        """Write what is tried before there is a generation of it; `number` is the one that serves meanwhile."""
        with self._connection:
            return self._journal.write(environment, number, action, reason, "attempted")

    def fulfil(self, journal: int, generation: Generation, detail: str) -> None:
        """`introduce` for what an attempt led to: its line goes on, with `detail` added to the reason."""
        with self._connection:
            self._generations.insert(generation, now())
            self._journal.go_on(journal, generation.number, "activating", detail)

    def settle(self, journal: int, outcome: str) -> None:
        """Write what became of an intention."""
        with self._connection:
            self._journal.settle(journal, outcome)

    def fail(self, journal: int, serving: int, why: str) -> None:
        """Write that an attempt failed, and which generation serves on."""
        with self._connection:
            self._journal.go_on(journal, serving, "failed", why)

    def restore(self, lost: Iterable[Generation], active: Sequence[Generation], reason: str) -> None:
        """Take in generations that were found on disk, and which of them are active, in one transaction."""
        with self._connection:
            for generation in lost:
                self._generations.insert(generation, now())
                if generation not in active:
                    self._recovered(generation, reason, "restored")
            for generation in active:
                self._recovered(generation, reason, "active")

    def _recovered(self, generation: Generation, reason: str, outcome: str) -> None:
        self._journal.write(generation.environment, generation.number, "recovered", reason, outcome)


@contextlib.contextmanager
def open_state(layout: Layout) -> Iterator[State]:
    """state.db to be written, created when it is missing: generations by the holder of the project's lock alone.

    Raises, also for what happens inside, E-STATE when it is damaged, E-DISK when it cannot be used, or is of a
    later schema. `recovery.opened` mends what is damaged.
    """
    with database.to_write(layout) as connection:
        new = database.schema_of(layout, connection) == 0
        if schema.bring_up(connection, generation_rows.digest_of) and new:
            stages.reached("state-created")
        yield State(connection)


@contextlib.contextmanager
def read_state(layout: Layout) -> Iterator[State | None]:
    """state.db for reading alone; None when nothing was ever activated.

    Raises E-STATE when it is damaged or lost, or knows less than is on disk; E-DISK.
    """
    if not layout.state.exists():
        if known_on_disk(layout):
            raise database.damaged(layout, "it is gone")
        yield None
        return
    recorded = records.count(layout)
    with database.to_read(layout) as connection:
        if schema.found(connection) == 0:
            if known_on_disk(layout):
                raise database.damaged(layout, "it is empty")
            yield None
            return
        state = State(connection)
        if state.count() < recorded:
            raise database.damaged(layout, "it lacks generations that were activated")
        yield state


def known_on_disk(layout: Layout) -> bool:
    """Whether something was ever activated, whatever state.db says."""
    return records.count(layout) > 0 or any(layout.environments.glob("*/launch.msgpack"))
