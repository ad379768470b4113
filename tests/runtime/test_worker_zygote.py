"""Workers that are forked from a process that has imported everything."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest
from test_worker_ends import LINUX, alive, wait_until

from envmgr_runtime.wire.frames import FrameReader, FrameWriter
from envmgr_runtime.wire.messages import BYE, FORKED, HELLO, PROTOCOL
from envmgr_runtime.wire.packing import packb
from envmgr_runtime.worker.client import WorkerError, WorkerLost
from envmgr_runtime.worker.forking import Zygote

SECONDS = 20.0

MOTHER = '''
"""A library that tells where it was imported."""
import os, random, signal, subprocess, sys, threading
IMPORTED = os.getpid()
print("imported")
OUT = sys.stdout
def imported(): return IMPORTED
def pid(): return os.getpid()
def parent(): return os.getppid()
def group(): return os.getpgrp()
def variable(name): return os.environ.get(name)
def number(): return random.getrandbits(64)
def threads(): return [thread.name for thread in threading.enumerate()]
def handler(name): return str(signal.getsignal(getattr(signal, name)))
def say(text): OUT.write(text)
def apply(function, value): return function(value)
def spawn(): return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid
def hold_the_gil(path):
    open(path, "w").close()
    return sum(range(10**13))
def descriptors(): return sorted(int(name) for name in os.listdir("/proc/self/fd"))
def crash():
    import ctypes
    ctypes.string_at(0)
def leave(status): os._exit(status)
LOADED = []
def loaded(library): LOADED.append(os.getpid())
def loads(): return LOADED
'''


@pytest.fixture(scope="module")
def mothers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("mothers")
    (directory / "mother.py").write_text(MOTHER)
    return {
        "path": ["sys", f"import sys; sys.path.insert(0, {str(directory)!r})"],
        "mother": ["mother", "", {}, {"hooks": {"on-load": "mother:loaded"}, "pipelines": {}}],
    }


@pytest.fixture(scope="module")
def zygote(command, mothers):
    with Zygote(command, mothers, timeout=SECONDS) as found:
        assert found.refusal is None
        yield found


@pytest.fixture
def worker(zygote):
    with zygote.worker() as client:
        yield client
        say_bye(client)


def say_bye(client):
    if client._descriptors:
        client._send([BYE, 0])
        client._process.wait()


def refused(command, mothers, init):
    with Zygote(command, dict(mothers, guilty=["sys", init]), timeout=SECONDS) as found:
        return found.refusal


def test_the_import_is_the_zygotes(zygote, worker):
    assert worker.call("mother.imported") == zygote.pid == worker.call("mother.parent")
    assert worker.call("mother.loads") == [zygote.pid]
    assert worker.call("mother.pid") == worker.pid == worker.facts["pid"] == worker.call("mother.group")
    assert worker.facts["libraries"] == {"path": None, "mother": None}
    assert worker.facts["interrupt"] > 0


def test_workers_are_apart(zygote):
    with zygote.worker() as one, zygote.worker() as other:
        assert one.pid != other.pid
        assert one.call("mother.number") != other.call("mother.number")
        assert one.call("mother.apply", [lambda value: value + 1, 1]) == 2
        one.call("mother.say", ["half a line"])
        assert other.call("mother.pid") == other.pid
        assert one.printed == ["half a line"]
        assert other.printed == []


def test_a_worker_has_nothing_of_the_zygotes(worker, zygote, start, mothers):
    fresh = start(mothers)
    for name in ("SIGCHLD", "SIGINT", "SIGTERM"):
        assert worker.call("mother.handler", [name]) == fresh.call("mother.handler", [name])
    assert worker.call("mother.threads") == fresh.call("mother.threads")
    if LINUX:  # standard ones, the pool's, and the one that lists
        assert len(worker.call("mother.descriptors")) == len(fresh.call("mother.descriptors"))


def test_calculating_libraries_are_held_to_one_thread(command, mothers, worker):
    assert worker.call("mother.variable", ["OPENBLAS_NUM_THREADS"]) == "1"
    env = {**os.environ, "OMP_NUM_THREADS": "3"}
    with Zygote(command, mothers, env=env, timeout=SECONDS) as found, found.worker() as client:
        assert client.call("mother.variable", ["OMP_NUM_THREADS"]) == "3"


def test_numpy_has_other_random_numbers_in_each_worker(command):
    pytest.importorskip("numpy")
    with Zygote(command, {"numpy": ["numpy", ""]}, timeout=SECONDS) as found:
        assert found.refusal is None
        numbers = set()
        for _ in range(3):
            with found.worker() as client:
                numbers.add(client.call("numpy.random.randint", [2**31]))
        assert len(numbers) == 3


def test_a_cancelled_call(zygote):
    libraries = dict(zygote._libraries, time=["time", ""])
    with zygote.worker(libraries) as client:  # a library that the zygote has not loaded
        number = client.begin("time.sleep", [60])
        with pytest.raises(WorkerError) as caught:
            client.cancel(number)
        assert caught.value.error["code"] == "cancelled"
        assert client.call("mother.pid") == client.pid


def test_a_worker_may_have_fewer_libraries(zygote, mothers):
    with zygote.worker({"path": mothers["path"]}) as client:
        assert client.facts["libraries"] == {"path": None}
        with pytest.raises(WorkerError, match="no library"):
            client.call("mother.pid")


def test_what_an_import_has_started_ends_with_its_zygote(command, tmp_path):
    told = tmp_path / "pid"
    code = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"open({str(told)!r}, 'w').write(str(child.pid))"
    )
    with Zygote(command, {"sys": ["sys", code]}, timeout=SECONDS) as zygote:
        assert zygote.refusal.startswith("the import leaves a process running")
        pid = int(told.read_text())
        assert alive(pid)
    assert wait_until(lambda: not alive(pid))


def test_a_library_that_does_not_load_in_a_worker(zygote):
    with pytest.raises(WorkerError) as caught:
        zygote.worker({"nothing": ["no_such_module", ""]})
    assert caught.value.error["library"] == "nothing"


def test_a_library_that_does_not_load(command):
    with pytest.raises(WorkerError) as caught:
        Zygote(command, {"nothing": ["no_such_module", ""]}, timeout=SECONDS)
    assert caught.value.error["library"] == "nothing"


def test_a_library_that_ends_the_process(command):
    with pytest.raises(WorkerLost, match="signal 9"):
        Zygote(command, {"os": ["os", "import os; os.kill(os.getpid(), 9)"]}, timeout=SECONDS)


@pytest.mark.parametrize(
    ("init", "words"),
    [
        (
            "import threading, time; threading.Thread(target=time.sleep, args=(99,), name='busy', daemon=True).start()",
            "threads running (busy)",
        ),
        ("import mother; mother.child = mother.spawn()", "a process running"),
        pytest.param(
            "import mother, socket; mother.pair = socket.socketpair()",
            "a socket, a socket open",
            marks=pytest.mark.skipif(not LINUX, reason="only Linux tells"),
        ),
        pytest.param(
            "import mother, select; mother.poll = select.epoll()",
            "an event loop open",
            marks=pytest.mark.skipif(not LINUX, reason="only Linux has it"),
        ),
    ],
)
def test_what_cannot_be_copied(command, mothers, init, words):
    assert words in refused(command, mothers, init)


def test_what_can(command, mothers):
    assert (
        refused(command, mothers, "import socket; socket.socket().close(); open('/dev/null').close()") is None
    )
    joined = "import threading; thread = threading.Thread(target=int); thread.start(); thread.join()"
    assert refused(command, mothers, joined) is None


def test_a_place_that_is_too_deep(command, mothers, tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with Zygote(command, mothers, timeout=SECONDS) as found:
        assert "nobody could reach it" in found.refusal


def test_how_workers_end(zygote):
    with zygote.worker() as client:
        client.begin("mother.leave", [7])
        assert client._process.wait() == 7
    with zygote.worker() as client, pytest.raises(WorkerLost, match="signal 11"):
        client.call("mother.crash")
    with zygote.worker() as client:
        say_bye(client)
        assert client._process.wait() == 0


def test_children_end_with_their_worker(zygote):
    with zygote.worker() as client:
        child = client.call("mother.spawn")
        os.kill(client.pid, signal.SIGKILL)
        assert client._process.wait() == -signal.SIGKILL
        assert wait_until(lambda: not alive(child), 2)


@pytest.mark.parametrize("target", ["mother.number", "mother.hold_the_gil"])
@pytest.mark.skipif(not LINUX, reason="only Linux kills a process with its parent")
def test_workers_end_with_the_zygote(command, mothers, tmp_path, target):
    begun = tmp_path / "begun"
    with Zygote(command, mothers, timeout=SECONDS) as found:
        client = found.worker()
        if target == "mother.hold_the_gil":
            client.begin(target, [str(begun)])
            assert wait_until(begun.exists)
        os.kill(found.pid, signal.SIGKILL)
        assert wait_until(lambda: not alive(client.pid), 2)


def test_all_end_with_the_pool(command, mothers, tmp_path):
    begun = tmp_path / "begun"
    found = Zygote(command, mothers, timeout=SECONDS)
    client = found.worker()
    child = client.call("mother.spawn")
    client.begin("mother.hold_the_gil", [str(begun)])
    assert wait_until(begun.exists)
    for descriptor in found._descriptors:
        os.close(descriptor)
    found._descriptors.clear()
    assert found._process.wait(SECONDS) == 0
    assert wait_until(lambda: not alive(client.pid) and not alive(child), 2)
    found.close()


def test_a_fork_that_fails(command, mothers):
    init = "import os; os.fork = lambda: os.open('/nowhere/at/all', 0)"
    libraries = dict(mothers, os=["os", init])
    fails = pytest.raises(WorkerLost, match=r"the zygote cannot fork: .*nowhere")
    with Zygote(command, libraries, timeout=SECONDS) as found, fails:
        found.worker()


def test_strangers_at_the_door(zygote):
    """Who sends no descriptors, or goes away, is not answered, and is in nobody's way."""
    path = f"{zygote._directory.name}/fork"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(path)
        with socket.socket(socket.AF_UNIX) as hasty:
            hasty.connect(path)
        with socket.socket(socket.AF_UNIX) as wrong:
            wrong.connect(path)
            into, out = os.pipe()
            wrong.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, into.to_bytes(4, sys.byteorder))])
            assert wrong.recv(1) == b""
            os.close(into)
            os.close(out)
        with zygote.worker() as client:
            assert client.call("mother.pid") == client.pid


@pytest.fixture
def handed_over(layer, zygote):
    """A worker as a pool gets it: behind the program that hands over its descriptors."""
    handover = layer / "envmgr_runtime" / "worker" / "handover.py"

    def start(path):
        theirs_in, out = os.pipe()
        into, theirs_out = os.pipe()
        script = f"exec 3<&{theirs_in} 4>&{theirs_out}; exec {sys.executable} -I -S -B {handover} {path} 999"
        program = subprocess.Popen(
            ["/bin/bash", "-c", script], pass_fds=(theirs_in, theirs_out), stderr=subprocess.PIPE
        )
        os.close(theirs_in)
        os.close(theirs_out)
        return program, into, out

    return start


def test_the_program_that_hands_over(handed_over, zygote):
    program, into, out = handed_over(f"{zygote._directory.name}/fork")
    assert program.wait(SECONDS) == 0
    _, number, pid = zygote._next(FORKED)
    assert number == 999
    writer, reader = FrameWriter(out), FrameReader(into)
    writer.write([packb([HELLO, 0, {"protocol": PROTOCOL, "lease": None, "libraries": {}}])])
    assert reader.waiting(SECONDS)
    [[kind, _, facts]] = reader.read()
    assert (kind, facts["pid"]) == (HELLO, pid)
    writer.write([packb([BYE, 0])])
    assert reader.read() == []  # the pipe ends with the worker
    assert zygote.ended(pid) == 0
    os.close(into)
    os.close(out)


def test_the_program_without_a_zygote(handed_over, tmp_path):
    program, into, out = handed_over(str(tmp_path / "nobody"))
    assert program.wait(SECONDS) == 1
    assert program.stderr.read() == b""
    assert FrameReader(into).read() == []
    os.close(into)
    os.close(out)
    program.stderr.close()
