"""A library of misbehaviour for the tests of the pool."""

import asyncio
import builtins
import dataclasses
import importlib.util
import itertools
import logging
import os
import signal
import sys
import threading
import time
import warnings

__all__ = [
    "Box",
    "Held",
    "Point",
    "Speaker",
    "Thing",
    "Unsteady",
    "apply",
    "apply_in_threads",
    "apply_twice",
    "asleep",
    "aticks",
    "await_file",
    "blob",
    "broken_ticks",
    "call_kept",
    "changes",
    "circle",
    "closed",
    "computing",
    "consume",
    "counted",
    "deaf",
    "deaf_asleep",
    "each_slower",
    "echo",
    "exit_now",
    "fail",
    "failing",
    "floats",
    "forked",
    "generation",
    "grid",
    "has",
    "hinted",
    "hoard",
    "hold",
    "keep",
    "keep_first",
    "keep_function",
    "kill_me",
    "leave_behind",
    "listed",
    "mapped",
    "mapped_by",
    "mark",
    "meet",
    "nap",
    "next_kept",
    "note_item",
    "once_slow",
    "only_named",
    "opened",
    "pid",
    "points",
    "poison",
    "raise_exit",
    "read",
    "remembered",
    "rows",
    "say",
    "say_and_count",
    "segfault",
    "slow_thing",
    "speak",
    "spin",
    "start",
    "stir",
    "stubborn",
    "text",
    "texts",
    "things",
    "ticks",
    "total",
    "type_name",
    "unsteady",
    "unsteady_items",
    "wait_for",
]


def echo(value):
    """Gives back what it got."""
    return value


def floats(count):
    import numpy

    return numpy.arange(count, dtype="f8")


class Rows:
    """A frame, as far as parts of it are asked for."""

    shape = (10, 2)
    nbytes = 160

    class iloc:
        def __class_getitem__(cls, rows):
            return list(range(*rows.indices(10)))

    def __getitem__(self, names):
        return names


def rows():
    return Rows()


def opened(path):
    return open(path, "rb")


def mapped(path, count):
    import numpy

    return numpy.memmap(path, dtype="f8", mode="w+", shape=(count,))


def grid(height, width):
    import numpy

    return numpy.arange(height * width, dtype="i4").reshape(height, width)


def circle():
    one = {"a": [1, 2]}
    one["a"].append(one)
    return one


def total(array):
    return float(array.sum())


def blob(size):
    return bytes(range(256)) * (size // 256)


def mark(array):
    """Writes into what it got, and tells its type."""
    array[0] = 7
    return type(array).__name__


class Kept:
    """An array that is given away and changed."""

    def __init__(self, count):
        self.array = floats(count)

    def give(self):
        return self.array

    def stir(self):
        self.array += 1


def keep(count):
    return Kept(count)


def stir(array):
    array += 1


def changes(array):
    array[:] = -1
    return array


def counted(file, pause=0, value=None):
    """Notes that it was called, by any worker: how many times it was, or the value; after a pause, or when there is a file."""
    with open(file, "a") as notes:
        notes.write(".")
        notes.flush()
        count = notes.tell()
    nap(pause)
    return count if value is None else value


def unsteady(file, failures, kind="ConnectionError"):
    """Fails as often, then answers how many times it was called."""
    count = counted(file)
    if count > failures:
        return count
    if kind == "lost":
        kill_me()
    raise getattr(builtins, kind)(f"failure {count}")


def unsteady_items(file, failures):
    return iter([unsteady(file, failures)])


def each_slower(file, pauses, late=None):
    """Does of `pauses` what stands there for its count: sleeps (None: until it was called twice), or fails; after a sleep fails by
    `late`."""
    count = counted(file)
    what = pauses[count - 1]
    while what is None:
        time.sleep(0.01)
        what = 0 if os.path.getsize(file) > 1 else None
    if not isinstance(what, str):
        time.sleep(what)
        what = late
    if what:
        raise getattr(builtins, what)(f"failure {count}")
    return count, os.getpid()


def once_slow(file, pause):
    """Sleeps the first time that it is called."""
    count = counted(file)
    if count == 1:
        time.sleep(pause)
    return count, os.getpid()


def failing(file, pause=0):
    raise ValueError(f"failure {counted(file, pause)}")


def slow_thing(seconds):
    time.sleep(seconds)
    return Thing(seconds)


class Unsteady:
    def __init__(self, *args):
        self.args = args

    def ask(self):
        return unsteady(*self.args)


def fail(message, kind="ValueError"):
    raise {"ValueError": ValueError, "KeyError": KeyError}[kind](message)


def nap(seconds, value=None):
    """Sleeps inside C code that does not give up the call; until a file is there, if that is named."""
    if isinstance(seconds, str):
        return await_file(seconds, value)
    time.sleep(seconds)
    return value


def pid():
    return os.getpid()


def kill_me():
    os.kill(os.getpid(), signal.SIGKILL)


def await_file(path, value=None):
    """Does nothing until the file is there."""
    while not os.path.exists(path):
        time.sleep(0.005)
    return value


def leave_behind():
    """A program that nobody waits for."""
    import subprocess

    return subprocess.Popen(["sleep", "600"]).pid


def poison(path):
    """Notes that it ran, and ends its worker."""
    with open(path, "a") as file:
        file.write("x")
    kill_me()


def exit_now(status):
    os._exit(status)


def raise_exit():
    sys.exit(3)


def say(words):
    print(words)


def say_and_count(count):
    """Says something before its items are there."""
    print("hello")
    time.sleep(0.05)
    return iter(range(count))


def text(size):
    return "x" * size


def generation():
    return os.environ.get("PROBE_GENERATION")


def only_named(*, name, size=1):
    return [name, size]


def has(module):
    """Whether it could be imported."""
    return importlib.util.find_spec(module) is not None


def listed(array):
    return array.tolist()


def hinted(a: tuple, b: set, c: bytes = b"", *, d: frozenset = frozenset()):
    """The types of what it got."""
    return [type(x).__name__ for x in (a, b, c, d)]


@dataclasses.dataclass
class Point:
    x: int
    y: int


def points(count):
    return {"rows": [Point(n, n) for n in range(count)]}


def speak(value, seconds=0):
    """Says something in all ways there are; nothing as value is wrong."""
    print("to stdout")
    time.sleep(seconds)
    print("and on")
    print("to stderr", file=sys.stderr)
    logger = logging.getLogger("probe.inner")
    logger.warning("a record of %s", value)
    logger.critical("the worst")
    warnings.warn("take care", stacklevel=1)
    if value is None:
        raise ValueError("nothing")
    return value


def stubborn():
    """Goes on when it is told to stop."""
    try:
        time.sleep(60)
    except BaseException:
        return Thing(1)


def known():
    import envmgr_runtime

    return envmgr_runtime.context()


class Speaker:
    def say(self, words):
        print(words)


class Held:
    """Something for `with`: tells what it was left with."""

    def __init__(self, swallow=False):
        self.swallow = swallow
        self.left = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.left.append([None if kind is None else kind.__name__, None if error is None else str(error)])
        return self.swallow


class Thing:
    """Stays where it was made."""

    def __init__(self, value):
        self.value = value

    def slow_add(self, other, pause):
        nap(pause)
        return self.value + other

    @property
    def doubled(self):
        return 2 * self.value

    def add(self, other, times=1):
        return self.value + times * (other.value if isinstance(other, Thing) else other)

    def __call__(self, *args, **kwargs):
        return [self.value, list(args), kwargs]

    def __sub__(self, other):
        return self.value - (other.value if isinstance(other, Thing) else other)

    def __rsub__(self, other):
        return other - self.value

    def __lt__(self, other):
        return self.value < other

    def __neg__(self):
        return -self.value


class Box:
    """Has items, and is no dict."""

    def __init__(self, **items):
        self.items = items

    def __getitem__(self, key):
        return self.items[key]

    def __setitem__(self, key, value):
        self.items[key] = value

    def __delitem__(self, key):
        del self.items[key]


async def asleep(seconds, value=None):
    await asyncio.sleep(seconds)
    return value


async def deaf_asleep(seconds, began=None):
    """A coroutine that does not end when it is cancelled; notes that it began."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if began:
                began = counted(began, value="")
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            pass


def spin(seconds):
    """Python code, which can be interrupted between any two steps."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def deaf(seconds, began=None):
    """Python code that does not end when it is told to; notes that it began."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if began:
                began = counted(began, value="")
            spin(until - time.monotonic())
        except BaseException:  # noqa: S110
            pass


_closed = []


def ticks(count, name=None, pause=0):
    """Yields numbers, and notes when it is closed."""
    try:
        for n in range(count):
            if pause:
                time.sleep(pause)
            yield n
    finally:
        _closed.append(name)


async def aticks(count, name=None, pause=0):
    try:
        for n in range(count):
            await asyncio.sleep(pause)
            yield n
    finally:
        _closed.append(name)


def greet_and_sleep(seconds):
    yield "hello"
    time.sleep(seconds)


def broken_ticks(count):
    yield from range(count)
    raise ValueError("no more")


def closed(name):
    return name in _closed


def apply(function, args=(), kwargs=None):
    return function(*args, **(kwargs or {}))


def apply_in_threads(function, count):
    """What the function answers to 0, 1, … each asked in a thread of its own."""
    answers = [None] * count

    def ask(n):
        answers[n] = function(n)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


_kept = []


def keep_function(function):
    _kept[:] = [function]


def call_kept(*args):
    return _kept[0](*args)


def consume(items, count=None):
    """The items, or the first of them, as a list."""
    return [item for item, _ in zip(items, range(count))] if count is not None else list(items)


def keep_first(items):
    _kept[:] = [iter(items)]
    return next(_kept[0])


def next_kept():
    return next(_kept[0])


def mapped_by(functions, items):
    """What the one function in a list in a dict makes of the items."""
    return [functions["f"][0](item) for item in items]


def apply_twice(function, one, other):
    return function(one)(other)


def type_name(value):
    return type(value).__name__


def read(file, size=-1):
    return file.read(size)


def segfault():
    import ctypes

    ctypes.string_at(0)


def forked():
    """A child that ends by itself, and one that is left behind."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def start(new_session=False):
    """The process of a child that goes on for long, perhaps in a session of its own."""
    import subprocess

    return subprocess.Popen(["sleep", "600"], start_new_session=new_session).pid


def hold():
    """C code that lets nothing else run."""
    return sum(range(10**13))


def things(count):
    for n in range(count):
        yield Thing(n)


def texts(count, size):
    for _ in range(count):
        yield "x" * size


_hoard = []


def hoard(size):
    """Takes memory and keeps it."""
    _hoard.append(b"x" * size)
    return len(_hoard)


def computing(count, began=None):
    """C code that does not look for signals; notes that it began, in C too."""
    notes = map(os.open, [began], [os.O_CREAT]) if began else ()
    return sum(itertools.chain(notes, range(count)))


_places = {}


def meet(name, count):
    """Returns when so many calls are here at a time."""
    _places.setdefault(name, threading.Barrier(count)).wait(20)
    return True


_remembered = []


def remembered(value):
    """What earlier calls of this worker were given."""
    _remembered.append(value)
    return _remembered[:-1]


def note_item(file, value):
    """Notes the value in a file, and fails for what is no number."""
    with open(file, "a") as notes:
        notes.write(f"{value}\n")
    return value + 0


def wait_for(path):
    """Waits in steps of Python until there is such a file."""
    while not os.path.exists(path):
        time.sleep(0.005)
