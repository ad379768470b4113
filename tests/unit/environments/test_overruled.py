"""A rollback is newer than envmgr.toml and a lock exactly as long as neither changes."""

from __future__ import annotations

import os

import pytest

from envmgr.environments import overruled


@pytest.fixture
def noted(layout):
    layout.config.write_text("[library.web]\n")
    layout.lock("web").parent.mkdir()
    layout.lock("web").write_text("1")
    overruled.note(layout, "web", 1)
    return layout


def test_a_note_holds_for_its_generation_under_its_files(noted):
    assert overruled.holds(noted, "web", 1)
    assert not overruled.holds(noted, "web", 2)
    assert not overruled.holds(noted, "web", None)
    assert not overruled.holds(noted, "other", 1)


@pytest.mark.parametrize("name", ["config", "lock"])
def test_other_bytes_end_it_and_times_do_not(noted, name):
    path = noted.config if name == "config" else noted.lock("web")
    os.utime(path, (2**32, 2**32))
    assert overruled.holds(noted, "web", 1)
    before = path.read_bytes()
    path.write_bytes(before + b"#")
    assert not overruled.holds(noted, "web", 1)
    path.unlink()
    assert not overruled.holds(noted, "web", 1)
    path.write_bytes(before)
    assert overruled.holds(noted, "web", 1)
    overruled.forget(noted, "web")
    assert not overruled.holds(noted, "web", 1)
    overruled.forget(noted, "web")


def test_another_environments_lock_does_not_matter(noted):
    noted.lock("other").write_text("2")
    assert overruled.holds(noted, "web", 1)


@pytest.mark.parametrize("length", [0, 1, 20])
def test_a_torn_note_holds_nothing(noted, length):
    path = noted.overruled("web")
    path.write_bytes(path.read_bytes()[:length])
    assert not overruled.holds(noted, "web", 1)


def test_a_rollback_needs_neither_file(layout):
    overruled.note(layout, "web", 1)
    assert overruled.holds(layout, "web", 1)
    layout.config.mkdir()
    overruled.note(layout, "web", 1)
    assert overruled.holds(layout, "web", 1)
