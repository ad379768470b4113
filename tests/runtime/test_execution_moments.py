"""Where a call may be ended: never in an import, and not at once between two halves."""

from __future__ import annotations

import logging
import sys
import time

import pytest

from envmgr_runtime.execution.calls import Calls
from envmgr_runtime.execution.moments import Moments
from envmgr_runtime.library.loading import Libraries

NEVER, LATER = [False] * 6, [False] * 4 + [True] * 2


def asked(frame):
    """Four times in no time, and twice after a while."""
    moments = Moments()
    found = [moments.is_one(1, frame) for _ in range(4)]
    time.sleep(0.35)
    return found + [moments.is_one(1, frame) for _ in range(2)]


class Switch:
    def __enter__(self):
        return self._frame()

    def __exit__(self, *_):
        self.frame = sys._getframe()

    def _frame(self):
        return sys._getframe()


def test_anywhere_else_at_once():
    assert asked(sys._getframe()) == [True] * 6
    assert asked(None) == [True] * 6


def test_an_import_never(tmp_path, monkeypatch):
    (tmp_path / "framed.py").write_text("import sys\nframe = sys._getframe()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import framed

    assert asked(framed.frame) == NEVER


def test_what_with_enters_and_leaves_a_little_later():
    switch = Switch()
    with switch as entering:
        pass
    for frame in (entering, switch.frame):
        assert asked(frame) == LATER


def test_a_while_in_which_nobody_asked_is_none():
    """The machine was busy: the call had no time either."""
    moments = Moments()
    with Switch() as frame:
        pass
    for expected in (False, False, False, True):
        assert moments.is_one(1, frame) is expected
        time.sleep(0.31)


def test_another_call_has_a_patience_of_its_own():
    moments = Moments()
    with Switch() as frame:
        pass
    for number in (1, 2):
        assert not any(moments.is_one(number, frame) for _ in range(4))
        time.sleep(0.31)
        assert moments.is_one(number, frame)


def test_what_logs():
    class Framed(logging.Handler):
        def emit(self, record):
            self.frame = sys._getframe()

    handler = Framed()
    handler.handle(logging.makeLogRecord({}))
    assert asked(handler.frame) == LATER


@pytest.mark.parametrize("name", ["acquire", "release", "handle"])
def test_the_locks_of_logging_never(monkeypatch, name):
    """Event loops and threads of libraries log too."""
    handler, frames = logging.Handler(), []

    def seen(*_):
        frames.append(sys._getframe(1))

    monkeypatch.setattr(handler, "filter", seen)
    monkeypatch.setattr(handler, "lock", type("Lock", (), {"acquire": seen, "release": seen})())
    getattr(handler, name)(*["a record"][: name == "handle"])
    assert asked(frames[0]) == NEVER


@pytest.mark.parametrize("name", ["acquire", "release"])
def test_what_has_a_counterpart(name):
    class Gate:
        def acquire(self):
            return sys._getframe()

        def release(self):
            return sys._getframe()

    assert asked(getattr(Gate(), name)()) == LATER


def test_what_is_around_the_call_is_another_matter(tmp_path, monkeypatch):
    """It asks for something in the midst of its import; the call that runs inside may be ended."""
    (tmp_path / "framing.py").write_text(
        "import sys\nframes = []\ndef now(): frames.append(sys._getframe())\n"
    )
    (tmp_path / "outer.py").write_text("import builtins\nbuiltins.envmgr_inner()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    libraries = Libraries()
    libraries.load({"framing": ["framing", ""]})
    calls = Calls(libraries)
    monkeypatch.setattr(
        "builtins.envmgr_inner", lambda: calls.run("framing.now", 0, b"\x92\x90\x80"), raising=False
    )
    import framing
    import outer

    assert outer.__name__ in sys.modules
    assert asked(framing.frames[0]) == [True] * 6
