"""A process that has imported the libraries and forks workers (`docs/protocol.md` §6).

It is one thread that waits for four things: programs that hand over a worker's descriptors, workers that end, the end
of its pool, and nothing else. The workers are copies of it, so it must not have what two processes cannot share.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import threading
from typing import Any, Callable

from ..wire.messages import FORKED, HELLO
from ..wire.packing import packb
from . import guard

SOCKET = "fork"
"""Its name in the directory that the pool makes."""
_WITHOUT_THREADS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
_BACKLOG = 64
_MOST = 64
"""Bytes of a request: the number that the pool has given it."""
_TAKEN = b"\x01"


def hold_threads() -> None:
    """Before anything is imported: libraries that compute in threads start none, unless the user says how many."""
    for name, value in _WITHOUT_THREADS.items():
        os.environ.setdefault(name, value)


class Zygote:
    """Of one pool, which it reads from `reading`; `send(packed)` sends a message to it."""

    def __init__(self, reading: int, send: Callable[[bytes], None]) -> None:
        self._reading = reading
        self._send = send
        self._workers: set[int] = set()
        self._before = _shared()
        self.forks = False
        """Whether a fork is being made that becomes a worker."""

    def _refusal(self) -> str | None:
        """Why this process cannot be copied, now that all is loaded; None: it can."""
        gc.collect()  # also what only a cycle keeps open
        threads = _threads()
        if threads:
            return f"the import leaves threads running ({', '.join(threads)}), which a fork would not have"
        if _has_children():
            return "the import leaves a process running, whose pipes all forks would share"
        opened = _shared() - self._before
        if opened:
            named = ", ".join(sorted(what for _, what in opened))
            return f"the import leaves {named} open, which all forks would share"
        return None

    def serve(self, directory: str, facts: dict[str, Any], writing: int) -> bool:
        """Says hello and forks. True in a worker, whose descriptors are in the place of the zygote's; False when the
        pool is gone, or when this process cannot be copied, which the hello says."""
        _prepare()
        why = self._refusal()
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(os.path.join(directory, SOCKET))  # noqa: PTH118 - a worker starts without pathlib
            listener.listen(_BACKLOG)
            listener.setblocking(False)
        except OSError as error:  # a path that is too long, for one
            why = why or f"nobody could reach it: {error}"
        if why is not None:
            self._send(packb([HELLO, 0, {**facts, "fork": why}]))
            return False
        gc.freeze()
        children = _Children()
        self._send(packb([HELLO, 0, {**facts, "fork": True}]))
        guard.live_without_parent()  # it has workers to end first, and is never in C code for long
        pair = self._wait(listener, children)
        if pair is None:
            return False
        listener.close()
        children.leave()
        for descriptor, own in zip(pair, (self._reading, writing)):
            os.dup2(descriptor, own, inheritable=False)
            os.close(descriptor)
        _new_seeds()
        return True

    def _wait(self, listener: socket.socket, children: _Children) -> tuple[int, int] | None:
        poll = select.poll()
        for descriptor in (self._reading, children.descriptor, listener.fileno()):
            poll.register(descriptor, select.POLLIN)
        coming: dict[int, socket.socket] = {}
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._reading:
                    self._end()
                    return None
                if descriptor == children.descriptor:
                    children.heard()
                    self._reap()
                elif descriptor == listener.fileno():
                    with contextlib.suppress(OSError):  # it went away, or this process has no descriptor left
                        request, _ = listener.accept()
                        request.setblocking(False)
                        coming[request.fileno()] = request
                        poll.register(request, select.POLLIN)
                else:
                    poll.unregister(descriptor)
                    request = coming.pop(descriptor)
                    pair = self._born(request)
                    if pair is not None:
                        request.close()
                        for other in coming.values():
                            other.close()
                        return pair
                    request.close()

    def _born(self, request: socket.socket) -> tuple[int, int] | None:
        """Forks for a request; its descriptors, in the worker."""
        try:
            number, descriptors = _received(request)
        except (OSError, ValueError):
            return None
        zygote = os.getpid()
        self.forks = True
        try:
            pid = os.fork()
        except OSError as error:
            self._send(packb([FORKED, number, None, f"the zygote cannot fork: {error}"]))
            pid = -1
        finally:
            self.forks = False
        if pid == 0:
            guard.own_group()
            guard.die_with_parent()
            if os.getppid() != zygote:  # it was killed before the kernel knew that we should be
                os._exit(0)
            return descriptors
        for descriptor in descriptors:
            os.close(descriptor)
        if pid > 0:
            with contextlib.suppress(OSError):  # the child was quicker
                os.setpgid(pid, pid)
            self._workers.add(pid)
            self._send(packb([FORKED, number, pid]))
            with contextlib.suppress(OSError):
                request.send(_TAKEN)
        return None

    def _reap(self) -> None:
        """Tells of the workers that have ended."""
        for pid in list(self._workers):
            status = _ended(pid)
            if status is None:
                continue
            self._workers.discard(pid)
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            self._send(packb([FORKED, 0, pid, code]))

    def _end(self) -> None:
        for pid in self._workers:
            _kill_group(pid)


class _Children:
    """Whether a child may have ended, as a descriptor that can be waited for. Set up when all is imported, and taken
    down in a worker."""

    def __init__(self) -> None:
        self.descriptor, self._bell = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._bell, False)
        self._handler = signal.signal(signal.SIGCHLD, lambda *_: None)
        self._wakeup = signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)

    def heard(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.descriptor, 4096)

    def leave(self) -> None:
        signal.set_wakeup_fd(self._wakeup)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL if self._handler is None else self._handler)
        os.close(self.descriptor)
        os.close(self._bell)


def _prepare() -> None:
    """Imports what a worker imports when it is first needed."""
    from ..failures import report  # noqa: F401
    from ..values import registry

    registry.prepare()


def _new_seeds() -> None:
    """In a worker: Python gives `random` another state in every fork, NumPy does not."""
    numpy_random = sys.modules.get("numpy.random")
    with contextlib.suppress(Exception):  # a generator of another kind, which cannot be seeded so
        if numpy_random is not None:
            numpy_random.seed()


def _received(request: socket.socket) -> tuple[int, tuple[int, int]]:
    """Raises `OSError` or `ValueError`."""
    room = socket.CMSG_SPACE(8)
    data, ancillary, _, _ = request.recvmsg(_MOST, room, getattr(socket, "MSG_CMSG_CLOEXEC", 0))
    found = [
        int.from_bytes(rights[start : start + 4], sys.byteorder)
        for level, kind, rights in ancillary
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for start in range(0, len(rights) - 3, 4)
    ]
    if len(found) == 2 and data.isdigit():
        return int(data), (found[0], found[1])
    for descriptor in found:
        os.close(descriptor)
    raise ValueError("no request of a handover")


def _ended(pid: int) -> int | None:
    """The status of a worker that has ended. What it has started is ended with it, before it is reaped: until then
    the number of its group is certain to be theirs."""
    if not hasattr(os, "waitid"):  # pragma: no cover - macOS before Python 3.13
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _kill_group(pid)
        return status if ended else None
    if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return None
    _kill_group(pid)
    return os.waitpid(pid, 0)[1]


def _kill_group(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


def _has_children() -> bool:
    if not hasattr(os, "waitid"):  # pragma: no cover - macOS before Python 3.13
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _threads() -> list[str]:
    """The names of all but the main one, those of C libraries too, where the system tells."""
    main = threading.main_thread()
    found = [thread.name for thread in threading.enumerate() if thread is not main]
    with contextlib.suppress(OSError):
        for task in sorted(map(int, os.listdir("/proc/self/task"))):  # noqa: PTH208 - no pathlib here
            if task != os.getpid() and not any(thread.native_id == task for thread in threading.enumerate()):
                with open(f"/proc/self/task/{task}/comm", encoding="utf-8", errors="replace") as comm:  # noqa: PTH123
                    found.append(comm.read().strip())
    return found


def _shared() -> set[tuple[int, str]]:
    """Descriptors whose other end, or state, would be shared by all workers; none where the system does not tell."""
    found = set()
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
            with contextlib.suppress(OSError):
                what = os.readlink(f"/proc/self/fd/{name}")
                if what.startswith("socket:"):
                    found.add((int(name), "a socket"))
                elif what.startswith("anon_inode:[eventpoll]"):
                    found.add((int(name), "an event loop"))
    return found
