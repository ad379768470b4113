"""Contexts, traces and hooks of a real worker."""

from __future__ import annotations

import time
from pathlib import Path

import msgpack
import pytest

from envmgr_runtime.wire.messages import BYE, CALL, ERROR, RESULT
from envmgr_runtime.worker.client import WorkerError, WorkerLost

AROUND = """
import asyncio, gc, threading, envmgr_runtime
marks = []
def context(): return envmgr_runtime.context()
async def later():
    await asyncio.sleep(0.01)
    return envmgr_runtime.context()
async def later_collected(size):
    await asyncio.sleep(0.02)
    return list(range(size))
async def later_fails():
    await asyncio.sleep(0)
    raise LookupError("later")
def in_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(envmgr_runtime.context()))
    thread.start(); thread.join()
    return found[0]
def fails(token="none"): raise ValueError("no")
def collected(items, password=None):
    gc.collect()
    items.append(None)
    return len(items)
def big(count): return b"x" * count
"""

HOOKS = """
import time
def loaded(module): module.marks.append("loaded")
def unloaded(module):
    open(PATH, "w").write(",".join(module.marks))
def sleeps(module):
    open(PATH, "w").close()
    time.sleep(600)
def fails(module): raise RuntimeError("at the end")
"""


@pytest.fixture
def settings(modules, on_path, tmp_path):
    (modules / "around.py").write_text(AROUND)
    (tmp_path / "hooks.py").write_text(f"PATH = {str(tmp_path / 'seen')!r}\n{HOOKS}")

    def settings(**hooks):
        named = {kind.replace("_", "-"): f"hooks.py:{name}" for kind, name in hooks.items()}
        return dict(on_path, around=["around", "", {}, {"hooks": named}])

    return settings


@pytest.fixture
def ask(settings, start):
    """Sends a call with a context: kind, value or error, and meta of the answer."""
    client = start(settings())

    def ask(context, target, *args, flags=0, **kwargs):
        client._last += 1
        payload = client._codec.encode([list(args), kwargs])
        client._send([CALL, client._last, target, flags, payload, None, context])
        while True:
            for message in client._receive():
                if message[0] in (RESULT, ERROR) and message[1] == client._last:
                    meta = msgpack.unpackb(message[4]) if len(message) > 4 else {}
                    return message[0], client._codec.decode(message[2]), meta

    ask.client = client
    return ask


NOTHING = {"correlation": None, "path": None, "library": None}


def test_what_runs_knows_its_call(ask):
    told = {"correlation": "r-1", "path": "around.context", "library": "around"}
    assert ask({"correlation": "r-1"}, "around.context") == (RESULT, told, {})
    assert ask.client.call("around.context") == NOTHING, "it is over with its call"
    assert ask({"correlation": "r-2"}, "around.later")[1] == {
        **told,
        "correlation": "r-2",
        "path": "around.later",
    }
    assert ask({"correlation": "r-3"}, "around.in_thread")[1] == NOTHING
    assert ask({}, "around.context")[1] == {**told, "correlation": None}


def test_a_trace(ask):
    kind, value, meta = ask({"trace": True}, "around.collected", [1, 2], password="hunter2-hunter2")
    trace = meta["trace"]
    assert (kind, value) == (RESULT, 3)
    assert set(trace) == {
        *("resolve", "convert", "execute", "encode", "bytes_in", "bytes_out", "gc", "memory", "peak"),
        *("arguments", "path", "pid", "thread"),
    }
    assert all(trace[part] >= 0 for part in ("resolve", "convert", "encode"))
    assert 0 < trace["execute"] < 20
    assert (trace["path"], trace["pid"], trace["thread"]) == (
        "around.collected",
        ask.client.pid,
        "MainThread",
    )
    assert (trace["bytes_in"], trace["bytes_out"]) == (31, 1)
    assert trace["gc"][2] == 1
    assert trace["arguments"] == [["items", "[1, 2]"], ["password", "[redacted]"]]
    assert type(trace["memory"]) is type(trace["peak"]) is int or not Path("/proc/self/statm").exists()


def test_a_call_that_is_not_traced_has_none(ask):
    assert ask({"trace": False}, "around.collected", [])[2] == {}
    assert ask({"trace": True}, "around.collected", [])[2]
    assert ask({"correlation": "r"}, "around.collected", [])[2] == {}


def test_a_trace_of_a_coroutine(ask):
    _, value, meta = ask({"trace": True}, "around.later_collected", 3)
    assert value == [0, 1, 2]
    assert 0.01 < meta["trace"]["execute"] < 20
    kind, error, _ = ask({"trace": True}, "around.later_fails")
    assert (kind, error["type"], error["trace"]["path"]) == (ERROR, "LookupError", "around.later_fails")
    assert error["trace"]["execute"] > 0


@pytest.mark.parametrize(
    ("path", "args", "code"),
    [("around.fails", [], "exception"), ("around.nothing", [], "unresolved")],
)
def test_a_trace_of_an_error(ask, path, args, code):
    kind, error, _ = ask({"trace": True}, path, *args)
    assert (kind, error["code"], error["trace"]["path"], error["trace"]["bytes_out"]) == (
        ERROR,
        code,
        path,
        0,
    )
    assert (error["trace"]["execute"] > 0) is (code == "exception")


def test_traces_of_other_targets(ask):
    reference = ask({}, "around.context", flags=1)[1].number
    assert ask({"trace": True}, [reference, "keys"])[2]["trace"]["path"] == f"object {reference}.keys"
    payload = msgpack.packb([[[], {}]] * 2)
    ask.client._send([CALL, 99, [[[0, "around.context"], [1, "__len__"]]], 0, payload, None, {"trace": True}])
    messages = []
    while not messages:
        messages = ask.client._receive()
    assert msgpack.unpackb(messages[0][4])["trace"]["path"] == "around.context → __len__"


def test_the_beginning_and_the_end(settings, start, tmp_path):
    client = start(settings(on_load="loaded", on_unload="unloaded"), cwd=str(tmp_path))
    client._send([BYE, 0])
    assert client._process.wait(20) == 0
    assert (tmp_path / "seen").read_text() == "loaded"


def test_an_end_that_fails_is_told_and_no_more(settings, start, tmp_path):
    with (tmp_path / "stderr").open("wb") as stderr:
        client = start(settings(on_unload="fails"), cwd=str(tmp_path), stderr=stderr)
    client._send([BYE, 0])
    assert client._process.wait(20) == 0
    said = (tmp_path / "stderr").read_text()
    assert said.startswith("envmgr worker: hook on-unload: Traceback")
    assert said.endswith("RuntimeError: at the end\n")


def test_an_end_without_end_is_cut(settings, start, tmp_path):
    client = start(settings(on_unload="sleeps"), cwd=str(tmp_path))
    client._send([BYE, 0])
    assert client._process.wait(60) == 0
    assert (tmp_path / "seen").exists()


def test_no_end_in_peace_when_the_pool_is_gone(settings, start, tmp_path):
    client = start(settings(on_unload="unloaded"), cwd=str(tmp_path))
    client.close()
    time.sleep(0.1)
    assert not (tmp_path / "seen").exists()


def test_a_beginning_that_fails_says_where(settings, start, tmp_path):
    with pytest.raises(WorkerError) as caught:
        start(settings(on_load="fails"), cwd=str(tmp_path))
    error = caught.value.error
    assert (error["code"], error["library"], error["step"]) == ("start", "around", "hook on-load")
    assert (error["type"], error["message"]) == ("RuntimeError", "at the end")
    assert "hooks.py" in error["traceback"]


def test_hooks_that_end_the_process_are_no_answer(settings, start, tmp_path):
    (tmp_path / "hooks.py").write_text("import os\ndef loaded(module): os._exit(3)\n")
    with pytest.raises(WorkerLost, match="status 3"):
        start(settings(on_load="loaded"), cwd=str(tmp_path))
