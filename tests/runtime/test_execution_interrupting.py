"""Exceptions that are raised in threads: only where the library's code runs, and once."""

from __future__ import annotations

import sys
import threading

import msgpack
import pytest

from envmgr_runtime.execution.calls import Calls
from envmgr_runtime.execution.cancellation import Cancelled, Interruptible
from envmgr_runtime.execution.functions import Functions
from envmgr_runtime.execution.interrupting import InThread
from envmgr_runtime.execution.streams import Stream
from envmgr_runtime.library.loading import Libraries
from envmgr_runtime.wire.messages import ERROR

LIMBO = pytest.mark.skipif(sys.version_info >= (3, 12), reason="a new thread has an ident of its own")


@pytest.fixture
def user():
    user = InThread()
    user.begin(1)
    return user


def ended_in_the_midst(user):
    try:
        user.runs = True
        user.end(1)
    finally:
        user.runs = False


def reminded(user):
    user.remind()
    sorted(range(10), key=lambda n: -n)


def test_nothing_is_raised_in_our_code(user):
    assert user.end(1)
    assert user.due
    with pytest.raises(Cancelled):
        user.runs = True
    user.runs = False
    user.runs = True  # it was told
    user.runs = False
    assert not user.due
    assert user.over()


def test_what_was_raised_lands_before_the_end(user):
    with pytest.raises(Cancelled):
        ended_in_the_midst(user)
    assert not user.runs


def test_another_call_is_not_ended(user):
    assert not user.end(2)
    user.over()
    assert not user.end(1)
    user.begin(3)
    user.runs = True
    user.runs = False


def test_a_lost_one_is_raised_again(user):
    user.end(1)
    with pytest.raises(Cancelled):
        user.runs = True
    user.unheard()
    with pytest.raises(Cancelled):
        reminded(user)
    user.over()


def in_another_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join(20)
    return found[0]


def test_a_reminder_waits_for_nobody(user):
    """It comes in a signal's handler, which may hold what the thread waits for."""
    user.runs = True
    user._doomed = True
    with user._lock:
        assert in_another_thread(lambda: user.remind() or user.due)
    with pytest.raises(Cancelled):
        reminded(user)
    user.runs = False


@LIMBO
@pytest.mark.parametrize("name", ["_active_limbo_lock", "_shutdown_locks_lock"])
def test_no_thread_is_begun_meanwhile(user, name):
    """What holds Python's own lock may be about to begin one; it would get what is raised."""
    user.runs = True
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with getattr(threading, name):
            held.set()
            go_on.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    assert user.end(1)
    assert user.due
    go_on.set()
    holder.join(20)
    with pytest.raises(Cancelled):
        reminded(user)
    user.runs = False


@LIMBO
def test_a_thread_that_is_begun_gets_nothing(user, monkeypatch):
    user.runs = True
    monkeypatch.setitem(threading._limbo, "a thread", "a thread")
    assert user.end(1)
    assert user.due
    monkeypatch.undo()
    with pytest.raises(Cancelled):
        reminded(user)
    user.runs = False


class CutShort(Interruptible):
    """What is raised in a thread may come just as the window is to be closed."""

    __slots__ = ("_open", "cuts")

    def __init__(self):
        self._open, self.cuts = False, 1

    @property
    def runs(self):
        return self._open

    @runs.setter
    def runs(self, value):
        if not value and self.cuts:
            self.cuts -= 1
            raise Cancelled
        self._open = value


@pytest.mark.parametrize("name", ["run", "traced"])
def test_a_window_is_closed_though_that_was_cut_short(name):
    libraries = Libraries()
    libraries.load({"math": ["math", ""]})
    calls = Calls(libraries)
    calls.user = CutShort()
    kind, answer = getattr(calls, name)("math.sqrt", 0, msgpack.packb([[4.0], {}]))
    assert (kind, msgpack.unpackb(answer)["code"]) == (ERROR, "cancelled")
    assert not calls.user.runs


def test_so_is_that_of_a_stream():
    stream = Stream(iter([1, 2]), Calls(Libraries()), {})
    stream.user = CutShort()
    kind, answer = stream.next(2)
    assert (kind, msgpack.unpackb(answer)["code"]) == (ERROR, "cancelled")
    assert not stream.user.runs


@pytest.mark.parametrize("runs", [True, False])
def test_a_function_of_the_pool_is_called_with_the_window_closed(runs):
    """What takes a lock or a number must not be cut short."""
    calls = Calls(Libraries())
    functions = Functions(calls.beside)
    user, seen = Interruptible(), []
    user.runs = runs
    functions.interruptible = lambda: user

    def ask(question):
        seen.append(user.runs)
        question.answer = 0, msgpack.packb(7)

    functions.ask = ask
    assert functions.call(1, [], {}, 0) == 7
    assert seen == [False]
    assert user.runs is runs
