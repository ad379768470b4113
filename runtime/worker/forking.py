"""A zygote as a Python program drives it: for trials and tests. The pool of record is the Elixir one."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
from types import TracebackType
from typing import Any, Mapping, Sequence

from ..wire.frames import FrameReader, FrameWriter
from ..wire.messages import ERROR, FORKED, HELLO, LOG, PROTOCOL
from ..wire.packing import packb, unpackb
from .client import Client, WorkerError, WorkerLost, lost, start
from .zygote import SOCKET


class Zygote:
    """Starts a zygote by `command` (a worker's) and waits until it can fork: `refusal` is None then, else the reason
    why it cannot. Use as a context manager; `close` kills the zygote, its workers, and what its
    import has started.

    Raises as `Client`.
    """

    def __init__(
        self,
        command: Sequence[str],
        libraries: Mapping[str, Sequence[Any]],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stderr: Any = None,
        timeout: float = 3600.0,
    ) -> None:
        self._libraries = dict(libraries)
        self._timeout = timeout
        self._requests = 0
        self._ended: dict[int, int] = {}
        self._heard: list[Any] = []
        self._directory = tempfile.TemporaryDirectory(prefix="envmgr-fork-")
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        self._descriptors = [ours_in, ours_out]
        self._process: Any = None
        try:
            try:
                zygote = [*command, "zygote"]
                self._process = start(zygote, theirs_in, theirs_out, stderr=stderr, env=env, cwd=cwd)
            finally:
                os.close(theirs_in)
                os.close(theirs_out)
            self._reader = FrameReader(ours_in)
            settings = {"protocol": PROTOCOL, "libraries": self._libraries, "zygote": self._directory.name}
            FrameWriter(ours_out).write([packb([HELLO, 0, settings])])
            self.facts: dict[str, Any] = self._next(HELLO)[2]
        except BaseException:
            self.close()
            raise
        fork = self.facts["fork"]
        self.refusal: str | None = None if fork is True else fork

    def __enter__(self) -> Zygote:
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
        """Of the zygote."""
        number: int = self._process.pid
        return number

    def worker(self, libraries: Mapping[str, Sequence[Any]] | None = None, **options: Any) -> Client:
        """A forked worker. `options` are those of a `Client` that do not start anything."""
        known = self._libraries if libraries is None else libraries
        return Client(self._fork, known, timeout=self._timeout, **options)

    def close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.pop())
        if self._process is not None:
            with contextlib.suppress(OSError):  # what the import has started is in its group
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        self._directory.cleanup()

    def _fork(self, reading: int, writing: int) -> _Forked:
        self._requests += 1
        with socket.socket(socket.AF_UNIX) as request:
            request.connect(os.path.join(self._directory.name, SOCKET))  # noqa: PTH118
            rights = socket.SOL_SOCKET, socket.SCM_RIGHTS, _packed(reading, writing)
            request.sendmsg([b"%d" % self._requests], [rights])
            request.recv(1)
        while True:
            _, number, *said = self._next(FORKED)
            if number == self._requests:
                break
        if said[0] is None:
            raise WorkerLost(said[1])
        return _Forked(said[0], self)

    def ended(self, pid: int) -> int:
        """How a worker ended; waits for that."""
        while pid not in self._ended:
            self._hear()
        return self._ended[pid]

    def _next(self, kind: int) -> Any:
        while True:
            for message in self._heard:
                if message[0] == kind:
                    self._heard.remove(message)
                    return message
            self._hear()

    def _hear(self) -> None:
        if not self._reader.waiting(self._timeout):
            raise WorkerLost(f"the zygote gave no answer within {self._timeout:g} s")
        messages = self._reader.read()
        if not messages:
            raise lost(self._process)
        for message in messages:
            if message[0] == ERROR:
                raise WorkerError(unpackb(message[2]))
            if message[0] == FORKED and message[1] == 0:
                self._ended[message[2]] = message[3]
            elif message[0] != LOG:
                self._heard.append(message)


class _Forked:
    def __init__(self, pid: int, zygote: Zygote) -> None:
        self.pid = pid
        self._zygote = zygote

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        return self._zygote.ended(self.pid)


def _packed(*descriptors: int) -> bytes:
    import array

    return array.array("i", descriptors).tobytes()
