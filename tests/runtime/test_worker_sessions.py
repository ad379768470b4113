"""Sessions of a real worker: the pool's side is this test."""

from __future__ import annotations

import threading
from pathlib import Path

import msgpack
import pytest

from envmgr_runtime.values.codec import Codec
from envmgr_runtime.wire.messages import CALL, RELEASE, REPORT, SESSION
from envmgr_runtime.worker.client import WorkerError, WorkerLost

SECONDS = 20.0
"""No wait of these tests is longer."""

SHARED = """
import asyncio, threading, envmgr_runtime
from envmgr_runtime import session

class Model:
    def __init__(self, n): self.n = n
    def grow(self): self.n += 1; return self.n

outlived = []

def get(name): return session()[name]
def put(name, value): session()[name] = value
def there(name): return name in session()
def names(): return [*session()], len(session()), dict(session().lost)
def default(): return session(None)
def identity(): return session().id, repr(session())
def model(name, n): session()[name] = Model(n)
def mixed(name): session()[name] = [1, Model(2)]
def keep(name, value): session().keep(name, value)
def grow(name): return session()[name].grow()
def grow_list(name):
    session()[name].append(9)
    return session()[name]
def pop(name): return session().pop(name)
def remove(name): session().delete(name)
def tuples(): session()["t"] = (1, {2, 3}); return type(session()["t"]).__name__
def fill(count):
    for n in range(count): session()[f"v{n}"] = n
def nosession(name): return session()[name]
def wrong(name): session().put(name, 1)
def in_thread(name):
    found = []
    def run():
        session()["of thread"] = 1
        found.append(session()[name])
    thread = threading.Thread(target=run)
    thread.start(); thread.join()
    return found[0]
async def later(name):
    await asyncio.sleep(0.01)
    session()["later"] = 1
    return await asyncio.to_thread(get, name) if hasattr(asyncio, "to_thread") else get(name)
def ticks(name):
    for n in range(3):
        session()["at"] = n
        yield session()[name]
async def aticks(name):
    for n in range(3):
        session()["at"] = n
        yield session()[name]
def asks(function, name):
    session()["asked"] = 1
    function(1)
    return session()[name]
def hold():
    outlived.append(session())
def use_held(name):
    return outlived[0][name]
def cyclic():
    value = []
    value.append(value)
    session()["c"] = value
"""


class Pool:
    """The part of the pool that sessions need."""

    def __init__(self, client):
        self.client = client
        self.codec = Codec(client._codec._refs)
        self.at = 0

    def say(self, session="s", **what):
        self.at += 1
        for key in ("set", "keep"):
            if key in what:
                what[key] = {name: self.client._codec.encode(value) for name, value in what[key].items()}
        self.client._send([SESSION, 0, session, msgpack.packb({"at": self.at, **what})])

    def begin(self, name, *args, session="s", flags=0):
        self.client._last += 1
        payload = self.client._codec.encode([list(args), {}])
        context = {"session": session} if session else {}
        self.client._send([CALL, self.client._last, f"shared.{name}", flags, payload, None, context])
        return self.client._last

    def call(self, name, *args, session="s"):
        return self.client.answer(self.begin(name, *args, session=session))

    def changes(self):
        """What came since, each as (session, change) with plain values read."""
        found = []
        for _, _, session, payload in self.client.changes:
            said = msgpack.unpackb(payload)
            for key in ("set", "keep"):
                if key in said:
                    said[key] = {name: self.client._codec.decode(data) for name, data in said[key].items()}
            found.append((session, said))
        self.client.changes.clear()
        return found

    def report(self):
        self.client._last += 1
        self.client._send([REPORT, self.client._last])
        return msgpack.unpackb(self.client._wait(self.client._last)[2])


@pytest.fixture(scope="module")
def shared(command, modules, on_path, bye):
    from envmgr_runtime.worker.client import Client

    (modules / "shared.py").write_text(SHARED)
    with Client(command, dict(on_path, shared=["shared", ""]), timeout=SECONDS) as client:
        yield client
        bye(client)


@pytest.fixture
def pool(shared):
    pool = Pool(shared)
    pool.say(limits=[100, 10_000])
    shared.changes.clear()
    yield pool
    pool.say(end=True)
    pool.report()
    shared.changes.clear()


def error(pool, name, *args, **options):
    with pytest.raises(WorkerError) as raised:
        pool.call(name, *args, **options)
    return raised.value.error


def test_what_the_pool_sets_is_read(pool):
    pool.say(set={"x": {"a": [1, 2.5]}, "y": None})
    assert pool.call("get", "x") == {"a": [1, 2.5]}
    assert pool.call("get", "y") is None
    assert pool.call("names") == (["x", "y"], 2, {})
    pool.say(delete=["x"], set={"y": 2})
    assert [pool.call("there", "x"), pool.call("get", "y")] == [False, 2]
    assert error(pool, "get", "x")["type"] == "KeyError"
    assert pool.changes() == []


def test_what_python_puts_is_said_before_the_answer(pool):
    assert pool.call("put", "x", [1, "two"]) is None
    assert pool.changes() == [("s", {"set": {"x": [1, "two"]}, "at": 1})]
    assert pool.call("get", "x") == [1, "two"]
    assert pool.call("pop", "x") == [1, "two"]
    assert pool.changes() == [("s", {"delete": ["x"], "at": 1})]
    pool.call("remove", "x")
    assert error(pool, "pop", "x")["type"] == "KeyError"
    assert pool.changes() == []


def test_plain_values_are_copies_and_keep_their_types(pool):
    pool.call("put", "x", [1])
    assert pool.call("grow_list", "x") == [1]
    assert pool.call("tuples") == "tuple"


def test_what_cannot_be_sent_stays_and_is_the_same_object(pool):
    pool.call("model", "m", 1)
    [(_, change)] = pool.changes()
    ref = change["keep"]["m"]
    assert (ref.type_name, pool.call("grow", "m"), pool.call("grow", "m")) == ("shared.Model", 2, 3)
    assert pool.client.call([ref.number, "n"], flags=2) == 3
    for name in ("mixed", "keep"):
        args = ("mixed",) if name == "mixed" else ("keep", [1])
        pool.call(name, *args)
        [(_, change)] = pool.changes()
        assert change["keep"][args[0]].type_name == "builtins.list"
    assert pool.call("grow_list", "keep") == [1, 9]
    pool.call("cyclic")
    [(_, change)] = pool.changes()
    assert list(change["keep"]) == ["c"]


def test_an_object_of_the_worker_becomes_a_variable(pool):
    pool.call("model", "m", 5)
    [(_, change)] = pool.changes()
    ref = change["keep"]["m"]
    pool.say(keep={"other": ref})
    assert [pool.call("grow", "other"), pool.call("grow", "m")] == [6, 7]
    pool.client._send([RELEASE, 0, [ref.number]])
    pool.say(keep={"gone": ref})
    assert "was released" in error(pool, "get", "gone")["message"]
    assert pool.call("grow", "other") == 8


def test_what_is_lost_says_so(pool):
    pool.say(absent={"m": "it went with worker 7"}, set={"x": 1})
    found = error(pool, "get", "m")
    assert (found["type"], found["message"]) == (
        "SessionError",
        "the variable 'm' is not in this worker: it went with worker 7",
    )
    assert "delete(name)" in found["hint"]
    assert pool.call("there", "m") is False
    assert pool.call("names") == (["x"], 1, {"m": "it went with worker 7"})
    pool.call("put", "m", 2)
    assert pool.call("names")[2] == {}
    pool.say(absent={"m": "again"})
    pool.call("remove", "m")
    assert pool.changes()[-1] == ("s", {"delete": ["m"], "at": 4 - 1})


def test_sessions_are_apart_and_some_calls_have_none(pool):
    pool.say(set={"x": 1})
    pool.say(session="t", set={"x": 2})
    assert [pool.call("get", "x"), pool.call("get", "x", session="t")] == [1, 2]
    assert pool.call("identity", session="t") == ("t", "<session t>")
    assert pool.call("default", session=None) is None
    found = error(pool, "nosession", "x", session=None)
    assert (found["type"], found["class"]) == ("SessionError", "usage")
    assert "option session" in found["message"]
    assert found["hint"] == "Envmgr.execute(path, args, session: session)"
    assert pool.client.call("shared.default") is None
    pool.say(session="t", end=True)
    assert error(pool, "get", "x", session="t")["type"] == "SessionError"


def test_limits(pool):
    pool.say(limits=[3, 60])
    pool.call("fill", 3)
    found = error(pool, "put", "w", 1)
    assert "3 variables" in found["message"]
    assert "max_variables" in found["hint"]
    pool.call("put", "v1", 7)
    found = error(pool, "put", "v0", "x" * 80)
    assert "60 bytes" in found["message"]
    assert "max_bytes" in found["hint"]
    assert pool.call("get", "v0") == 0
    assert error(pool, "wrong", "")["type"] == "TypeError"
    assert error(pool, "wrong", 3)["type"] == "TypeError"


def test_threads_coroutines_and_streams_are_of_their_session(pool):
    pool.say(set={"x": 1})
    assert pool.call("in_thread", "x") == 1
    assert pool.call("later", "x") == 1
    assert [change["set"] for _, change in pool.changes()] == [{"of thread": 1}, {"later": 1}]
    for name in ("ticks", "aticks"):
        number = pool.begin(name, "x", flags=8)
        items = []
        while True:
            got = pool.client.more(number, 1)
            if got is None:
                break
            items += got
        assert items == [1, 1, 1]
        assert [change["set"] for _, change in pool.changes()] == [{"at": n} for n in range(3)]
    assert pool.client.call("shared.default") is None


def test_a_function_of_the_pool_finds_what_was_put(pool):
    pool.say(set={"x": 1})
    seen = []

    def asked(_):
        seen.append(pool.changes())
        pool.say(set={"x": 2})
        assert pool.client.call("shared.default") is None

    assert pool.call("asks", asked, "x") == 2
    assert seen == [[("s", {"set": {"asked": 1}, "at": 2})]]


def test_the_end_of_a_session_lets_its_objects_go(pool):
    held = pool.report()["refs"]
    pool.call("model", "m", 1)
    pool.call("hold")
    report = pool.report()
    assert (report["refs"], report["sessions"]) == (held + 1, 1)
    pool.say(end=True)
    pool.say(end=True)
    report = pool.report()
    assert (report["refs"], report["sessions"]) == (held, 0)
    pool.say(session="t", set={"y": 1})
    found = error(pool, "use_held", "m", session="t")
    assert "has ended" in found["message"]
    assert "ttl" in found["hint"]
    pool.say(session="t", end=True)


def test_ten_thousand_sessions_leave_nothing(pool):
    def resident():
        return int(Path(f"/proc/{pool.client.pid}/statm").read_text().split()[1]) * 4096

    def rounds(count):
        for n in range(count):
            pool.say(session=f"s{n}", set={"x": "y" * 1000})
            pool.say(session=f"s{n}", end=True)
        return pool.report()["sessions"]

    assert rounds(2_000) == 1
    before = resident()
    assert rounds(10_000) == 1
    assert resident() - before < 4 << 20


def test_what_is_no_message_of_a_session_ends_the_worker(start, modules, on_path):
    (modules / "shared.py").write_text(SHARED)
    for session, payload in ((1, msgpack.packb({})), ("s", msgpack.packb([])), ("s", b"\xc1")):
        client = start(dict(on_path, shared=["shared", ""]))
        client._send([SESSION, 0, session, payload])
        with pytest.raises(WorkerLost, match="status 76"):
            client.call("shared.default")


def test_what_cannot_be_kept_for_want_of_room(command, modules, on_path):
    """The worker holds as many objects as it may."""
    from envmgr_runtime.execution.refs import RefTable
    from envmgr_runtime.execution.session import Session
    from envmgr_runtime.execution.sessions import SessionError, Sessions
    from envmgr_runtime.values.strategies import Strategies

    class Out:
        lock = threading.RLock()

        def add(self, number, make, at_once=False):
            make()

    sessions = Sessions(Out(), RefTable(limit=1), Strategies(), int)
    sessions.take("s", msgpack.packb({"at": 1}))
    session = Session(sessions, sessions.find("s"))
    session.keep("a", object())
    with pytest.raises(SessionError, match="holds 1 objects"):
        session["b"] = object()
    assert list(session) == ["a"]
    for name in ("x" * 201, "\udc00", b"a"):
        with pytest.raises(TypeError, match="1 to 200 bytes"):
            session[name] = 1
    with pytest.raises(KeyError):
        del session["b"]
    del session["a"]
    assert not session
