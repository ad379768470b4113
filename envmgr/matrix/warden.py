"""Ends what a killed run leaves: a process beside it that waits until it is gone.

The kernel ends the children of a killed process, and not what these have started; a temporary directory it ends not
at all. The warden knows both, finds daemons by the directory in their variables, and does nothing while the run
lives.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from types import TracebackType

from envmgr.tools import process

_CODE = """
import glob, os, shutil, signal, sys
groups, places = set(), set()
signal.signal(signal.SIGINT, signal.SIG_IGN)
for line in sys.stdin.buffer:
    sign, kind, rest = line[:1], line[1:2], os.fsdecode(line[2:-1])
    known = groups if kind == b"g" else places
    known.add(rest) if sign == b"+" else known.discard(rest)
for group in groups:
    try:
        os.killpg(int(group), signal.SIGKILL)
    except OSError:
        pass
for name in glob.glob("/proc/[0-9]*/environ") if places else ():
    try:
        with open(name, "rb") as file:
            variables = file.read()
        if any(os.fsencode(place + "/") in variables for place in places):
            os.kill(int(name.split("/")[2]), signal.SIGKILL)
    except OSError:
        pass
for place in places:
    shutil.rmtree(place, ignore_errors=True)
"""
_SECONDS = 10.0


class Warden:
    """Use as a context manager, around all that it is to watch. Any thread may tell it something."""

    def __enter__(self) -> Warden:
        self._guard = threading.Lock()
        self._child = process.start(
            [sys.executable, "-I", "-S", "-c", _CODE],
            cwd=Path("/"),
            env={"PATH": os.defpath},
            stdin=True,
            output=False,
            outlive=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child.stdin is not None  # noqa: S101 - a pipe was asked for
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        process.wait(self._child, _SECONDS)

    def remember(self, what: Path | int) -> None:
        """A directory, or a process group, that is to go with this process."""
        self._say("+", what)

    def forget(self, what: Path | int) -> None:
        self._say("-", what)

    def _say(self, sign: str, what: Path | int) -> None:
        kind = "g" if isinstance(what, int) else "d"
        with self._guard, contextlib.suppress(OSError):  # one that was ended is done without
            assert self._child.stdin is not None  # noqa: S101 - a pipe was asked for
            self._child.stdin.write(os.fsencode(f"{sign}{kind}{what}\n"))
            self._child.stdin.flush()
