"""One mutating operation per project at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError

WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.02
# Bytes of the holder's note: always as many, since truncating a file costs more than the rest.
_NOTE = 240


@contextlib.contextmanager
def hold(layout: Layout, *, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the project's lock; the kernel frees it when this process ends, however it ends.

    Blocks up to `wait` seconds, then raises E-BUSY naming who holds it. OSError when `.envmgr` cannot be
    written.
    """
    prepare(layout)
    descriptor = os.open(layout.busy, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(descriptor, layout.busy, wait)
        os.pwrite(descriptor, f"{os.getpid()} {_command()}".encode()[:_NOTE].ljust(_NOTE), 0)
        yield
    finally:
        os.close(descriptor)


def prepare(layout: Layout) -> None:
    """Make `.envmgr`, of which nothing is committed. OSError when it cannot be written."""
    if not layout.busy.parent.is_dir():
        layout.home.mkdir(parents=True, exist_ok=True)
        layout.ignore.write_text("*\n")  # first: a kill in between leaves it to the next command
        layout.busy.parent.mkdir(parents=True, exist_ok=True)


def is_possible(path: Path) -> bool:
    """Whether the file system of this file has the locks that `hold` and workers' leases need. OSError when it
    cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise _busy(path, wait) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _busy(path: Path, wait: float) -> EnvmgrError:
    pid, _, command = path.read_text("utf-8", errors="replace").strip().partition(" ")
    who = f"process {pid} ({command})" if pid else "another process"
    return EnvmgrError(
        "E-BUSY",
        f"{who} is changing this project's environments; waited {wait:g} s",
        hint="run the command again when it has finished",
        details={"pid": int(pid) if pid.isdigit() else None, "command": command},
    )


def _command() -> str:
    return " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
