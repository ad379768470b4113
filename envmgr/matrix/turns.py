"""Cells are built ahead, and tried so many at a time: a core that waits for a disk or an index tests meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from envmgr.matrix.attempts import Stopped


def ahead(jobs: int) -> int:
    """How many cells more than are tried may stand, or be built. None where one thing at a time is wanted."""
    return jobs // 2


class Turns:
    """`jobs` threads at a time have one."""

    def __init__(self, jobs: int, stop: threading.Event) -> None:
        self._free = threading.Semaphore(jobs)
        self._stop = stop

    @contextlib.contextmanager
    def turn(self) -> Iterator[float]:
        """Wait for one; how many seconds that took. Raises Stopped when the run is to end instead."""
        begun = time.monotonic()
        with self._free:
            if self._stop.is_set():
                raise Stopped
            yield time.monotonic() - begun
