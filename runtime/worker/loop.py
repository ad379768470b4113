"""The worker's loop: read all that has come, run it in order, answer in batches."""

from __future__ import annotations

import threading
from collections import deque
from time import perf_counter
from typing import Any

from ..execution.calls import ANSWER, AWAIT, Calls
from ..execution.cancellation import Cancellation, Cancelled
from ..execution.current import NUMBER
from ..execution.events import Events
from ..execution.output import LogStream
from ..wire.frames import BrokenFrame, FrameReader, FrameWriter
from ..wire.messages import ASIDE, BYE, CALL, CANCEL, ERROR, FORGET, LOG, PING, RELEASE, REPORT, RESULT
from ..wire.packing import Packer, packb
from .turns import Bell, Turns

_BRIEF = 0.0005
"""Seconds. A path whose runs stay below may run while finished answers wait for their batch."""
_BRIEF_RUNS = 16
"""Brief runs in a row before a path is trusted so."""
_BATCH_BYTES = 1 << 16
_PATIENCE = 0.02
"""Seconds between two looks at what no bell tells."""


class Loop:
    """One worker's work, until the pool says bye or hangs up.

    An answer leaves at once, unless the next call's path has been brief lately: then one write carries
    several. A call that is slow for the first time in a while can so hold back the answers of its own batch.
    Threads of a library may print at any time, and the event loop's answers come when they come; `_lock` keeps
    what they say and this thread's answers apart.
    """

    def __init__(self, reader: FrameReader, writer: FrameWriter, calls: Calls) -> None:
        self._writer = writer
        self._calls = calls
        self._turns = Turns(reader, self.take)
        self._bell = Bell()
        self._inbox: deque[Any] = deque()
        self._outbox: list[bytes] = []
        self._held = 0
        self._writing = False
        self._lock = threading.RLock()
        self._pack = Packer().pack  # for answers only: a log may come while it packs
        self._brief_runs: dict[Any, int] = {}
        self._current = 0
        self._around: list[int] = []
        self._cancellation = Cancellation()
        self._asked = self._cancellation.asked
        self._events = Events(calls, self._answer_aside, self._flush)
        self._main = threading.get_ident()
        self.stdout = LogStream(lambda number, text: self._log(number, 1, text), self.number)
        self.stderr = LogStream(lambda number, text: self._log(number, 2, text), self.number)

    def run(self) -> bool:
        """True after a bye, False at end of file. Raises `BrokenFrame`."""
        self._main = threading.get_ident()
        turns = self._turns
        while True:
            if not self._inbox:
                self._rest()
                if not turns.idle(self._inbox):
                    turns.until(lambda: self._inbox, self._bell)
                if turns.ended and not self._inbox:
                    if turns.broken is not None:
                        raise turns.broken
                    return False
                continue
            message = self._inbox.popleft()
            if type(message) is list and len(message) == 5 and message[0] == CALL:  # as nearly always
                self._call(message[1], message[2], message[3], message[4])
            elif self._other(message):
                return True

    def take(self, messages: list[Any]) -> None:
        """Puts messages in the inbox, but for those that cannot stand behind a call: they work now. In any thread, and
        in the midst of what the main thread does."""
        inbox = self._inbox
        for message in messages:
            if type(message) is list and len(message) < 5 and self._at_once(message):
                continue
            inbox.append(message)
        if inbox and threading.get_ident() != self._main:
            self._bell.ring()

    def interrupt(self, signal: int = 0, frame: Any = None) -> None:
        """The signal's handler: ends what runs if the pool has cancelled it. Raises `Cancelled` in the library's code
        and nowhere else."""
        self._turns.glance()
        if self._asked and self._calls.user.runs:
            self._cancellation.tell(self._current, self._around)

    def unheard(self) -> None:
        """A `Cancelled` was lost in a finaliser: the next signal raises another."""
        self._cancellation.unheard()

    def _at_once(self, message: Any) -> bool:
        """Whether this was done with. Else it waits for its turn."""
        if len(message) == 2 and message[0] == CANCEL and type(message[1]) is int:
            self._asked.add(message[1])
            if self._events.cancel(message[1]):
                self._asked.discard(message[1])
            return True
        return False

    def _rest(self) -> None:
        """Before waiting for more to do."""
        if self._asked:
            self._cancellation.settle(self._around)
        self._flush()

    def _other(self, message: Any) -> bool:
        """Does what is no plain call. True after a bye."""
        try:
            kind, number = message[0], message[1]
            if kind == CALL:
                target, flags, payload, numbers = message[2:]
                keys = _keys(numbers)
            elif kind == BYE:
                self._leave()
                return True
            else:
                self._control(kind, number, message)
                return False
        except (TypeError, ValueError, LookupError) as error:
            raise BrokenFrame(f"no message of the protocol: {error}") from error
        self._calls.buffers.begin(keys)
        self._call(number, target, flags, payload)
        self._calls.buffers.end(keys)
        return False

    def _leave(self) -> None:
        """Finishes what has begun, coroutines too."""
        while self._events and not self._turns.ended:
            self._turns.until(lambda: not self._events, self._bell, lambda: _PATIENCE)
        self._finish()
        self._flush()
        self._calls.buffers.flush()

    def _call(self, number: int, target: Any, flags: int, payload: bytes) -> None:
        brief = self._brief_runs
        path = target if type(target) is str else None
        runs = brief.get(path, 0)
        if self._outbox and (runs < _BRIEF_RUNS or self._held > _BATCH_BYTES):
            self._flush()
        if self._asked and self._cancellation.of(number):
            self._put(
                packb(
                    [ERROR, number, self._calls.raised(Cancelled("the call was cancelled before it began"))]
                )
            )
            return
        self._current = number
        started = perf_counter()
        kind, answer = self._calls.run(target, flags, payload)
        took = perf_counter() - started
        if self.stdout.held or self.stderr.held:
            self._finish()
        self._current = 0
        if kind < 0:
            self._more(kind, number, flags, answer)
        else:
            self._put((self._pack if len(answer) < _BATCH_BYTES else packb)([kind, number, answer]))
        if took < _BRIEF:
            brief[path] = runs + 1
        else:
            brief[path] = 0
            self._flush()
            self._turns.glance()

    def _more(self, kind: int, number: int, flags: int, answer: Any) -> None:
        """What is more than a payload, or goes on beside other calls."""
        if kind == ANSWER:
            self._answer(number, answer, self._calls)
        elif kind == AWAIT:
            self._put(packb([ASIDE, number]))
            self._events.start(number, answer, flags)
            if self._asked and self._cancellation.of(number):
                self._events.cancel(number)

    def _answer_aside(self, number: int, kind: int, answer: Any, calls: Calls) -> None:
        if kind == ANSWER:
            self._answer(number, answer, calls)
        else:
            self._put(packb([kind, number, answer]))

    def _answer(self, number: int, answer: bytes, calls: Calls) -> None:
        """An answer that is more than a payload: the sizes of its buffers, and what else its caller should know."""
        buffers, warnings = calls.buffers, calls.warnings
        meta = {"warnings": [_clean(text) for text in warnings]} if warnings else {}
        warnings.clear()
        sizes = [len(view) for view in buffers.outgoing]
        self._put(packb([RESULT, number, answer, sizes, packb(meta)]))
        if sizes:
            self._flush()
            calls.refs.lent = buffers.send()

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

    def number(self) -> int:
        """The call that the code of this thread belongs to, or 0."""
        return NUMBER.get() or self._current

    def _log(self, number: int, stream: int, text: str) -> None:
        user = self._calls.user
        runs = user.runs
        ours = runs and threading.get_ident() == self._main
        if ours:
            user.runs = False  # nothing may be raised here: half a frame would be written
        try:
            with self._lock:
                self._put(packb([LOG, number, stream, _clean(text)]))
                if number != self._current or number == 0 or self._held > _BATCH_BYTES:
                    self._flush()
        finally:
            if ours:
                user.runs = runs

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
