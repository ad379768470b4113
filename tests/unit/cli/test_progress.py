"""Progress is for people who watch."""

from __future__ import annotations

import contextlib
import os
import pty

import pytest

from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress


def shown(invocation):
    with progress(invocation) as report:
        report("numpy", "resolve")
        report("numpy", "install")


def test_plain_lines_where_there_is_no_terminal(capsys):
    shown(Invocation())
    assert capsys.readouterr() == ("", "numpy: resolve\nnumpy: install\n")


def test_nothing_for_the_quiet_and_for_machines(capsys):
    shown(Invocation(quiet=True))
    shown(Invocation(format="json"))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("told", ["text", "json"])
def test_live_lines_on_a_terminal_that_leave_nothing_behind(monkeypatch, told):
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        shown(Invocation(format=told))
    written = b""
    with contextlib.suppress(OSError):  # the end of a terminal that is closed
        while piece := os.read(ours, 10_000):
            written += piece
    os.close(ours)
    written = written.decode()
    assert "numpy" in written
    assert "install" in written
    assert "numpy: " not in written
