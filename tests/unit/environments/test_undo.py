"""Files outside of `.envmgr` that belong to a generation: made, kept, or taken back to the byte."""

from __future__ import annotations

import pytest

from envmgr.environments import activation, undo
from envmgr.environments.state import open_state
from envmgr.environments.undo import Change, Note


@pytest.fixture
def state(layout):
    layout.undo.parent.mkdir(parents=True)
    with open_state(layout) as opened:
        yield opened


@pytest.fixture
def changes(tmp_path):
    """Of a file that is there, and of one that is not."""
    there = tmp_path / "envmgr.toml"
    there.write_bytes(b"a = 1\r\n")
    there.chmod(0o600)
    return Change(there, "a = 1\r\n", "a = 2\n"), Change(tmp_path / "locks" / "new.toml", None, "b")


@pytest.fixture
def begun(layout, state, entry):
    """An environment with generation 1 active and an attempt that leads to generation 2."""
    old, new = entry(), entry(number=2, key="k2")
    activation.introduce(layout, state, old, action="built", reason="sync")
    return old, new, activation.attempt(state, old, action="upgrade", reason="six==2")


def lines(state):
    return [(line.generation, line.outcome, line.active, line.reason) for line in state.history("web")]


def test_what_is_fulfilled_and_kept_stays(layout, state, begun, changes):
    _, new, journal = begun
    activation.fulfil(layout, state, journal, new, changes=changes, detail="six 1 -> 2")
    assert layout.undo.exists()
    activation.keep(layout)
    assert activation.recover(layout, state) == ()
    assert [change.path.read_text() for change in changes] == ["a = 2\n", "b"]
    assert changes[0].path.stat().st_mode & 0o777 == 0o600
    assert state.active("web") == new
    assert lines(state)[0] == (2, "active", True, "six==2: six 1 -> 2")


def test_what_is_abandoned_is_as_it_was_even_when_it_was_active_already(layout, state, begun, changes):
    old, new, journal = begun
    activation.fulfil(layout, state, journal, new, changes=changes, detail="six 1 -> 2")
    activation.abandon(layout, state, journal, old, "no")
    assert changes[0].path.read_bytes() == b"a = 1\r\n"
    assert not changes[1].path.exists()
    assert not layout.undo.exists()
    assert state.active("web") == old
    assert activation.agrees(layout, old)
    assert lines(state)[0] == (1, "failed", False, "six==2: six 1 -> 2: no")


def test_a_note_without_its_generation_is_taken_back_by_the_next_command(layout, state, begun, changes):
    old, _, _ = begun
    undo.make(layout, Note("web", 2, changes))
    beside = changes[0].path.with_name(".envmgr.toml.abcdefgh.new")
    beside.write_text("half")
    assert activation.recover(layout, state) == ("web",)
    assert changes[0].path.read_bytes() == b"a = 1\r\n"
    assert not changes[1].path.exists()
    assert not beside.exists()
    assert state.active("web") == old
    assert lines(state)[0] == (1, "failed", False, "six==2: its process ended")


def test_what_somebody_else_wrote_meanwhile_stays(layout, state, begun, changes):
    undo.make(layout, Note("web", 2, changes))
    changes[0].path.write_text("mine")
    changes[1].path.unlink()
    activation.recover(layout, state)
    assert changes[0].path.read_text() == "mine"
    assert not changes[1].path.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"environment": "web"}', b'{"changes": [1]}'])
def test_a_note_that_is_none_goes(layout, state, content):
    layout.undo.write_bytes(content)
    activation.recover(layout, state)
    assert not layout.undo.exists()
