"""Sessions as Python code sees them, and what is said of them, in this process."""

from __future__ import annotations

import threading

import msgpack
import pytest

from envmgr_runtime.execution import context, sessions
from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.execution.session import session
from envmgr_runtime.execution.sessions import SessionError, Sessions, install
from envmgr_runtime.values import codes
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.strategies import Strategies
from envmgr_runtime.wire.messages import SESSION
from envmgr_runtime.wire.packing import ExtType, packb, unpackb


class Heard:
    """What the pool hears."""

    def __init__(self):
        self.lock = threading.RLock()
        self.messages = []

    def add(self, number, make, at_once=False):
        assert at_once
        kind, about, name, payload = unpackb(make())
        assert (kind, about, name) == (SESSION, number, "mine")
        self.messages.append(unpackb(payload))


class Worker:
    def __init__(self):
        self.out = Heard()
        self.refs = RefTable(limit=2)
        self.codec = Codec(self.refs)
        self.number = 7
        self.sessions = install(Sessions(self.out, self.refs, Strategies(), lambda: self.number))

    def said(self, name="mine", **changes):
        """A message of the pool."""
        self.sessions.take(name, packb(changes))

    def packed(self, **values):
        return {name: self.codec.encode(value) for name, value in values.items()}


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.setattr(sessions, "_worker", None)
    worker = Worker()
    token = context.enter("lib.f", {"session": "mine"})
    yield worker
    context.leave(token)


@pytest.fixture
def mine(worker):
    worker.said(at=3)
    return session()


def test_no_session(monkeypatch):
    monkeypatch.setattr(sessions, "_worker", None)
    assert session(None) is None
    with pytest.raises(SessionError, match="belongs to no session"):
        session()


def test_a_session_that_nobody_has_told_of(worker):
    assert session(5) == 5


def test_a_thread_is_of_the_session_of_its_call(worker):
    worker.said(set=worker.packed(word="kept"))
    found = []

    def look():
        found.append(session(None) and session()["word"])

    for calls in ({}, {7: "mine"}):
        worker.sessions.calls = calls
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(20)
    assert found == [None, "kept"]


def test_what_the_pool_sets_is_a_mapping(worker, mine):
    worker.said(at=4, set=worker.packed(a=1, b=[1, 2]))
    assert dict(mine) == {"a": 1, "b": [1, 2]}
    assert (mine.id, len(mine), repr(mine), len(worker.sessions)) == ("mine", 2, "<session mine>", 1)
    mine["b"].append(3)
    assert mine["b"] == [1, 2], "what is read is a copy"
    worker.said(at=5, delete=["a"], set=worker.packed(b=2))
    assert dict(mine) == {"b": 2}
    with pytest.raises(KeyError):
        mine["a"]


def test_what_is_put_is_said(worker, mine):
    mine["a"] = 1
    mine.put("a", 2)
    del mine["a"]
    mine.delete("never put")
    said = worker.out.messages
    assert [sorted(change) for change in said] == [["at", "set"], ["at", "set"], ["at", "delete"]]
    assert {change["at"] for change in said} == {3}
    assert said[1]["set"] == worker.packed(a=2)
    assert said[2]["delete"] == ["a"]
    with pytest.raises(KeyError):
        del mine["a"]


def test_what_cannot_be_sent_stays(worker, mine):
    event = threading.Event()
    mine["event"] = event
    assert mine["event"] is event
    assert list(worker.out.messages[0]["keep"]) == ["event"]
    mine["part"] = [1, event]
    assert mine["part"][1] is event
    with pytest.raises(SessionError, match="release what is no longer needed"):
        mine.keep("third", 1)
    assert "third" not in mine
    assert len(worker.refs) == 2
    worker.said(end=True)
    assert len(worker.refs) == 0


def test_an_object_of_a_call_becomes_a_variable(worker, mine):
    event = threading.Event()
    number, kind = worker.refs.put(event)
    worker.said(keep={"event": packb(ExtType(codes.REF, packb([number, kind])))})
    assert mine["event"] is event
    worker.said(keep={"event": packb(ExtType(codes.REF, packb([number + 9, kind])))})
    assert "event" not in mine
    assert "was released" in mine.lost["event"]


def test_what_is_lost_says_so(worker, mine):
    worker.said(absent={"till": "its worker was lost"})
    assert "till" not in mine
    assert dict(mine.lost) == {"till": "its worker was lost"}
    with pytest.raises(SessionError, match="'till' is not in this worker: its worker was lost"):
        mine["till"]
    mine.delete("till")
    assert mine.lost == {}
    assert worker.out.messages[-1]["delete"] == ["till"]


def test_limits(worker, mine):
    worker.said(limits=[2, 100])
    mine["a"], mine["b"] = 1, 2
    mine["b"] = 3
    with pytest.raises(SessionError, match="has 2 variables, as many as it may"):
        mine["c"] = 1
    with pytest.raises(SessionError, match="more than the 100 bytes that they may: 'b' takes 2"):
        mine["b"] = "x" * 200
    assert dict(mine) == {"a": 1, "b": 3}


def test_an_ended_session_is_none(worker, mine):
    worker.said(end=True)
    worker.said(end=True)
    for use in (lambda: mine["a"], lambda: mine.update(a=1), lambda: len(mine), lambda: mine.lost):
        with pytest.raises(SessionError, match="the session mine has ended"):
            use()
    store = mine._store
    with pytest.raises(SessionError, match="has ended"):
        worker.sessions.put(store, "a", 1)
    assert len(worker.sessions) == 0


@pytest.mark.parametrize("name", ["", 5, "x" * 201, "\udc80"])
def test_names(mine, name):
    with pytest.raises(TypeError, match="a str of 1 to 200 bytes"):
        mine[name] = 1


@pytest.mark.parametrize(("name", "said"), [(5, {}), ("mine", [1])])
def test_what_is_no_message(worker, name, said):
    with pytest.raises(ValueError, match="a session has a name"):
        worker.sessions.take(name, msgpack.packb(said))
