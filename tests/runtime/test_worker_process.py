"""A worker as the pool meets it: values, output, failures of the start, ends."""

from __future__ import annotations

import fcntl
import json
import os
import re
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from pathlib import Path

import msgpack
import pytest

from envmgr_runtime.values import Atom
from envmgr_runtime.wire.messages import BROKEN_FRAME, BYE, ERROR, HELLO, LOG, PING, RELEASE
from envmgr_runtime.worker.client import Client, RemoteRef, WorkerError, WorkerLost

MATH = {"math": ["math", ""]}


def test_facts(start):
    client = start({"math": ["math", ""], "msg": ["json", ""]})
    assert client.facts == {
        "protocol": 2,
        "pid": client.pid,
        "interrupt": client.facts["interrupt"],
        "python": ".".join(map(str, sys.version_info[:3])),
        "libraries": {"math": None, "msg": getattr(__import__("json"), "__version__", None)},
        "lane": False,
        "threads": 1,
    }


VALUES = [
    15,
    2**70,
    -(2**63),
    10**400,
    None,
    True,
    0.5,
    -0.0,
    float("inf"),
    "é\x00日",
    b"\x00\xff",
    [1, [2]],
    (1, (2,)),
    {1: "a", (1, 2): "b"},
    {1, "a"},
    Atom("ok"),
    "x" * 3_000_000,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
def test_values_go_both_ways(worker, value):
    found = worker.call("copy.copy", [value])
    assert type(found) is type(value)
    if type(value) is set:  # its order depends on how it was made
        found, value = (sorted(values, key=repr) for values in (found, value))
    assert repr(found) == repr(value)


def test_nan(worker):
    assert repr(worker.call("copy.copy", [float("nan")])) == "nan"


def test_arrays(start, probe):
    numpy = pytest.importorskip("numpy")
    client = start(dict(probe, np=["numpy", ""]))
    found = client.call("copy.copy", [[numpy.int64(7), numpy.arange(3), numpy.array(["a"])]])
    assert repr(found) == repr([numpy.int64(7), numpy.arange(3), numpy.array(["a"])])
    assert client.call("np.mean", [[1, 2, 3]]) == 2.0
    assert type(client.call("np.mean", [[1, 2, 3]])) is float


ARRAYS = {
    "array([1, 2])": {"dtype": "int64", "shape": [2], "data": [1, 2]},
    "array([[1.5], [2.5]])": {"dtype": "float64", "shape": [2, 1], "data": [1.5, 2.5]},
    "array([True])": {"dtype": "bool", "shape": [1], "data": [True]},
    "float32(0.5)": {"dtype": "float32", "shape": [], "data": [0.5]},
    "array(['a'])": {"dtype": "<U1", "shape": [1], "data": "61000000"},
    "zeros((0, 2))": {"dtype": "float64", "shape": [0, 2], "data": []},
}


@pytest.mark.parametrize("source", list(ARRAYS))
def test_arrays_for_a_client_without_numpy(start, source, monkeypatch):
    pytest.importorskip("numpy")
    client = start({"np": ["numpy", f"import numpy; numpy.made = lambda: numpy.{source}"]})
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    found = client.call("np.made")
    assert json.dumps(found.to_json()) == json.dumps(ARRAYS[source])
    assert repr(found) == f"<array of {found.dtype}, shape {found.shape}>"


def test_keyword_arguments_and_refs(worker):
    assert worker.call("copy.copy", kwargs={"x": 5}) == 5
    counter = worker.call("probe.Counter")
    assert type(counter) is RemoteRef
    assert counter.to_json() == {"ref": counter.number, "type": "probe.Counter"}
    assert "probe.Counter object" in repr(counter)
    assert [worker.call([counter.number, "up"]) for _ in range(2)] == [1, 2]
    assert worker.call("copy.copy", [[counter]])[0].number != 0
    worker._send([RELEASE, 0, [counter.number]])
    with pytest.raises(WorkerError, match="StaleRef"):
        worker.call([counter.number, "up"])


def test_what_a_client_cannot_send(worker):
    with pytest.raises(Exception, match="object cannot be sent to a worker"):
        worker.call("copy.copy", [object()])
    assert worker.call("copy.copy", [1]) == 1


def printed(client):
    found, client.printed[:] = "".join(client.printed), []
    return found


def test_output_becomes_logs(worker):
    printed(worker)
    worker.call("probe.say", ["one\ntwo", "three\n"])
    assert printed(worker) == "one\nthree\ntwo"


def test_output_of_a_thread(worker):
    printed(worker)
    worker.call("probe.print_from_thread", ["from a thread"])
    assert printed(worker) == "from a thread\n"


def test_output_of_a_thread_that_has_outlived_its_call(start, slowly):
    client = start(slowly)
    number = client.begin("slow.leave_a_talker", [0.2])
    client.answer(number)
    client.call("slow.sleep", [0.5])
    assert client.logs == [[LOG, number, 1, "now\n"], [LOG, 0, 1, "later\n"]]


def test_output_between_calls_comes_by_itself(start, probe, tmp_path):
    client = start(probe)
    go = tmp_path / "go"
    client.call("probe.print_later", ["later", str(go)])
    go.touch()
    assert client._receive() == [[LOG, 0, 1, "later\n"]]


def test_what_c_code_prints_goes_to_stderr(start, probe):
    """File descriptor 1 never leads to the pool."""
    out, into = os.pipe()
    client = start(probe, stderr=into)
    os.close(into)
    assert client.call("probe.say_below", ["from below\n"]) == 11
    assert select.select([out], [], [], 20)[0]
    assert os.read(out, 100) == b"from below\n"
    assert client.call("copy.copy", [1]) == 1
    os.close(out)


def test_there_is_no_input(worker):
    assert worker.call("probe.read_input") == ""


def test_arguments_are_not_the_workers(worker):
    assert worker.call("probe.arguments") == [""]


def test_interrupts_are_for_the_pool(worker):
    assert worker.call("probe.on_interrupt") is True
    assert worker.call("probe.interrupt") == "alive"


@pytest.mark.parametrize(
    "name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError", "ValueError"]
)
def test_exceptions_are_answers(worker, name):
    with pytest.raises(WorkerError) as caught:
        worker.call("probe.raise_", [name, 3])
    error = caught.value.error
    assert (error["code"], error["type"], error["message"]) == ("exception", name, "3")
    assert "envmgr_runtime" not in error["traceback"]
    assert [frame[2] for frame in error["frames"]] == ["raise_"]


def test_a_call_that_ends_the_process(start, probe):
    with pytest.raises(WorkerLost, match="ended with status 5"):
        start(probe).call("probe.exit_now", [5])


def test_a_call_that_crashes(start, probe, tmp_path):
    """Where Python was, is in the file that the pool named."""
    crash = tmp_path / "crash"
    client = start(dict(probe, ctypes=["ctypes", ""]), crash=str(crash))
    assert (crash.stat().st_mode & 0o777, crash.read_text()) == (0o600, "")
    assert client.call("probe.crash_in_a_fork") == 11
    assert crash.read_text() == "", "what a fork does is not the worker's"
    with pytest.raises(WorkerLost, match="killed by signal 11"):
        client.call("probe.crash")
    assert re.search(r'File ".*probe\.py", line \d+ in crash', crash.read_text())


def test_a_file_for_crashes_that_cannot_be_had(start, tmp_path):
    with pytest.raises(WorkerError, match="FileNotFoundError") as caught:
        start(MATH, crash=str(tmp_path / "nowhere" / "crash"))
    assert caught.value.error["code"] == "start"


def test_a_call_that_closes_our_descriptors(start, probe, tmp_path):
    """The worker ends and says why; it does not hang."""
    with (tmp_path / "stderr").open("wb") as stderr, pytest.raises(WorkerLost, match="ended with status 74"):
        start(probe, stderr=stderr).call("probe.close_descriptors")
    assert (tmp_path / "stderr").read_text() == (
        "envmgr worker: the descriptors that it shares with the pool were closed\n"
    )


@pytest.mark.parametrize(
    ("library", "type_", "words"),
    [
        (["rt_nowhere", ""], "ModuleNotFoundError", "rt_nowhere"),
        (["json", "raise SystemExit(9)"], "SystemExit", "9"),
        (["json", "print('on the way'); 1/0"], "ZeroDivisionError", "division"),
    ],
)
def test_a_library_that_does_not_start(start, library, type_, words):
    with pytest.raises(WorkerError, match=words) as caught:
        start({"good": ["math", ""], "mine": library})
    error = caught.value.error
    assert (error["code"], error["library"], error["type"]) == ("start", "mine", type_)
    assert "runtime/library" not in error["traceback"].replace(os.sep, "/")


def test_a_lease_that_cannot_be_had(start, tmp_path):
    with pytest.raises(WorkerError, match="FileNotFoundError") as caught:
        start(MATH, lease=str(tmp_path / "nowhere" / "lease"))
    assert (caught.value.error["code"], caught.value.error["library"]) == ("start", None)


def test_the_lease_of_a_killed_worker_is_free(start, tmp_path):
    lease = tmp_path / "lease"
    start(MATH, lease=str(lease)).close()
    with lease.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_the_lease_is_held_while_the_worker_lives(start, tmp_path):
    lease = tmp_path / "lease"
    one, two = start(MATH, lease=str(lease)), start(MATH, lease=str(lease))
    with lease.open() as file:
        for client in (one, two):
            with pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            client._send([BYE, 0])
            client._process.wait(20)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_lease_that_was_deleted_while_it_was_waited_for_is_taken_again(start, tmp_path):
    lease = tmp_path / "lease"
    with lease.open("w") as file, ThreadPoolExecutor() as thread:
        fcntl.flock(file, fcntl.LOCK_EX)
        starting = thread.submit(start, MATH, lease=str(lease))
        with pytest.raises(Late):
            starting.result(1)
        lease.unlink()
        file.close()
        starting.result(20)
        # Before the thread ends: for the kernel it is the worker's parent, and takes the worker with it.
        with lease.open() as again, pytest.raises(BlockingIOError):
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)


class Raw:
    """A worker without a client: what is sent is up to the test."""

    def __init__(self, command):
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        self.process = subprocess.Popen(
            [*command, str(theirs_in), str(theirs_out)],
            pass_fds=(theirs_in, theirs_out),
            stderr=subprocess.PIPE,
        )
        os.close(theirs_in)
        os.close(theirs_out)

    def send(self, *messages):
        data = b"".join(map(msgpack.packb, messages))
        os.write(self.out, len(data).to_bytes(4, "big") + data)

    def end(self):
        """(messages, exit status, stderr), after a hang-up."""
        _, errors = self.process.communicate(timeout=20)
        with os.fdopen(self.into, "rb") as file:
            data = file.read()
        found = []
        while data:
            length = 4 + int.from_bytes(data[:4], "big")
            unpacker = msgpack.Unpacker()
            unpacker.feed(data[4:length])
            found += unpacker
            data = data[length:]
        os.close(self.out)
        return found, self.process.returncode, errors.decode()


SETTINGS = {"protocol": 2, "lease": None, "libraries": {"json": ["json", ""]}}


@pytest.fixture
def raw(command):
    return Raw(command)


def test_bye(raw):
    raw.send([HELLO, 0, SETTINGS])
    raw.send([PING, 1], [BYE, 0])
    found, status, _ = raw.end()
    assert ([m[:2] for m in found], status) == ([[HELLO, 0], [PING, 1]], 0)


def test_a_pool_that_reads_no_more(raw):
    raw.send([HELLO, 0, SETTINGS])
    assert os.read(raw.into, 4)
    os.close(raw.into)
    raw.send([PING, 1])
    raw.into = os.open(os.devnull, os.O_RDONLY)
    assert raw.end() == ([], 0, "")


def test_prints_of_the_start_are_logs(raw):
    init = "import sys; print('one'); sys.stderr.write('half')"
    raw.send([HELLO, 0, dict(SETTINGS, libraries={"json": ["json", init]})])
    raw.send([BYE, 0])
    found, status, _ = raw.end()
    assert found[:2] == [[LOG, 0, 1, "one\n"], [LOG, 0, 2, "half"]]
    assert (found[2][0], status) == (HELLO, 0)


def test_prints_before_a_start_that_fails_are_not_lost(raw):
    raw.send([HELLO, 0, dict(SETTINGS, libraries={"json": ["json", "print('why', end=''); 1/0"]})])
    found, status, _ = raw.end()
    assert ([m[0] for m in found], found[0][3], status) == ([LOG, ERROR], "why", 70)


@pytest.mark.parametrize(
    "hello",
    [
        [HELLO, 0, {"protocol": 1}],
        [PING, 0, {}],
        [HELLO, 0],
        [HELLO, 0, None],
        [HELLO, 0, {"protocol": 2}],
        5,
    ],
    ids=repr,
)
def test_what_is_no_hello(raw, hello):
    raw.send(hello)
    found, status, _ = raw.end()
    assert [m[:2] for m in found] == [[ERROR, 0]]
    assert msgpack.unpackb(found[0][2])["code"] == "start"
    assert status == 70


def test_a_broken_frame(raw):
    raw.send([HELLO, 0, SETTINGS])
    raw.send({"a": "map"})
    _, status, errors = raw.end()
    assert status == BROKEN_FRAME
    assert errors.startswith("envmgr worker: broken frame: ")


def test_a_pool_that_leaves_before_its_hello(raw):
    os.close(raw.out)
    raw.out = os.open(os.devnull, os.O_RDONLY)
    assert raw.end()[:2] == ([], 0)


def test_a_bye_runs_exit_handlers_and_waits_for_no_thread(start, probe, tmp_path):
    client = start(probe)
    client.call("probe.at_exit", [str(tmp_path / "left")])
    client.call("probe.leave_a_thread")
    client._send([BYE, 0])
    assert client._process.wait(20) == 0
    assert (tmp_path / "left").exists()


def test_a_fork_does_not_answer(start, probe):
    """The child of a call that forks comes to the end of its pool, as if that had hung up."""
    client = start(probe)
    assert client.call("probe.forked") == 0
    assert client.call("copy.copy", [1]) == 1


def test_a_worker_that_says_nothing(start, probe):
    client = start(probe)
    client._timeout = 0.01
    with pytest.raises(WorkerLost, match=r"no answer within 0\.01 s"):
        client.call("probe.touch_and_sleep", [os.devnull])
    client.close()


def open_descriptors():
    return len(list(Path("/dev/fd").iterdir()))


def test_a_program_that_is_not_there(command):
    before = open_descriptors()
    with pytest.raises(FileNotFoundError):
        Client(["/nowhere/python"], MATH)
    assert open_descriptors() == before


def test_a_client_whose_worker_is_gone(start):
    client = start(MATH)
    client._process.kill()
    client._process.wait()
    with pytest.raises(WorkerLost, match="killed by signal 9"):
        client.call("math.floor", [1.5])


def test_the_layer_is_on_no_path(worker, layer):
    assert [
        entry for entry in worker.call("probe.path") if Path(entry) == layer or layer in Path(entry).parents
    ] == []
