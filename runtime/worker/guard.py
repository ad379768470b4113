"""A worker never outlives its pool.

Three ends, for none of them reaches all cases: the kernel's parent-death signal (Linux; also while C code
holds the GIL), a thread that waits for the hang-up of the pool's descriptor (elsewhere, and when the pool
closes the port but lives on), and end of file in the loop itself (between calls).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading

from ..wire.messages import CLOSED

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> bool:
    """Asks Linux for SIGKILL when the parent goes; False where that cannot be had."""
    return _at_parents_death(signal.SIGKILL)


def live_without_parent() -> bool:
    """Takes that back."""
    return _at_parents_death(0)


def _at_parents_death(number: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False


def die_at_hangup(reading: int, writing: int) -> None:
    """Starts the thread that kills this process and its group when `reading` hangs up.

    Where that came of what runs here, for it has closed one of the two, the status it ends with says so.
    """
    ours = {descriptor: _file(descriptor) for descriptor in (reading, writing)}
    threading.Thread(target=_wait, args=(reading, ours), name="envmgr-guard", daemon=True).start()


def own_group() -> None:
    """Makes this process the leader of a process group, so that it can be killed with its children."""
    with contextlib.suppress(OSError):  # it leads a session or a group already
        os.setpgid(0, 0)


def end() -> None:  # pragma: no cover - a killed process keeps no record; the tests see it dead
    """Ends this process and its group at once, running no handler of anybody's."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _wait(reading: int, ours: dict[int, tuple[int, int] | None]) -> None:  # pragma: no cover - as `end`
    poll = select.poll()
    poll.register(reading, 0)
    while not poll.poll():
        pass
    if any(_file(descriptor) != file for descriptor, file in ours.items()):
        os._exit(CLOSED)
    end()


def _file(descriptor: int) -> tuple[int, int] | None:
    """What a number stands for now; None: nothing."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino
