"""A library of the tests: calls what it is given, and iterates."""

from __future__ import annotations

import asyncio
import copy
import csv
import functools
import inspect
import io
import json
import pickle
import threading
import time


def apply(function, *args, **kwargs):
    return function(*args, **kwargs)


def map_all(function, items):
    return list(map(function, items))


def reduce(function, items):
    return functools.reduce(function, items)


def deep(function, n):
    return function(n) if n == 0 else deep(function, n - 1)


def catch_by_name(function):
    """As a library's code would: by what envmgr_runtime offers."""
    import envmgr_runtime

    try:
        return function()
    except envmgr_runtime.ElixirError as error:
        return [
            error.type,
            error.stacktrace,
            isinstance(error, RuntimeError),
            pickle.loads(pickle.dumps(error)).type,
        ]


def catch(function, *args):
    try:
        return function(*args)
    except RuntimeError as error:
        return [type(error).__module__, type(error).__name__, error.type, str(error)]


def look(function):
    return {
        "signature": str(inspect.signature(function)),
        "name": function.__name__,
        "repr": repr(function),
        "wrapped": functools.wraps(function)(lambda: None).__name__,
        "copies": copy.deepcopy(function) is copy.copy(function) is function,
        "hash": {function: 1}[function],
        "callable": callable(function),
    }


def pickled(function):
    return pickle.dumps(function)


KEPT = []


def keep(function):
    KEPT.append(function)


def kept(*args):
    return KEPT[-1](*args)


def forget():
    KEPT.clear()


def from_threads(function, threads, times):
    found = []

    def work(n):
        found.extend(function(n, k) for k in range(times))

    started = [threading.Thread(target=work, args=(n,)) for n in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return sorted(map(tuple, found))


def leave_a_thread(function, seconds):
    def work():
        time.sleep(seconds)
        function("from the thread")

    threading.Thread(target=work, daemon=True).start()


async def co_apply(function, *args):
    await asyncio.sleep(0.001)
    return function(*args)


def swallow(function):
    """Cleans up with another call."""
    try:
        function(1)
    except BaseException as error:  # noqa: BLE001
        return [type(error).__name__, function(2)]


def slow_then(function, seconds, value):
    time.sleep(seconds)
    return function(value)


def count(n):
    yield from range(n)


CLOSED = []


def endless(seconds=0.0):
    try:
        n = 0
        while True:
            if seconds:
                time.sleep(seconds)
            yield n
            n += 1
    finally:
        CLOSED.append("endless")


async def co_endless(seconds=0.0):
    try:
        n = 0
        while True:
            if seconds:
                await asyncio.sleep(seconds)
            yield n
            n += 1
    finally:
        await asyncio.sleep(0)
        CLOSED.append("co_endless")


async def co_count(n):
    for value in range(n):
        yield value


def fail_after(n):
    yield from range(n)
    raise ValueError("no more")


async def co_fail_after(n):
    for value in range(n):
        yield value
    raise ValueError("no more")


async def co_list(n):
    await asyncio.sleep(0)
    return list(range(n))


async def co_stuck():
    yield 1
    await asyncio.sleep(600)


def closed():
    found = list(CLOSED)
    CLOSED.clear()
    return found


def big(n, size):
    for k in range(n):
        yield bytes([k % 256]) * size


def objects(n):
    for _ in range(n):
        yield threading.Event()


def given(value):
    return value


def bad_close():
    try:
        while True:
            yield 1
    finally:
        raise KeyError("while closing")


def calling(function):
    for n in range(3):
        yield function(n)


def fail_with(function, items):
    raise ValueError("no")


def after_a_question(function):
    return iter(function())


async def asked_and_then_made(function):
    return iter(function())


def of_itself(function):
    """The function may ask for more of this very stream."""
    for n in range(6):
        yield function(n)


def lines(path):
    return open(path)  # noqa: PTH123


def total(items):
    return sum(items)


def first(items, n):
    return [next(items) for _ in range(n)]


def first_and_keep(items):
    KEPT.append(items)
    return next(items)


def read_all(file):
    return [type(file).__name__, file.read()]


def read_lines(file):
    with file:
        return [file.readline(), *file]


def read_json(file):
    return json.load(file)


def read_csv(file):
    return list(csv.reader(io.TextIOWrapper(file, "utf-8", newline="")))


def read_pieces(file):
    found = bytearray(5)
    return [file.readinto(found), bytes(found), file.read(2), file.read(), file.seekable()]
