import contextlib
import sqlite3

import pytest

from envmgr.environments import schema
from envmgr.environments.state import State, open_state, read_state
from envmgr.errors import EnvmgrError


@pytest.fixture
def state(layout):
    layout.home.mkdir()
    with open_state(layout) as opened:
        yield opened


def activated(state: State, generation, outcome="active", action="built"):
    state.settle(state.begin(generation.environment, generation.number, action, "why"), outcome)


def test_a_generation_comes_back_as_it_went_in(state, entry):
    state.add(entry())
    assert state.generation("web", 1) == entry()
    assert state.generation("web", 2) is None


def test_numbers_count_up_per_environment(state, entry):
    assert state.next_number("web") == 1
    for number in (1, 2):
        state.add(entry(number=number))
    state.add(entry("other"))
    assert (state.next_number("web"), state.next_number("other"), state.numbers("web")) == (3, 2, (1, 2))
    assert state.below("web", 2) == entry(number=1)
    assert state.below("web", 1) is None


def test_active_is_what_was_settled_last(state, entry):
    assert state.active("web") is None
    for number in (1, 2):
        state.add(entry(number=number))
        activated(state, entry(number=number))
    activated(state, entry(number=1), outcome="failed")
    state.begin("web", 1, "rollback", "never finished")
    assert state.active("web").number == 2
    activated(state, entry(number=2), outcome="removed", action="removed")
    assert state.active("web") is None


def test_unfinished(state, entry):
    state.add(entry())
    journal = state.begin("web", 1, "built", "sync")
    (found,) = state.unfinished()
    assert (found.id, found.environment, found.generation, found.action) == (journal, "web", 1, "built")
    state.settle(journal, "active")
    assert state.unfinished() == ()


def test_history_is_newest_first_and_one_line_is_active(state, entry):
    for number in (1, 2):
        state.add(entry(number=number))
        activated(state, entry(number=number))
    activated(state, entry(number=1), action="rollback")
    lines = state.history("web")
    assert [(line.generation, line.action, line.active) for line in lines] == [
        (1, "rollback", True),
        (2, "built", False),
        (1, "built", False),
    ]
    assert "@" in lines[0].actor
    assert lines[0].at.endswith("+00:00")
    assert state.environments() == ("web",)


def test_other_inputs_may_lead_to_the_same_generation(state, entry):
    state.add(entry())
    state.refingerprint("web", 1, "other", "lock")
    assert (state.generation("web", 1).fingerprint, state.generation("web", 1).lock_digest) == (
        "other",
        "lock",
    )


def test_reading_where_nothing_was_written(layout):
    with read_state(layout) as state:
        assert state is None
    assert not layout.home.exists()


def test_reading_does_not_write(layout, entry):
    layout.home.mkdir()
    with open_state(layout) as state:
        state.add(entry())
    with read_state(layout) as state:
        assert state.numbers("web") == (1,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            state.add(entry(number=2))


def test_a_damaged_file(layout):
    layout.home.mkdir()
    layout.state.write_bytes(b"not a database, surely" * 100)
    with pytest.raises(EnvmgrError, match="not a database") as caught, open_state(layout):
        pass
    assert caught.value.code == "E-STATE"


def test_a_later_schema(layout):
    layout.home.mkdir()
    connection = sqlite3.connect(layout.state)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(EnvmgrError, match="a later envmgr"), read_state(layout):
        pass


def test_a_generation_that_came_back_changed_is_damage(layout, state, entry):
    state.add(entry())
    for column, value in (("launch", b"x"), ("pins", "[]"), ("pins", "{"), ("key", "k2"), ("digest", "")):
        state._connection.execute("SAVEPOINT before")
        state._connection.execute(f"UPDATE generations SET {column} = ?", (value,))
        with pytest.raises(sqlite3.DatabaseError):
            state.generation("web", 1)
        state._connection.execute("ROLLBACK TO before")
    assert state.generation("web", 1) == entry()


def test_a_generation_gets_in_with_its_first_line(state, entry):
    journal = state.introduce(entry(), "built", "sync")
    with pytest.raises(sqlite3.IntegrityError):
        state.introduce(entry(), "built", "sync")
    assert [found.id for found in state.unfinished()] == [journal]
    assert state.count() == 1


def test_state_of_the_first_schema_is_carried_over(layout, entry):
    layout.home.mkdir()
    with open_state(layout) as state:
        state.add(entry())
        activated(state, entry())
    with contextlib.closing(sqlite3.connect(layout.state)) as old:
        old.executescript(
            "DROP INDEX activations_unfinished; ALTER TABLE generations DROP COLUMN digest;"
            "DROP TABLE results; PRAGMA user_version = 1;"
        )
    with open_state(layout) as state:
        assert state.active("web") == entry()
        assert state.history("web")[0].active


def test_carrying_over_is_done_whole_or_not_at_all(layout, entry, monkeypatch):
    layout.home.mkdir()
    with open_state(layout) as state:
        state.add(entry())
    with contextlib.closing(sqlite3.connect(layout.state)) as old:
        old.executescript("DROP TABLE results; PRAGMA user_version = 2;")
    monkeypatch.setitem(schema._STEPS, 2, "CREATE TABLE results (x); CREATE TABLE results (y)")
    with pytest.raises(EnvmgrError), open_state(layout):
        pass
    monkeypatch.undo()
    with contextlib.closing(sqlite3.connect(layout.state)) as left:
        assert left.execute("PRAGMA user_version").fetchone() == (2,)
    with open_state(layout) as state:
        assert (state.results.of("any"), state.numbers("web")) == ({}, (1,))


def test_closing_leaves_the_log_to_the_next(layout, entry):
    layout.home.mkdir()
    for number in range(1, 40):
        with open_state(layout) as state:
            state.add(entry(number=number))
    with read_state(layout) as state:
        assert state.count() == 39
    assert 0 < layout.state.with_name("state.db-wal").stat().st_size < 400_000
    assert layout.state.stat().st_size > 8192


@pytest.mark.parametrize("left", ["launch", "record"])
def test_a_lost_state_is_told(layout, entry, left):
    path = layout.launch("web") if left == "launch" else layout.record("web", 1)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    for empty in (False, True):
        if empty:
            layout.state.touch()
        with pytest.raises(EnvmgrError, match="empty" if empty else "gone") as caught, read_state(layout):
            pass
        assert caught.value.code == "E-STATE"
        assert "envmgr sync" in caught.value.hint


def test_a_file_that_cannot_be_opened_is_no_damage(layout):
    layout.state.mkdir(parents=True)
    with pytest.raises(EnvmgrError) as caught, open_state(layout):
        pass
    assert caught.value.code == "E-DISK"
