"""Directories beside what projects share, for what is built to be looked at and linked from there.

<cache>/scratch-<random>/    deleted by who made it, or by gc when nobody has touched it for thirty days
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from envmgr import caches
from envmgr.environments import files

_PREFIX = "scratch-"


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """Gone at the end. Where the cache cannot have it, it is one of the system's, and nothing is linked."""
    try:
        caches.directory().mkdir(parents=True, exist_ok=True)
        made = tempfile.mkdtemp(prefix=_PREFIX, dir=caches.directory())
    except OSError:
        made = tempfile.mkdtemp(prefix=f"envmgr-{_PREFIX}")
    try:
        yield Path(made)
    finally:
        files.remove(Path(made))


def prune() -> None:
    """Delete what killed processes left."""
    for path in caches.directory().glob(f"{_PREFIX}*"):
        if caches.unused(path):
            files.remove(path)
