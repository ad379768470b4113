"""A sync that nobody asked for and a rollback that somebody did: `sync --keep-rollbacks`."""

from __future__ import annotations

import json

import pytest

from envmgr.cli import run
from envmgr.environments.layout import Layout

MATH = "[library.math]\nstdlib = true\n"
JSON = "[library.json]\nstdlib = true\n"
OLD, NEW = MATH + "workers = 1\n", MATH + "workers = 2\n"


@pytest.fixture
def envmgr(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        status = run([*arguments, "--quiet", "--format", "json"])
        stdout, stderr = capsys.readouterr()
        assert status == 0, stdout + stderr
        return json.loads(stdout)["data"]

    return command


@pytest.fixture
def configure(tmp_path):
    return (tmp_path / "envmgr.toml").write_text


@pytest.fixture
def watched(envmgr):
    """What a sync as Elixir's watch runs it makes of each environment."""
    return lambda: {
        outcome["environment"]: (outcome["action"], outcome["generation"])
        for outcome in envmgr("sync", "--keep-rollbacks")
    }


@pytest.fixture
def rolled_back(envmgr, configure):
    for text in (OLD, NEW):
        configure(text)
        envmgr("sync")
    envmgr("rollback", "math")


def test_only_a_sync_that_was_asked_for_ends_a_rollback(rolled_back, envmgr, watched):
    assert watched() == watched() == {"math": ("kept", 1)}
    assert envmgr("launch", "math")["generation"] == 1
    assert envmgr("sync")[0]["generation"] == 3
    assert watched() == {"math": ("unchanged", 3)}
    envmgr("rollback", "math", "--to", "1")
    assert watched() == {"math": ("kept", 1)}


def test_a_rollback_that_comes_before_the_change_was_brought_in(envmgr, configure, watched):
    for text in (OLD, NEW):
        configure(text)
        envmgr("sync")
    configure(MATH + "workers = 3\n")
    envmgr("rollback", "math")
    assert watched() == {"math": ("kept", 1)}


def test_a_later_edit_is_brought_in(rolled_back, configure, watched):
    configure(MATH + "workers = 3\n")
    assert watched() == {"math": ("activated", 3)}


def test_also_one_that_leads_to_what_was_overruled(rolled_back, configure, watched):
    configure(OLD)
    assert watched() == {"math": ("unchanged", 1)}
    configure(NEW)
    assert watched() == {"math": ("activated", 3)}


def test_another_lock_is_brought_in(rolled_back, tmp_path, watched):
    lock = Layout(tmp_path).lock("math")
    lock.write_text(lock.read_text() + "\n")
    assert watched() == {"math": ("activated", 3)}


def test_the_others_are_brought_in(rolled_back, envmgr, configure, watched):
    configure(NEW + JSON)
    envmgr("rollback", "math", "--to", "1")
    assert watched() == {"math": ("kept", 1), "json": ("built", 1)}
    assert watched() == {"math": ("kept", 1), "json": ("unchanged", 1)}


def test_an_environment_that_is_configured_no_more_can_be_brought_back(envmgr, configure, watched):
    configure(OLD + JSON)
    envmgr("sync")
    configure(JSON)
    assert watched() == {"json": ("unchanged", 1), "math": ("removed", 1)}
    envmgr("rollback", "math", "--to", "1")
    assert watched() == {"json": ("unchanged", 1), "math": ("kept", 1)}
    assert [outcome["action"] for outcome in envmgr("sync")] == ["unchanged", "removed"]


def test_what_is_not_whole_is_not_kept(rolled_back, tmp_path, watched):
    Layout(tmp_path).current("math").unlink()
    assert watched() == {"math": ("activated", 3)}


def test_a_sync_that_read_an_older_envmgr_toml_leaves_it_kept(envmgr, configure, watched, monkeypatch):
    from envmgr.operations import syncing

    for text in (OLD, NEW):
        configure(text)
        envmgr("sync")
    configure(OLD)
    turn = syncing.projectlock.hold

    def hold(layout):  # what others do before its turn comes
        monkeypatch.setattr(syncing.projectlock, "hold", turn)
        configure(NEW)
        envmgr("rollback", "math")
        return turn(layout)

    monkeypatch.setattr(syncing.projectlock, "hold", hold)
    assert watched() == {"math": ("unchanged", 1)}
    assert watched() == {"math": ("kept", 1)}
