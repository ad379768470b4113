"""The worker's loop: read all that has come, run it in order, answer in batches."""

from __future__ import annotations

import threading
from collections import deque
from time import perf_counter
from typing import Any

from ..execution.calls import ANSWER, Calls
from ..execution.output import LogStream
from ..wire.frames import BrokenFrame, FrameReader, FrameWriter
from ..wire.messages import BYE, CALL, CANCEL, FORGET, LOG, PING, RELEASE, REPORT, RESULT
from ..wire.packing import Packer, packb

_BRIEF = 0.0005
"""Seconds. A path whose runs stay below may run while finished answers wait for their batch."""
_BRIEF_RUNS = 16
"""Brief runs in a row before a path is trusted so."""
_BATCH_BYTES = 1 << 16


class Loop:
    """One worker's work, until the pool says bye or hangs up.

    An answer leaves at once, unless the next call's path has been brief lately: then one write carries
    several. A call that is slow for the first time in a while can so hold back the answers of its own batch.
    Threads of a library may print at any time; `_lock` keeps their logs and this thread's answers apart.
    """

    def __init__(self, reader: FrameReader, writer: FrameWriter, calls: Calls) -> None:
        self._reader = reader
        self._writer = writer
        self._calls = calls
        self._inbox: deque[Any] = deque()
        self._outbox: list[bytes] = []
        self._held = 0
        self._writing = False
        self._lock = threading.RLock()
        self._pack = Packer().pack  # for answers only: a log may come while it packs
        self._brief_runs: dict[Any, int] = {}
        self._current = 0
        self.stdout = LogStream(lambda text: self.log(1, text))
        self.stderr = LogStream(lambda text: self.log(2, text))

    def run(self) -> bool:
        """True after a bye, False at end of file. Raises `BrokenFrame`."""
        while True:
            if not self._inbox:
                self._flush()
                messages = self._reader.read()
                if not messages:
                    return False
                self.take(messages)
                continue
            message = self._inbox.popleft()
            if type(message) is list and len(message) == 5 and message[0] == CALL:  # as nearly always
                self._call(message[1], message[2], message[3], message[4])
                continue
            try:
                kind, number = message[0], message[1]
                if kind == CALL:
                    target, flags, payload, numbers = message[2:]
                    keys = _keys(numbers)
                elif kind == BYE:
                    self._finish()
                    self._flush()
                    self._calls.buffers.flush()
                    return True
                else:
                    self._control(kind, number, message)
                    continue
            except (TypeError, ValueError, LookupError) as error:
                raise BrokenFrame(f"no message of the protocol: {error}") from error
            self._calls.buffers.begin(keys)
            self._call(number, target, flags, payload)
            self._calls.buffers.end()

    def take(self, messages: list[Any]) -> None:
        """Puts messages in the inbox. A cancel works now: in the inbox it would stand behind its call."""
        for message in messages:
            if type(message) is list and len(message) == 2 and message[0] == CANCEL:
                self._inbox = deque(m for m in self._inbox if not self._drops(message[1], m))
            else:
                self._inbox.append(message)

    def _drops(self, number: Any, message: Any) -> bool:
        """Whether `message` is the call `number`; its buffers are then forgotten too."""
        if type(message) is not list or message[:2] != [CALL, number]:
            return False
        if len(message) == 6:
            self._calls.buffers.forget(_keys(message[5]))
        return True

    def _call(self, number: int, target: Any, flags: int, payload: bytes) -> None:
        brief = self._brief_runs
        path = target if type(target) is str else None
        runs = brief.get(path, 0)
        if self._outbox and (runs < _BRIEF_RUNS or self._held > _BATCH_BYTES):
            self._flush()
        self._current = number
        started = perf_counter()
        kind, answer = self._calls.run(target, flags, payload)
        took = perf_counter() - started
        if self.stdout.held or self.stderr.held:
            self._finish()
        self._current = 0
        if kind == ANSWER:
            self._answer(number, answer)
        else:
            self._put((self._pack if len(answer) < _BATCH_BYTES else packb)([kind, number, answer]))
        if took < _BRIEF:
            brief[path] = runs + 1
        else:
            brief[path] = 0
            self._flush()
            if self._reader.waiting():
                self.take(self._reader.read())

    def _answer(self, number: int, answer: bytes) -> None:
        """An answer that is more than a payload: the sizes of its buffers, and what else its caller should know."""
        buffers, warnings = self._calls.buffers, self._calls.warnings
        meta = {"warnings": [_clean(text) for text in warnings]} if warnings else {}
        warnings.clear()
        sizes = [len(view) for view in buffers.outgoing]
        self._put(packb([RESULT, number, answer, sizes, packb(meta)]))
        if sizes:
            self._flush()
            self._calls.refs.lent = buffers.send()

    def _control(self, kind: int, number: int, message: Any) -> None:
        if kind == RELEASE:
            self._calls.refs.release(message[2])
        elif kind == PING:
            self._put(self._pack([PING, number]))
        elif kind == REPORT:
            self._put(packb([REPORT, number, packb(self._calls.report())]))
        elif kind == FORGET:
            self._calls.buffers.forget(_keys(message[2:]))
        else:
            raise ValueError(f"kind {kind}")

    def log(self, stream: int, text: str, *more: Any) -> None:
        """Tells what the running call wrote; `more`: a record's logger and level."""
        with self._lock:
            self._put(packb([LOG, self._current, stream, _clean(text), *more]))
            if self._current == 0 or self._held > _BATCH_BYTES:
                self._flush()

    def send(self, packed: bytes) -> None:
        """Sends a message behind all that waits, half lines of output too."""
        self._finish()
        self._put(packed)
        self._flush()

    def _finish(self) -> None:
        self.stdout.finish()
        self.stderr.finish()

    def _put(self, packed: bytes) -> None:
        with self._lock:
            if len(packed) > _BATCH_BYTES:
                self._flush()  # a frame of its own, for two together may pass a frame's limit
            self._outbox.append(packed)
            self._held += len(packed)

    def _flush(self) -> None:
        if not self._outbox:
            return
        with self._lock:
            if self._writing:  # a finaliser printed in the middle of a write
                return
            self._writing = True
            try:
                while self._outbox:
                    messages, self._outbox, self._held = self._outbox, [], 0
                    self._writer.write(messages)
            finally:
                self._writing = False


def _keys(numbers: Any) -> range:
    first, count = numbers
    return range(first, first + count)


def _clean(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
