"""A runtime layer as the control plane stages it, workers from it, and a loop in this process."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from pathlib import Path

import msgpack
import pytest
from frame_cases import round_trip  # noqa: F401 - a fixture of the tests of frames

import envmgr_runtime
from envmgr_runtime.execution.calls import Calls
from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.library.loading import Libraries
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.wire.frames import FrameReader, FrameWriter
from envmgr_runtime.wire.messages import BYE, CALL
from envmgr_runtime.worker.client import Client, WorkerLost
from envmgr_runtime.worker.loop import Loop

SECONDS = 20.0
"""No wait of these tests is longer; none needs a tenth of it."""

PROBE = '''
"""A library that looks at, prints in and misuses the process it is in."""
import os, signal, subprocess, sys, threading, time

def modules(word): return sorted(name for name in sys.modules if word in name.split("."))
def path_of(name): return getattr(sys.modules.get(name), "__file__", None)
def path(): return list(sys.path)
def arguments(): return list(sys.argv)
def say(out, err=""):
    sys.stdout.write(out); sys.stderr.write(err)
def say_below(text): return os.write(1, text.encode())
def read_input(): return sys.stdin.read()
def on_interrupt(): return signal.getsignal(signal.SIGINT) is signal.SIG_IGN
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    return "alive"
def raise_(name, *args): raise getattr(__import__("builtins"), name)(*args)
def exit_now(status): os._exit(status)
def spawn(): return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid
def touch_and_sleep(path):
    open(path, "w").close()
    time.sleep(600)
def touch_and_hold_the_gil(path):
    open(path, "w").close()
    return sum(range(10**13))
def print_from_thread(text):
    thread = threading.Thread(target=print, args=(text,))
    thread.start(); thread.join()
def print_later(text, path):
    def wait():
        while not os.path.exists(path):
            time.sleep(0.005)
        print(text)
    threading.Thread(target=wait, daemon=True).start()
def leave_a_thread():
    threading.Thread(target=time.sleep, args=(600,)).start()
def forked():
    pid = os.fork()
    if pid == 0:
        print("from the fork", flush=True)
        return "a second answer"
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])
def crash():
    import ctypes
    ctypes.string_at(0)
def crash_in_a_fork():
    pid = os.fork()
    if pid == 0:
        crash()
    return os.waitpid(pid, 0)[1] & 127
def at_exit(path):
    import atexit
    atexit.register(lambda: open(path, "w").close())
def close_descriptors(): os.closerange(3, 100)
def close_and_wait(descriptor, path):
    os.close(descriptor)
    touch_and_sleep(path)
def _child():
    import envmgr_runtime
    sys.exit(7 if envmgr_runtime.session(None) is None else 1)
def child_of(method):
    import multiprocessing
    child = multiprocessing.get_context(method).Process(target=_child)
    child.start(); child.join()
    return child.exitcode
class Counter:
    def __init__(self): self.value = 0
    def up(self): self.value += 1; return self.value
'''


@pytest.fixture(scope="session")
def layer(tmp_path_factory):
    """`worker.py` beside `envmgr_runtime/` with its private msgpack."""
    top = tmp_path_factory.mktemp("layer")
    package = top / "envmgr_runtime"
    unwanted = shutil.ignore_patterns("__pycache__", "_vendor")
    sources = Path(envmgr_runtime.__file__).resolve().parent
    shutil.copytree(str(sources), str(package), ignore=unwanted)
    (package / "_vendor").mkdir()
    (package / "_vendor" / "__init__.py").write_text("")
    shutil.copytree(str(Path(msgpack.__file__).parent), str(package / "_vendor" / "msgpack"), ignore=unwanted)
    shutil.copyfile(str(sources / "worker" / "start.py"), str(top / "worker.py"))
    return top


@pytest.fixture(scope="session")
def command(layer):
    return [sys.executable, "-I", "-B", str(layer / "worker.py")]


@pytest.fixture(scope="session")
def modules(tmp_path_factory):
    """A directory of modules of an environment's own."""
    directory = tmp_path_factory.mktemp("modules")
    (directory / "probe.py").write_text(PROBE)
    return directory


@pytest.fixture(scope="session")
def on_path(modules):
    """Libraries that put `modules` on the worker's path; add those that need it."""
    return {"path": ["sys", f"import sys; sys.path.insert(0, {str(modules)!r})"]}


@pytest.fixture(scope="session")
def probe(on_path):
    return dict(on_path, probe=["probe", ""], copy=["copy", ""])


@pytest.fixture(scope="session")
def slowly():
    """The library `slow`, as the tests' own module of that name."""
    return {
        "path": ["sys", f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})"],
        "slow": ["slow", ""],
    }


@pytest.fixture(scope="module")
def slow(command, slowly):
    """One worker with the library `slow` for all tests of a module."""
    with Client(command, slowly, timeout=SECONDS) as client:
        yield client
        say_bye(client)


@pytest.fixture(scope="session")
def passed_library(slowly):
    return dict(slowly, passed=["passed", ""], threading=["threading", ""], time=["time", ""], gc=["gc", ""])


@pytest.fixture(scope="module")
def passed(command, passed_library):
    """One worker with the library `passed`."""
    with Client(command, passed_library, timeout=SECONDS) as client:
        yield client
        say_bye(client)


@pytest.fixture
def unmeasured():
    """The environment of a worker that is cancelled at any moment: coverage cannot bear that while it holds its lock."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@pytest.fixture
def start(command):
    """Starts workers, and sends them a bye at the test's end."""
    started = []

    def start(libraries, **options):
        options.setdefault("timeout", SECONDS)
        client = Client(command, libraries, **options)
        started.append(client)
        return client

    yield start
    for client in started:
        say_bye(client)
        client.close()


def say_bye(client):
    """Coverage of a worker is written when it exits, not when it is killed."""
    if client._process.poll() is None and client._descriptors:
        with contextlib.suppress(WorkerLost):
            client._send([BYE, 0])
            client._process.wait(SECONDS)


@pytest.fixture(scope="session")
def bye():
    """`say_bye`, for fixtures of a module's own."""
    return say_bye


@pytest.fixture(scope="module")
def worker(command, probe):
    """One worker for all tests of a module that leave it as it was."""
    with Client(command, probe, timeout=SECONDS) as client:
        yield client
        say_bye(client)


class LoopThread:
    """A loop over pipes, in a thread of this process."""

    def __init__(self, libraries):
        theirs_in, self.out = os.pipe()
        self.into, theirs_out = os.pipe()
        self.reader, self.writer = FrameReader(self.into), FrameWriter(self.out)
        self.codec = Codec(RefTable())
        loaded = Libraries()
        loaded.load(libraries)
        self.calls = Calls(loaded)
        self.loop = Loop(FrameReader(theirs_in), FrameWriter(theirs_out), self.calls)
        self.result = None
        self._ends = [theirs_in, theirs_out]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        try:
            self.result = self.loop.run()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.result = error
        finally:
            for end in self._ends:
                os.close(end)

    def start(self):
        self._thread.start()

    def send(self, *messages):
        """All in one frame."""
        self.writer.write([msgpack.packb(message) for message in messages])

    def call(self, number, target, *args, flags=0, **kwargs):
        return [CALL, number, target, flags, self.codec.encode([list(args), kwargs])]

    def receive(self, count):
        """The next `count` messages, payloads decoded."""
        found = []
        while len(found) < count:
            assert self.reader.waiting(SECONDS), f"only {found} of {count}"
            messages = self.reader.read()
            assert messages, f"end of file after {found}"
            found += messages
        assert len(found) == count, found
        return [self.readable(message) for message in found]

    def readable(self, message):
        return [msgpack.unpackb(m, ext_hook=_tagged) if type(m) is bytes else m for m in message]

    def rest(self):
        """What comes before end of file."""
        found = []
        while True:
            messages = self.reader.read()
            if not messages:
                return [self.readable(message) for message in found]
            found += messages

    def hang_up(self):
        if self.out is not None:
            os.close(self.out)
            self.out = None

    def join(self):
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        return self.result

    def close(self):
        self.hang_up()
        self._thread.join(SECONDS)
        os.close(self.into)


def _tagged(code, data):
    return (code, msgpack.unpackb(data) if code == 16 else data)


@pytest.fixture
def serve():
    """A running loop in this process, with these libraries."""
    running = []

    def serve(libraries=None, begin=True):
        thread = LoopThread(libraries or {"math": ["math", ""], "time": ["time", ""]})
        running.append(thread)
        if begin:
            thread.start()
        return thread

    yield serve
    for thread in running:
        thread.close()
