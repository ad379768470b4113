"""The loop of a worker with threads, in this process and without its threads: what comes just as a call moves on."""

from __future__ import annotations

import os
import threading

import msgpack
import pytest

from envmgr_runtime.execution.calls import Calls
from envmgr_runtime.library.loading import Libraries
from envmgr_runtime.wire.frames import FrameReader, FrameWriter
from envmgr_runtime.wire.messages import ERROR
from envmgr_runtime.worker.loop import Loop
from envmgr_runtime.worker.threaded import ThreadedLoop


class Quiet:
    def __init__(self):
        theirs, ours = os.pipe(), os.pipe()
        self.ends = (*theirs, *ours)
        self.calls = Calls(Libraries())
        reader, writer = FrameReader(theirs[0]), FrameWriter(ours[1])
        before = Loop(reader, writer, self.calls)
        self.loop = ThreadedLoop(reader, writer, self.calls, 0, 2, before.out, pytest.fail)
        self.reader = FrameReader(ours[0])

    def last(self):
        """Number, kind and code of the next error."""
        assert self.reader.waiting(20)
        ((kind, number, payload),) = self.reader.read()
        return number, kind, msgpack.unpackb(payload)["code"]


@pytest.fixture
def quiet():
    quiet = Quiet()
    yield quiet
    for end in quiet.ends:
        os.close(end)


async def forever():
    while True:
        yield await never()


async def never():
    import asyncio

    await asyncio.sleep(600)


@pytest.mark.parametrize("kind", ["coroutine", "stream"])
def test_a_call_that_becomes_asynchronous_as_it_is_cancelled(quiet, kind):
    """It is not there yet when that is looked at, and the thread that has made it is done when those are."""
    loop = quiet.loop

    def end(number):
        loop._threads.end = lambda number: False
        if kind == "coroutine":
            loop._events.start(number, never(), 0, {})
        else:
            loop._events.stream(number, forever(), {})
        return False

    loop._threads.end = end
    loop._cancel(5)
    assert quiet.last() == (5, ERROR, "cancelled")


def test_a_cancelled_call_that_is_nowhere_is_over(quiet):
    quiet.loop._cancel(5)
    assert not quiet.reader.waiting()


def test_objects_that_are_released_at_the_same_time(quiet):
    """Two threads do not wait for each other."""
    loop = quiet.loop
    kept, _ = quiet.calls.refs.put(object())
    other = loop._threads._ones[0] = loop._threads._enter()
    other.user.begin(0)
    assert other.user.finding
    release = threading.Thread(target=loop._release, args=([kept],), daemon=True)
    release.start()
    release.join(20)
    assert not release.is_alive()
    assert not len(quiet.calls.refs)


def test_objects_are_released_when_earlier_calls_have_found_theirs(quiet):
    loop = quiet.loop
    kept, _ = quiet.calls.refs.put(object())
    other = loop._threads._ones[0] = loop._threads._enter()
    other.user.begin(3)
    release = threading.Thread(target=loop._release, args=([kept],), daemon=True)
    release.start()
    release.join(0.05)
    assert len(quiet.calls.refs) == 1
    other.user.runs = True
    release.join(20)
    assert not len(quiet.calls.refs)
    other.user.runs = False


def test_where_no_thread_can_be_begun_a_call_that_waits_fails_and_no_other(quiet, monkeypatch):
    threads = quiet.loop._threads
    one = threads._ones[0] = threads._enter()
    one.user.begin(3)

    class Full:
        def __init__(self, **options):
            pass

        def start(self):
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread", Full)
    with pytest.raises(RuntimeError, match="can't start"), threads.waiting(3):
        pass
    assert not threads._waiting
    assert not threads._started
