"""What a zygote says where it cannot be copied, or not this once: in this process, which is none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest

from envmgr_runtime.wire.messages import FORKED, HELLO
from envmgr_runtime.wire.packing import unpackb
from envmgr_runtime.worker import zygote
from envmgr_runtime.worker.zygote import Zygote

FACTS = {"python": "3"}


@pytest.fixture
def alone(monkeypatch):
    """As in a process that has just been started."""
    monkeypatch.setattr(zygote, "_threads", list)
    monkeypatch.setattr(zygote, "_has_children", lambda: False)
    monkeypatch.setattr(zygote, "_shared", set)


@pytest.fixture
def said():
    return []


@pytest.fixture
def one(said):
    return Zygote(0, lambda packed: said.append(unpackb(packed)))


def refusal(one, said, tmp_path):
    assert not one.serve(str(tmp_path), FACTS, 1)
    ((kind, number, facts),) = said
    assert (kind, number, facts["python"]) == (HELLO, 0, "3")
    return facts["fork"]


def test_threads(alone, one, said, tmp_path, monkeypatch):
    monkeypatch.setattr(zygote, "_threads", lambda: ["reader", "writer"])
    assert refusal(one, said, tmp_path).startswith("the import leaves threads running (reader, writer)")


def test_children(alone, one, said, tmp_path, monkeypatch):
    monkeypatch.setattr(zygote, "_has_children", lambda: True)
    assert refusal(one, said, tmp_path).startswith("the import leaves a process running")


def test_sockets(alone, one, said, tmp_path, monkeypatch):
    monkeypatch.setattr(zygote, "_shared", lambda: {(5, "a socket"), (6, "an event loop")})
    assert refusal(one, said, tmp_path).startswith("the import leaves a socket, an event loop open")


def test_a_directory_where_nobody_finds_it(alone, one, said, tmp_path):
    assert refusal(one, said, tmp_path / "missing").startswith("nobody could reach it: ")


def test_what_is_there_is_seen():
    go_on = threading.Event()
    thread = threading.Thread(target=go_on.wait, args=(20,), name="waiting")
    thread.start()
    assert "waiting" in zygote._threads()
    go_on.set()
    thread.join(20)
    with socket.socket() as one:
        if sys.platform.startswith("linux"):
            assert (one.fileno(), "a socket") in zygote._shared()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert zygote._has_children()
    assert zygote._ended(child.pid) is None
    child.communicate(b"\n")


def test_the_status_of_what_has_ended(one, said):
    for status in (3, -9):
        command = (
            "import os, sys; os.setsid(); os._exit(3) if sys.argv[1] == '3' else os.kill(os.getpid(), 9)"
        )
        child = subprocess.Popen([sys.executable, "-c", command, str(status)])
        one._workers.add(child.pid)
        while one._workers:
            one._reap()
        assert said.pop() == [FORKED, 0, child.pid, status]
        child.returncode = status  # nobody is left to be waited for


def request(data, descriptors):
    """The zygote's end of a connection on which this has come."""
    ours, theirs = socket.socketpair()
    rights = b"".join(descriptor.to_bytes(4, sys.byteorder) for descriptor in descriptors)
    ours.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    return ours, theirs


def open_descriptors():
    return set(os.listdir("/proc/self/fd")) if sys.platform.startswith("linux") else set()  # noqa: PTH208


@pytest.mark.parametrize(("data", "count"), [(b"x", 2), (b"7", 1)])
def test_what_is_no_request_is_dropped(one, said, data, count):
    ours, theirs = request(data, [0, 1][:count])
    before = open_descriptors()
    assert one._born(theirs) is None
    assert open_descriptors() == before
    assert said == []
    ours.close()
    theirs.close()


def test_a_fork_that_fails_is_told(one, said, monkeypatch):
    def fork():
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    ours, theirs = request(b"7", [0, 1])
    before = open_descriptors()
    assert one._born(theirs) is None
    assert open_descriptors() == before
    ((kind, number, pid, why),) = said
    assert (kind, number, pid) == (FORKED, 7, None)
    assert why.startswith("the zygote cannot fork: ")
    assert not one.forks
    ours.close()
    theirs.close()
