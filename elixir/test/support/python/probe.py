"""A library of misbehaviour for the tests of the pool."""

import dataclasses
import importlib.util
import os
import signal
import sys
import time

__all__ = [
    "Point",
    "Thing",
    "blob",
    "changes",
    "circle",
    "echo",
    "exit_now",
    "fail",
    "floats",
    "generation",
    "grid",
    "has",
    "hinted",
    "keep",
    "kill_me",
    "listed",
    "mapped",
    "mark",
    "nap",
    "only_named",
    "opened",
    "pid",
    "points",
    "raise_exit",
    "rows",
    "say",
    "stir",
    "text",
    "total",
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


def fail(message, kind="ValueError"):
    raise {"ValueError": ValueError, "KeyError": KeyError}[kind](message)


def nap(seconds, value=None):
    """Sleeps inside C code that does not give up the call."""
    time.sleep(seconds)
    return value


def pid():
    return os.getpid()


def kill_me():
    os.kill(os.getpid(), signal.SIGKILL)


def exit_now(status):
    os._exit(status)


def raise_exit():
    sys.exit(3)


def say(words):
    print(words)


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


class Thing:
    """Stays where it was made."""

    def __init__(self, value):
        self.value = value

    def slow_add(self, other, seconds):
        time.sleep(seconds)
        return self.value + other

    @property
    def doubled(self):
        return 2 * self.value

    def add(self, other, times=1):
        return self.value + times * (other.value if isinstance(other, Thing) else other)
