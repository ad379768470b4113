"""The second lane: large buffers beside the frames (`docs/protocol.md` §5).

To the pool through a FIFO, from the pool through a Unix socket. Each way has a thread of its own, so that a
transfer delays no small call; neither thread is on the path of one.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
from typing import Any, BinaryIO, Callable

from . import compression, splicing

OUT, IN = "out", "in"
"""Names in the directory that the pool makes for a worker: the FIFO, which the worker makes, and the socket."""

_HEADER = 17
_BYTES = 0
_SOCKET_BYTES = 4 << 20
_CONNECT_SECONDS = 10.0
_FAILED = 70
"""EX_SOFTWARE of sysexits.h."""


class LaneBroken(Exception):
    """A buffer cannot be had. The message says why."""


def _end(error: BaseException) -> None:  # pragma: no cover - a process that ends so keeps no record
    os.write(2, f"envmgr worker: the second lane broke: {error}\n".encode("utf-8", "backslashreplace"))
    os._exit(_FAILED)


class Lane:
    """Both ways of one worker. `fill(size)` gives the memory that a buffer is received into; `compressed`: both sides
    compress. `fail` is told of a buffer that could not be sent whole: nothing after it can be trusted.
    """

    def __init__(
        self,
        directory: str,
        fill: Callable[[int], Any] = bytearray,
        compressed: bool = False,
        fail: Callable[[BaseException], None] = _end,
    ) -> None:
        fifo = os.path.join(directory, OUT)  # noqa: PTH118 - a worker starts without pathlib
        os.mkfifo(fifo, 0o600)
        # Opened both ways first: opening one way waits for the other side, and the other side waits for us.
        both = os.open(fifo, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(_CONNECT_SECONDS)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BYTES)
            self._socket.connect(os.path.join(directory, IN))  # noqa: PTH118
            if self._socket.recv(1) != b"\x01":
                raise LaneBroken("the pool did not open the lane")
            self._socket.settimeout(None)
            self._out = os.open(fifo, os.O_WRONLY | os.O_CLOEXEC)
        finally:
            os.close(both)
        self._fill = fill
        self._fail = fail
        self._compressed = compressed
        self._splice = splicing.Splicer(self._out)
        self._jobs: queue.SimpleQueue[tuple[Any, threading.Event]] = queue.SimpleQueue()
        self._last = threading.Event()
        self._last.set()
        self._sender: threading.Thread | None = None
        self._arrived: dict[int, Any] = {}
        self._unwanted: set[int] = set()
        self._changed = threading.Condition()
        self._last_key = 0
        self._broken = False
        threading.Thread(target=self._receive, name="envmgr-lane-in", daemon=True).start()

    @property
    def descriptors(self) -> tuple[int, int]:
        return self._out, self._socket.fileno()

    def send(self, view: memoryview) -> threading.Event:
        """Sends the bytes of `view` behind all that was given before. Returns at once; the event is set when the
        pool has read them, and until then they must not change.
        """
        if self._sender is None:
            self._sender = threading.Thread(target=self._transmit, name="envmgr-lane-out", daemon=True)
            self._sender.start()
        self._last = threading.Event()
        self._jobs.put((view, self._last))
        return self._last

    def flush(self) -> None:
        """Waits until all that was given has been read by the pool."""
        self._last.wait()

    def take(self, key: int) -> Any:
        """The buffer that was sent under `key`, once: `bytes`, or memory that is the caller's to keep and write.

        Waits for it: the pool sends a buffer before the call that needs it. Raises `LaneBroken`.
        """
        with self._changed:
            while key > self._last_key:
                if self._broken:
                    raise LaneBroken("the lane ended before the buffer came")
                self._changed.wait()
            if key not in self._arrived:
                raise LaneBroken("the buffer was taken already")
            return self._arrived.pop(key)

    def drop(self, keys: range) -> None:
        """Forgets buffers that no call will take (any more), also those that are still coming."""
        with self._changed:
            for key in keys:
                if self._arrived.pop(key, None) is None and key > self._last_key:
                    self._unwanted.add(key)

    def _transmit(self) -> None:
        while True:
            view, done = self._jobs.get()
            try:
                self._write(view)
            except BrokenPipeError:
                pass  # the pool is gone; the guard ends this process
            except BaseException as error:  # noqa: BLE001 - the pool waits for bytes that will not come
                self._fail(error)
            finally:
                del view
                done.set()

    def _write(self, view: memoryview) -> None:
        if self._compressed:
            for chunk in compression.chunks(view):
                self._splice.write(memoryview(chunk))
        else:
            self._splice.write(view)

    def _receive(self) -> None:
        stream = self._socket.makefile("rb")
        try:
            while True:
                header = _exactly(stream, _HEADER)
                key, size = int.from_bytes(header[1:9], "big"), int.from_bytes(header[9:], "big")
                data = self._buffer(stream, size, header[0] == _BYTES)
                with self._changed:
                    self._last_key = key
                    if key in self._unwanted:
                        self._unwanted.remove(key)
                    else:
                        self._arrived[key] = data
                        self._changed.notify_all()
                del data
        except (OSError, EOFError, ValueError):
            pass  # who waits for a buffer is told
        finally:
            with self._changed:
                self._broken = True
                self._changed.notify_all()

    def _buffer(self, stream: BinaryIO, size: int, whole: bool) -> Any:
        if whole and not self._compressed:
            return _exactly(stream, size)
        data = self._fill(size)
        view, filled = memoryview(data), 0
        if self._compressed:

            def put(piece: bytes) -> None:
                nonlocal filled
                view[filled : filled + len(piece)] = piece
                filled += len(piece)

            compression.receive(lambda count: _exactly(stream, count), put)
            return bytes(data) if whole else data
        while filled < size:
            count = stream.readinto(view[filled:])  # type: ignore[attr-defined]
            if not count:
                raise EOFError
            filled += count
        return data


def _exactly(stream: BinaryIO, count: int) -> bytes:
    """Read into place by the buffered reader, without another copy."""
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data
