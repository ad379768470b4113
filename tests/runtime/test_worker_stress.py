"""Calls of all kinds at once, cancelled at random moments: each has one last message, and nothing is left behind."""

from __future__ import annotations

import random
import time

import pytest

from envmgr_runtime.wire.messages import CANCEL, CHUNK, END, ERROR, MORE, RESULT, STREAM

SECONDS = [0.0, 0.001, 0.003]


class Storm:
    """Rounds of calls to one worker, all that it does decided by `seed`."""

    def __init__(self, client, seed):
        self.client = client
        self.choose = random.Random(seed)
        self.last = {}
        self.names = {}
        self.doomed = set()
        self.depth = 0

    def begin(self):
        """One more call, of some kind; its number."""
        kinds = [
            *[(f"slow.{name}", lambda: [self.choose.choice(SECONDS)], 0) for name in TIMED],
            ("passed.apply", lambda: [same, 1], 0),
            ("passed.apply", lambda: [self.again], 0),
            ("passed.co_apply", lambda: [same, 1], 0),
            ("passed.from_threads", lambda: [lambda n, k: (n, k), 3, 3], 0),
            ("passed.total", lambda: [iter(range(300))], 0),
            ("passed.calling", lambda: [same], STREAM),
            *[(f"passed.{name}", lambda: [self.choose.choice([0, 5, 5000])], STREAM) for name in COUNTED],
            *[(f"passed.{name}", lambda: [self.choose.choice(SECONDS)], STREAM) for name in ENDLESS],
        ]
        name, args, flags = self.choose.choice(kinds)
        number = self.client.begin(name, args(), flags=flags)
        self.last[number], self.names[number] = [], name
        if flags:
            self.client._send([MORE, number, 10])
        if "endless" in name or self.choose.random() < 0.4:
            self.doomed.add(number)
        return number

    def again(self):
        """A function that calls its worker, a few times inside itself."""
        self.depth += 1
        try:
            if self.depth < 4:
                number = self.client.begin("passed.given", [1])
                self.last[number], self.names[number] = [], "inside"
                assert self.pump(lambda: self.last[number], 20)
        finally:
            self.depth -= 1

    def pump(self, done, seconds):
        """Takes what the worker says until `done()`; False when that takes longer."""
        until = time.monotonic() + seconds
        while not done():
            if time.monotonic() > until:
                return False
            self.client.interrupt()
            if not self.client._pending:
                if not self.client._reader.waiting(0.005):
                    continue
                self.client._pending.extend(self.client._receive())
            message = self.client._pending.popleft()
            if message[0] in (RESULT, ERROR, END):
                self.last[message[1]].append(message[0])
            elif message[0] == CHUNK:
                self.client._send([MORE, message[1], self.choose.choice([1, 7, 1000])])
            else:
                self.client._take(message)
        return True

    def round(self):
        for _ in range(self.choose.randrange(1, 10)):
            self.begin()
        for number in self.choose.sample(sorted(self.doomed), len(self.doomed)):
            self.client._send([CANCEL, number])
            self.pump(lambda: False, self.choose.choice([0, 0, 0.001, 0.004]))
        assert self.pump(lambda: all(self.last.values()), 20), self.names
        assert [len(found) for found in self.last.values()] == [1] * len(self.last)
        unharmed = {n for n, found in self.last.items() if found != [ERROR]}
        assert set(self.last) - self.doomed <= unharmed


TIMED = ["sleep", "spin", "co_sleep", "printing"]
COUNTED = ["count", "co_count", "co_list"]
ENDLESS = ["endless", "co_endless"]


def same(value, *others):
    return value


@pytest.mark.parametrize("seed", range(6))
def test_a_storm(start, passed_library, unmeasured, seed):
    passed = start(passed_library, env=unmeasured)
    storm = Storm(passed, seed)
    for _ in range(8):
        storm.round()
    passed.call("gc.collect")
    until = time.monotonic() + 20
    while len(passed.functions):
        assert time.monotonic() < until
        passed.call("passed.given", [1])
