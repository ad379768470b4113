import os
import sys

import pytest

from envmgr.environments import projectlock
from envmgr.errors import EnvmgrError


def test_the_second_is_told_who_holds_it(layout, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/bin/envmgr", "sync", "numpy"])
    with projectlock.hold(layout):
        who = rf"process {os.getpid()} \(envmgr sync numpy\)"
        with pytest.raises(EnvmgrError, match=who) as caught, projectlock.hold(layout, wait=0.05):
            pass
        assert (caught.value.code, caught.value.exit_status) == ("E-BUSY", 7)
        assert caught.value.details == {"pid": os.getpid(), "command": "envmgr sync numpy"}
    with projectlock.hold(layout, wait=0):
        pass


def test_a_short_note_replaces_a_long_one(layout, monkeypatch):
    for argv in (["envmgr", "x" * 500], ["envmgr", "lock"]):
        monkeypatch.setattr(sys, "argv", argv)
        with projectlock.hold(layout):
            pass
    assert layout.busy.read_text().strip() == f"{os.getpid()} envmgr lock"


def test_git_ignores_what_is_never_committed(layout):
    with projectlock.hold(layout):
        assert (layout.home / ".gitignore").read_text() == "*\n"
