"""The library that the soak calls. Whatever carries a number gives it back, so that no two answers can be taken for each other."""

import asyncio
import gc
import os
import sys
import time
import zlib

from envmgr_runtime import session

__all__ = [
    "Box",
    "acount",
    "again",
    "anap",
    "applied",
    "blob",
    "blocks",
    "box",
    "count",
    "effect",
    "few",
    "hoard",
    "kept",
    "nap",
    "refuse",
    "spin",
    "tagged",
    "told",
    "total",
    "visit",
]


def tagged(number, payload=b""):
    return [number, zlib.crc32(payload), len(payload)]


def few(number):
    """As many at a time as the configuration says."""
    return number


def blob(number, size):
    return number.to_bytes(8, "big") * (size // 8)


def blocks():
    """The process, and how many pieces of memory its Python objects take."""
    gc.collect()
    return [os.getpid(), sys.getallocatedblocks()]


def nap(number, seconds):
    time.sleep(seconds)
    return number


def spin(number, seconds):
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        sum(range(100))
    return number


def refuse(number):
    raise ValueError(f"number {number}")


def effect(number, path, seconds=0.0):
    """Runs once, or not at all: each run leaves a line."""
    notes = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(notes, b"%d\n" % number)
    finally:
        os.close(notes)
    time.sleep(seconds)
    return number


def again(number, path, seconds=0.0):
    """As `effect`, and may run twice: the configuration says so."""
    return effect(number, path, seconds)


def kept(number):
    return [number, number * number]


def count(number, items):
    yield from range(number, number + items)


async def acount(number, items):
    for item in range(number, number + items):
        await asyncio.sleep(0)
        yield item


async def anap(number, seconds):
    await asyncio.sleep(seconds)
    return number


def applied(number, function):
    return [number, function(number)]


def total(number, items):
    return [number, sum(items)]


class Box:
    """An object with something in it, which stays in its worker."""

    def __init__(self, number, bytes_=0):
        self.number = number
        self.weight = bytearray(bytes_)

    def add(self, more):
        self.number += more
        return self.number


def box(number, bytes_=0):
    return Box(number, bytes_)


def visit(number):
    session()["seen"] = [*session().get("seen", []), number]
    return session()["seen"]


def told(number):
    """What Elixir has put, and the number back."""
    session()["back"] = [number, session()["word"]]
    return session()["word"]


def hoard(number):
    session().keep("box", Box(number, 4096))
    return number
