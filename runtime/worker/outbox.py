"""What waits to be sent, in order, from all threads."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Callable

from ..execution.cancellation import Interruptible
from ..execution.context import live
from ..execution.output import Divided, LogStream
from ..wire.frames import FrameWriter
from ..wire.messages import DROP, LOG
from ..wire.packing import packb
from ..wire.texts import sendable
from .doing import Doing

BATCH_BYTES = 1 << 16


class Outbox:
    """Threads of a library may print at any time, and the event loop's answers come when they come: a lock keeps them
    apart. Finalisers and signal handlers may add to it in the midst of a write.

    `interruptible()` says of the thread that asks whether an exception may be raised in it; `dropped()` gives the
    keys of functions and streams that Python holds no longer.
    """

    def __init__(
        self,
        writer: FrameWriter,
        doing: Doing,
        interruptible: Callable[[], Interruptible | None],
        dropped: Callable[[], list[int]],
    ) -> None:
        self._writer = writer
        self._doing = doing
        self._interruptible = interruptible
        self._dropped = dropped
        self.lock = threading.RLock()
        """Held by who puts more than one message that belong together."""
        self._writing = False
        self.waiting: deque[bytes] = deque()
        """In order. The main thread may append an answer of few bytes without the lock, and then adds to `held`."""
        self.held = 0
        """About how many bytes wait."""
        self.half = False
        """Whether half a line of output may be held."""
        self.stdout: LogStream | Divided
        self.stderr: LogStream | Divided
        self.stdout, self.stderr = self.lines()

    def move(self, doing: Doing, interruptible: Callable[[], Interruptible | None]) -> None:
        """From now on these know what calls do."""
        self._doing, self._interruptible = doing, interruptible

    def lines(self) -> tuple[LogStream, LogStream]:
        """Streams for what is printed, and for what is printed as an error."""
        return (
            LogStream(lambda number, text: self.log(number, 1, text), self._writes),
            LogStream(lambda number, text: self.log(number, 2, text), self._writes),
        )

    def put(self, packed: bytes) -> None:
        with self.lock:
            if len(packed) > BATCH_BYTES:
                self.flush()  # a frame of its own, for two together may pass a frame's limit
            self.waiting.append(packed)
            self.held += len(packed)

    def flush(self) -> None:
        """Sends what waits. Raises `BrokenPipeError` when nobody reads any more."""
        if not self.waiting:
            return
        with self.lock:
            if self._writing:  # a finaliser printed in the middle of a write
                return
            self._writing = True
            try:
                waiting = self.waiting
                while waiting:
                    self.held = 0
                    self._writer.write([waiting.popleft() for _ in range(len(waiting))])
            finally:
                self._writing = False

    def answer(self, packed: bytes) -> None:
        """`put` and `flush` in one."""
        with self.lock:
            if self.waiting or self._writing or len(packed) > BATCH_BYTES:
                self.put(packed)
            else:
                self._writing = True
                try:
                    self._writer.write_one(packed)
                finally:
                    self._writing = False
        if self.waiting:  # also what a finaliser printed in the middle of the write
            self.flush()

    def finish(self) -> None:
        """Adds half lines of output."""
        self.half = False
        self.stdout.finish()
        self.stderr.finish()

    def _writes(self) -> int:
        self.half = True
        return self._doing.number()

    def send(self, packed: bytes) -> None:
        """Sends a message behind all that waits, half lines of output too."""
        self.finish()
        self.put(packed)
        self.flush()

    def log(self, number: int, stream: int, text: str, *more: Any) -> None:
        """What call `number` printed or logged. Sent at once when nobody's answer will take it along."""
        self.add(number, lambda: packb([LOG, number, stream, sendable(text), *more]))

    def add(self, number: int, make: Callable[[], bytes], at_once: bool = False) -> None:
        """What `make` packs, of call `number`. Nothing comes in between, and it is sent as in `log`, or at once."""
        user, doing = self._interruptible(), self._doing
        runs = user is not None and user.runs
        if user is not None and runs:
            user.runs = False  # were `Cancelled` raised here, half a frame might be written
        try:
            with self.lock:
                self.put(make())
                if at_once or number == 0 or number != doing.current or self.held > BATCH_BYTES or live():
                    self.flush()
        finally:
            if user is not None and runs:
                user.runs = True

    def tell(self, stream: int, text: str, *more: Any) -> None:
        """As `log`, of the call that the code of this thread belongs to."""
        self.log(self._doing.number(), stream, text, *more)

    def drop(self) -> None:
        """Adds what Python holds no longer."""
        keys = self._dropped()
        if keys:
            self.put(packb([DROP, 0, keys]))

    def after_fork(self) -> None:
        """In a fork: the threads that might have held the lock are not there."""
        self.lock = threading.RLock()
        self._writing = False
