"""A library of misbehaviour for the tests of the pool."""

import os
import signal
import sys
import time

__all__ = [
    "Thing",
    "blob",
    "changes",
    "echo",
    "exit_now",
    "fail",
    "floats",
    "generation",
    "keep",
    "kill_me",
    "mark",
    "nap",
    "only_named",
    "pid",
    "raise_exit",
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


class Thing:
    """Stays where it was made."""

    def __init__(self, value):
        self.value = value

    def slow_add(self, other, seconds):
        time.sleep(seconds)
        return self.value + other

    def add(self, other, times=1):
        return self.value + times * (other.value if isinstance(other, Thing) else other)
