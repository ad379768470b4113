"""A library of the tests: what takes its time, prints, and does not want to end."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
import threading
import time
from contextvars import ContextVar
from functools import wraps


def sleep(seconds):
    time.sleep(seconds)
    return "slept"


def spin(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
    return "spun"


def refuse(seconds):
    """Swallows whatever is raised in it."""
    until = time.monotonic() + seconds
    swallowed = []
    while time.monotonic() < until:
        try:
            time.sleep(0.005)
        except BaseException as error:  # noqa: BLE001
            swallowed.append(type(error).__name__)
    return swallowed


def instead(seconds):
    try:
        time.sleep(seconds)
    finally:
        raise ValueError("cleaned up")


class Finaliser:
    def __del__(self):
        time.sleep(0.3)


def in_a_finaliser():
    """A first signal comes while Python runs what cannot pass exceptions on."""
    Finaliser()
    time.sleep(600)


def importing_and_more(directory, name):
    """Imports a module which is not on the path yet, and goes on."""
    sys.path.insert(0, directory)
    importlib.import_module(name)
    while True:
        time.sleep(0.005)


def is_imported(name):
    return name in sys.modules


class Switched:
    """Is on while it is entered. Both take their time."""

    on = False

    def __init__(self, seconds):
        self.seconds = seconds

    def __enter__(self):
        Switched.on = True
        spin(self.seconds)

    def __exit__(self, *_):
        spin(self.seconds)
        Switched.on = False


def switching(seconds):
    """In more than half of its time half of a switch is done."""
    while True:
        with Switched(seconds):
            time.sleep(0.06)
        time.sleep(0.06)


def is_on():
    return Switched.on


def join(seconds):
    thread = threading.Thread(target=time.sleep, args=(seconds,), daemon=True)
    thread.start()
    thread.join()


def printing(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        print("x" * 200)


LOCK = []


async def co_lock(seconds):
    """The lock is bound to the event loop of its first user (and before 3.10, of its maker)."""
    if not LOCK:
        LOCK.append(asyncio.Lock())
    async with LOCK[0]:
        await asyncio.sleep(seconds)
    return id(asyncio.get_running_loop())


state = {}


async def co_turn(seconds, value):
    """Fails beside another one."""
    if "turn" in state:
        raise RuntimeError("another one is under way")
    state["turn"] = value
    try:
        return await co_sleep(seconds, value)
    finally:
        del state["turn"]


async def co_sleep(seconds, value="slept"):
    await asyncio.sleep(seconds)
    return value


async def co_say(word, times):
    for n in range(times):
        print(f"{word} {n}", end=" ")
        await asyncio.sleep(0.001)
        print("end")
    return word


async def co_raise(name, *args):
    await asyncio.sleep(0)
    raise getattr(__import__("builtins"), name)(*args)


async def co_leave_a_task(name):
    async def fail():
        raise getattr(__import__("builtins"), name)("left")

    asyncio.get_running_loop().create_task(fail())
    await asyncio.sleep(0.05)
    return "alive"


async def co_refuse():
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        return "no"


async def co_clean_up():
    try:
        await asyncio.sleep(600)
    finally:
        print("cleaned up")


async def co_fork():
    pid = os.fork()
    if pid == 0:
        return "a second answer"
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])


async def co_keep():
    return threading.Event()


async def co_twice():
    return co_sleep(0.001, "twice")


def list_of_coroutines():
    return [co_sleep(0)]


def close(coroutines):
    for coroutine in coroutines:
        coroutine.close()


@wraps(co_sleep)
def plain(*args):
    return co_sleep(*args)


async def future():
    found = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.01, found.set_result, "from a future")
    return found


class Awaitable:
    def __await__(self):
        return co_sleep(0, "awaited").__await__()


def query():
    return Awaitable()


def run_own_loop(seconds):
    return asyncio.run(co_sleep(seconds, "own loop"))


def threads():
    return sorted(thread.name for thread in threading.enumerate())


def leave_a_talker(seconds):
    """Its thread prints once now and once later."""
    said = threading.Event()

    def talk():
        print("now")
        said.set()
        time.sleep(seconds)
        print("later")

    threading.Thread(target=talk, daemon=True).start()
    said.wait(20)


def talking(n):
    for k in range(n):
        print("item", k)
        yield k


TOGETHER = threading.Barrier(4)


def together():
    """Returns when four calls are here at the same time."""
    return TOGETHER.wait(20) < 4


RUNNING = []
MOST = []


def counted(seconds):
    """How many calls were in here at most."""
    RUNNING.append(1)
    MOST.append(len(RUNNING))
    time.sleep(seconds)
    RUNNING.pop()
    return max(MOST)


BEGUN = []


def gate(word, path):
    """Waits until there is a file of this path."""
    BEGUN.append(word)
    while not os.path.exists(path):  # noqa: PTH110
        time.sleep(0.002)
    return word


def begun():
    return list(BEGUN)


def gated(word, path):
    yield word
    yield gate(word, path)


def gated_coroutine(word, path):
    """Of items, once there is such a file; it has what it needs to be a stream."""

    async def items():
        return range(word)

    gate(word, path)
    return items()


def gated_in_a_thread(function, path):
    """A thread of it calls the function, and it waits for that thread."""
    thread = threading.Thread(target=lambda: function(gate("thread", path)))
    thread.start()
    thread.join()
    return "joined"


def print_in_turn(word, times):
    """Two calls of this write their lines in halves, each between the other's."""
    for n in range(times):
        print(word, end="")
        TURNS.wait(20)
        print(n)
        TURNS.wait(20)


TURNS = threading.Barrier(2)


def interrupted_in_turn(seconds):
    """What is raised in it, one after the other."""
    told = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            for _ in range(1000):
                print("x")
        except BaseException as error:  # noqa: BLE001
            told.append(type(error).__name__)
    return told


VARIABLE = ContextVar("VARIABLE", default="default")


def variable(value):
    found = VARIABLE.get()
    VARIABLE.set(value)
    return found


def thread_says(word):
    thread = threading.Thread(target=print, args=(word,))
    thread.start()
    thread.join()
    return threading.current_thread().name


def large(byte, size):
    return bytearray([byte]) * size


class Slowly:
    def __del__(self):
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            pass


def refuse_in_a_finaliser():
    """The first cancellation comes while Python runs what cannot pass exceptions on."""
    Slowly()
    spin(600)


def word_of_session():
    """In the call, and in a thread that it starts."""
    import envmgr_runtime

    found = [envmgr_runtime.session()["word"]]
    thread = threading.Thread(target=lambda: found.append(envmgr_runtime.session()["word"]))
    thread.start()
    thread.join()
    return found
