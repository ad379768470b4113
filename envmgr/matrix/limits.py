"""A program with its time and its memory bounded, and the end of what it prints kept."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envmgr.tools import process

KEPT = 64 * 1024
"""Bytes of output: the last ones."""
TIME = "time"
MEMORY = "memory"
STOPPED = "stopped"
GRACE_SECONDS = 3.0
"""Between SIGTERM and SIGKILL."""
_LOOK_SECONDS = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one attempt: seconds, and bytes of its whole process tree (None: no bound). `stop` ends it from outside."""

    seconds: float
    memory: int | None
    stop: threading.Event


@dataclass(frozen=True, slots=True)
class Ended:
    """`status` is negative for a signal. `why` is the limit that ended it: TIME, MEMORY, STOPPED, or "". `peak`: the
    most memory that was seen, in bytes; 0 when nobody looked."""

    status: int
    seconds: float
    output: str
    why: str
    peak: int


def attend(child: process.Child, limits: Limits) -> Ended:
    """Wait for a child of `process.start`, in whatever thread; nothing that it started in its group is left.

    A limit that is met ends the group with SIGTERM, and after `GRACE_SECONDS` with SIGKILL.
    """
    begun = time.monotonic()
    tail = _Tail()
    why, peak = "", 0
    kill_at: float | None = None
    try:
        while child.poll() is None:
            tail.read(child, _LOOK_SECONDS)
            now = time.monotonic()
            if kill_at is not None:
                if now >= kill_at:
                    process.signal_group(child, signal.SIGKILL)
                continue
            if limits.memory is not None:
                peak = max(peak, used(child.pid, limits.memory))
            why = _met(limits, now - begun, peak)
            if why:
                process.signal_group(child, signal.SIGTERM)
                kill_at = now + GRACE_SECONDS
    finally:
        process.ended(child)
    seconds = time.monotonic() - begun
    tail.read(child, 0)
    if child.stdout is not None:
        child.stdout.close()
    return Ended(child.returncode, seconds, tail.text(), why, peak)


def _met(limits: Limits, seconds: float, memory: int) -> str:
    if limits.stop.is_set():
        return STOPPED
    if limits.memory is not None and memory > limits.memory:
        return MEMORY
    return TIME if seconds > limits.seconds else ""


def used(pid: int, enough: int = 0) -> int:
    """Bytes of memory that a process and all below it have; 0 where there is no /proc.

    Pages that several of them share are counted once, as their shares (PSS), if they matter: when the sum of what
    each has resident is above `enough`.
    """
    tree = list(_tree(pid))
    resident = sum(map(_resident, tree))
    return resident if resident <= enough else sum(map(_share, tree))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                for child in (task / "children").read_text("ascii").split():
                    yield from _tree(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return 0


def _share(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, IndexError, ValueError):
        return _resident(pid)


class _Tail:
    """The end of what was read."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._before = 0

    def read(self, child: process.Child, seconds: float) -> None:
        """What is there, after waiting that long for some. An end of file, too, ends the wait: for the child.
        One that writes without end is not read for longer."""
        if child.stdout is None:
            process.wait(child, seconds)
            return
        descriptor = child.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        wait, until = seconds, time.monotonic() + max(seconds, _LOOK_SECONDS)
        while poll.poll(wait * 1000) and time.monotonic() < until:
            content = os.read(descriptor, 65536)
            if not content:
                process.wait(child, seconds)
                return
            self._add(content)
            wait = 0

    def _add(self, content: bytes) -> None:
        self._kept += content
        if len(self._kept) > 2 * KEPT:
            self._before += len(self._kept) - KEPT
            del self._kept[:-KEPT]

    def text(self) -> str:
        before = self._before + max(0, len(self._kept) - KEPT)
        text = bytes(self._kept[-KEPT:]).decode("utf-8", "backslashreplace")
        return f"({before} bytes before this are not kept)\n{text}" if before else text
