"""A worker never outlives its pool."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import envmgr_runtime
from envmgr_runtime.wire.messages import CALL, CLOSED
from envmgr_runtime.wire.packing import packb
from envmgr_runtime.worker import guard

LINUX = sys.platform.startswith("linux")

POOL = """
import json, sys
sys.path.insert(0, sys.argv[1])
from envmgr_runtime.wire.messages import CALL
from envmgr_runtime.wire.packing import packb
from envmgr_runtime.worker.client import Client
client = Client(json.loads(sys.argv[2]), json.loads(sys.argv[3]))
print(client.pid, flush=True)
client._send([CALL, 1, sys.argv[4], 0, packb([[sys.argv[5]], {}])])
sys.stdin.read()
"""


def wait_until(condition, seconds=10.0):
    """True as soon as it holds: there is no event to await for a process that is nobody's child."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if LINUX:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False
    return True


def hang_up(client):
    while client._descriptors:
        os.close(client._descriptors.pop())


def send(client, target, *args):
    client._send([1, 1, target, 0, client._codec.encode([list(args), {}])])


def test_a_hang_up_between_calls(start, probe):
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    client = start(probe, env=unmeasured)  # a kill may come while a coverage file is written
    hang_up(client)
    assert client._process.wait(2) in (0, -signal.SIGKILL)


def test_a_hang_up_during_a_call(start, probe, tmp_path):
    client = start(probe)
    send(client, "probe.touch_and_sleep", str(tmp_path / "begun"))
    assert wait_until((tmp_path / "begun").exists)
    hang_up(client)
    assert client._process.wait(2) == -signal.SIGKILL


def test_children_end_with_the_worker(start, probe, tmp_path):
    client = start(probe)
    child = client.call("probe.spawn")
    assert alive(child)
    send(client, "probe.touch_and_sleep", str(tmp_path / "begun"))
    assert wait_until((tmp_path / "begun").exists)
    hang_up(client)
    assert client._process.wait(2) == -signal.SIGKILL
    assert wait_until(lambda: not alive(child), 2)


def test_children_end_with_close(start, probe):
    client = start(probe)
    child = client.call("probe.spawn")
    client.close()
    assert wait_until(lambda: not alive(child), 2)
    client.close()


@pytest.mark.parametrize(
    "target",
    [
        "probe.touch_and_sleep",
        pytest.param(
            "probe.touch_and_hold_the_gil",
            marks=pytest.mark.skipif(not LINUX, reason="only Linux kills a process with its parent"),
        ),
    ],
)
def test_a_pool_that_is_killed(command, probe, tmp_path, target):
    top = Path(envmgr_runtime.__file__).parent
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "envmgr_runtime").symlink_to(top)
    begun = tmp_path / "begun"
    pool = subprocess.Popen(
        [sys.executable, "-c", POOL, str(shelf), json.dumps(command), json.dumps(probe), target, str(begun)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    pid = int(pool.stdout.readline())
    try:
        assert wait_until(begun.exists)
        pool.kill()
        pool.wait()
        assert wait_until(lambda: not alive(pid), 2)
    finally:
        pool.stdin.close()
        pool.stdout.close()
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def test_elsewhere_the_kernel_cannot_be_asked(monkeypatch):
    monkeypatch.setattr(guard.sys, "platform", "darwin")
    assert guard.die_with_parent() is False


@pytest.mark.skipif(not LINUX, reason="asks Linux")
def test_without_ctypes(monkeypatch):
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert guard.die_with_parent() is False


def in_a_fork(function):
    """The wait status of a fork of this process that runs `function`."""
    pid = os.fork()
    if pid == 0:
        try:
            function()
        finally:
            os._exit(99)
    return os.waitpid(pid, 0)[1]


def test_an_end_takes_the_group_along_when_it_is_its_own():
    def lead_and_end():
        guard.own_group()
        guard.own_group()
        guard.end()

    assert in_a_fork(lead_and_end) == signal.SIGKILL


def test_an_end_without_a_group_of_its_own_is_ones_own():
    assert in_a_fork(guard.end) == signal.SIGKILL


@pytest.mark.parametrize("which", [-2, -1])
def test_who_has_closed_what_the_pool_hangs_up_says_so(start, probe, tmp_path, which):
    client = start(probe)
    descriptor, closed = int(client._process.args[which]), tmp_path / "closed"
    client._send([CALL, 1, "probe.close_and_wait", 0, packb([[descriptor, str(closed)], {}])])
    assert wait_until(closed.exists)
    hang_up(client)
    assert client._process.wait(10) == CLOSED


def test_a_number_that_stands_for_no_file():
    reading, writing = os.pipe()
    assert guard._file(reading) == guard._file(writing) is not None
    os.close(reading)
    os.close(writing)
    assert guard._file(reading) is None
