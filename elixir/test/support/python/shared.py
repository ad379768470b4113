"""An adapter that is written by hand, as far as sessions go: what it keeps is in the session of its call."""

import asyncio
import os
import signal
import threading
import time

from envmgr_runtime import session


class Model:
    """What no other process can have."""

    def __init__(self, n):
        self.n = n

    def grow(self, by=1):
        self.n += by
        return self.n

    def plus(self, other):
        return Model(self.n + other.n)


def make(n):
    return Model(n)


def plus(one, other):
    """Of two objects, which must be in one worker."""
    return one.plus(other)


def get(name, default=None):
    return session().get(name, default)


def read(name):
    return session()[name]


def put(name, value):
    session()[name] = value


def delete(name):
    session().delete(name)


def names():
    return sorted(session())


def count(name):
    """Adds one, as a read and a write."""
    value = session().get(name, 0) + 1
    session()[name] = value
    return value


def model(name, n):
    session()[name] = Model(n)


def keep(name, value):
    session().keep(name, value)


def grow(name):
    return session()[name].grow()


def pid():
    return os.getpid()


def put_and_die(name, value):
    session()[name] = value
    time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)


def put_and_nap(name, value, seconds):
    session()[name] = value
    time.sleep(seconds)
    return session()[name]


def nap_and_put(name, value, seconds):
    time.sleep(seconds)
    session()[name] = value


async def later(name):
    await asyncio.sleep(0.01)
    session()[name] = "later"
    return session()[name]


def in_thread(name):
    thread = threading.Thread(target=put, args=(name, "thread"))
    thread.start()
    thread.join()
    return session()[name]


def ticks(count):
    for n in range(count):
        session()["tick"] = n
        yield n


def ask(function):
    session()["asked"] = 1
    return function(1)


def lost():
    return session().lost


def optional():
    found = session(None)
    return None if found is None else found.id
