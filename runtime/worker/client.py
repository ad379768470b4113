"""A worker as a Python program drives it. The pool of record is the Elixir one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections import deque
from time import monotonic
from types import TracebackType
from typing import Any, Callable, Mapping, Protocol, Sequence

from ..wire.frames import FrameReader, FrameWriter
from ..wire.messages import (
    ASIDE,
    CALL,
    CALLBACK,
    CALLBACK_RESULT,
    CANCEL,
    CHUNK,
    DROP,
    END,
    ERROR,
    HELLO,
    LOG,
    MORE,
    PROTOCOL,
    RESULT,
    SESSION,
)
from ..wire.packing import packb, unpackb
from .remote import ArrayOf, Functions, RemoteArray, RemoteRef, RemoteValue, codec, payload

__all__ = [
    "ArrayOf",
    "Client",
    "RemoteArray",
    "RemoteRef",
    "RemoteValue",
    "WorkerError",
    "WorkerLost",
    "payload",
]

_AGAIN = 0.02
"""Seconds between two signals for a cancelled call."""


class WorkerError(Exception):
    """The worker's error map (`docs/protocol.md` §3), as `error`."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['type']}: {error['message']}")
        self.error = dict(error)


class WorkerLost(Exception):
    """The worker ended without an answer."""


def start(
    command: Sequence[str],
    reading: int,
    writing: int,
    *,
    stderr: Any = None,
    env: Mapping[str, str] | None = None,
    cwd: str | None = None,
) -> subprocess.Popen[bytes]:
    """A worker, or a zygote, of its own; the descriptors stay the caller's."""
    return subprocess.Popen(
        [*command, str(reading), str(writing)],
        pass_fds=(reading, writing),
        stdin=subprocess.DEVNULL,
        stderr=stderr,
        env=env,
        cwd=cwd,
    )


class Process(Protocol):
    """What a client knows of a worker's process."""

    @property
    def pid(self) -> int: ...

    def send_signal(self, number: int, /) -> None: ...

    def kill(self) -> None: ...

    def wait(self) -> int:
        """Its exit status, or the negated number of the signal that ended it."""


def lost(worker: Process) -> WorkerLost:
    """How it ended, once it has."""
    status = worker.wait()
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
    return WorkerLost(f"the worker {how}")


class Client:
    """Starts a worker and waits for its hello. Use as a context manager; `close` kills what is left.

    Functions and iterators among the arguments are called by the worker, while this program waits for an answer.

    `command` may be a function that makes a worker of the descriptors that it reads from and writes to.
    `threads`: how many calls it runs at a time. `crash`: the file that Python's frames are written to when a signal
    ends the worker. `lane`: the directory of a second lane, which the caller reads.
    The worker makes and reads pickles of `environment` alone, signed with `secret` (default: one of its own).

    Raises `WorkerError` when a library cannot be loaded, and `WorkerLost` when the worker ends or says
    nothing for `timeout` seconds.
    """

    def __init__(
        self,
        command: Sequence[str] | Callable[[int, int], Process],
        libraries: Mapping[str, Sequence[Any]],
        *,
        lease: str | None = None,
        environment: str | None = None,
        secret: bytes | None = None,
        crash: str | None = None,
        threads: int = 1,
        lane: str | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stderr: Any = None,
        timeout: float = 3600.0,
    ) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        try:
            self._process: Process = (
                command(theirs_in, theirs_out)
                if callable(command)
                else start(command, theirs_in, theirs_out, stderr=stderr, env=env, cwd=cwd)
            )
        except BaseException:
            os.close(ours_in)
            os.close(ours_out)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._descriptors = [ours_in, ours_out]
        self._reader, self._writer = FrameReader(ours_in), FrameWriter(ours_out)
        self.functions = Functions()
        self._codec = codec(self.functions)
        self._timeout = timeout
        self._last = 0
        self._pending: deque[list[Any]] = deque()  # a function that the worker calls may call the worker
        self._answers: dict[int, list[Any]] = {}
        self.printed: list[str] = []
        self.logs: list[list[Any]] = []
        """All that was printed and logged, as it came."""
        self.changes: list[list[Any]] = []
        """All that the worker said of variables of sessions."""
        self.aside: set[int] = set()
        """Numbers of calls that go on beside others."""
        try:
            settings: dict[str, Any] = {"protocol": PROTOCOL, "lease": lease, "libraries": dict(libraries)}
            if lane is not None:
                settings["lane"] = lane
            if threads != 1:
                settings["threads"] = threads
            if crash is not None:
                settings["crash"] = crash
            if environment is not None:
                settings.update(environment=environment, secret=secret or os.urandom(32))
            self._send([HELLO, 0, settings])
            self.facts: dict[str, Any] = self._wait(0)[2]
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(
        self,
        target: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        flags: int = 0,
    ) -> Any:
        """The value of one call; blocks until it is there."""
        return self.answer(self.begin(target, args, kwargs, flags))

    def begin(
        self,
        target: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        flags: int = 0,
    ) -> int:
        """Sends a call; its number, for the methods below."""
        self._last += 1
        payload = self._codec.encode([list(args), dict(kwargs or {})])
        self._send([CALL, self._last, target, flags, payload])
        return self._last

    def answer(self, number: int) -> Any:
        """The value of the call; for a stream, None at its end. Raises `WorkerError`."""
        message = self._wait(number)
        return self._codec.decode(message[2]) if message[0] == RESULT else None

    def more(self, number: int, items: int = 1000) -> list[Any] | None:
        """The next items of a stream, at least one; None at its end. Raises `WorkerError`."""
        self._send([MORE, number, items])
        message = self._wait(number)
        return self._codec.decode(message[2]) if message[0] == CHUNK else None

    def cancel(self, number: int) -> Any:
        """Cancels the call, and waits for what becomes of it as `answer` does."""
        self._send([CANCEL, number])
        message = self._wait(number, self.interrupt)
        return self._codec.decode(message[2]) if message[0] == RESULT else None

    def interrupt(self) -> None:
        """Makes the worker look for a cancellation."""
        self._process.send_signal(self.facts["interrupt"])

    def close(self) -> None:
        """Kills the worker and what it started in its group."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        while self._descriptors:
            os.close(self._descriptors.pop())
        self._process.wait()

    def _send(self, message: list[Any]) -> None:
        try:
            self._writer.write([packb(message)])
        except BrokenPipeError as error:
            raise lost(self._process) from error

    def _wait(self, number: int, again: Callable[[], None] | None = None) -> Any:
        """The next message of this call. `again` is done every now and then."""
        until = monotonic() + self._timeout
        while not self._answers.get(number):
            if again is not None:
                again()
                if not self._pending and not self._reader.waiting(_AGAIN) and monotonic() < until:
                    continue
            if not self._pending:
                self._pending.extend(self._receive())
            self._take(self._pending.popleft())
        message = self._answers[number].pop(0)
        if not self._answers[number]:
            del self._answers[number]
        if message[0] == ERROR:
            raise WorkerError(unpackb(message[2]))
        return message

    def _take(self, message: list[Any]) -> None:
        kind, number = message[:2]
        if kind == LOG:
            self.logs.append(message)
            self.printed.append(message[3])
        elif kind == SESSION:
            self.changes.append(message)
        elif kind == ASIDE:
            self.aside.add(number)
        elif kind == CALLBACK:
            self._send([CALLBACK_RESULT, message[2], *self._called(message[3], message[4])])
        elif kind == DROP:
            self.functions.drop(message[2])
        else:
            if kind in (RESULT, ERROR, END):
                self.aside.discard(number)
            self._answers.setdefault(number, []).append(message)

    def _called(self, key: int, payload: bytes) -> tuple[int, bytes]:
        """The status and payload of a function of this program that Python called."""
        function = self.functions.get(key)
        try:
            if function is None:
                raise LookupError(f"there is no function {key} any more")
            args, kwargs = self._codec.decode_call(payload)
            return 0, self._codec.encode(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the program's own function may raise anything
            told = {"type": type(error).__name__, "message": str(error), "stacktrace": ""}
            return 2 if function is None else 1, packb(told)

    def _receive(self) -> list[Any]:
        if not self._reader.waiting(self._timeout):
            raise WorkerLost(f"the worker gave no answer within {self._timeout:g} s")
        messages = self._reader.read()
        if not messages:
            raise lost(self._process)
        return messages
