"""The store key that a lock leads to, remembered: telling it anew costs the import of packaging.

    <cache>/keys/<digest of all that decides it>    the key

It may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import astuple
from pathlib import Path

from envmgr import __version__, caches
from envmgr.environments import store
from envmgr.environments.locks import Lock
from envmgr.tools.interpreters import Interpreter

_KEY = re.compile(r"[0-9a-f]{20}")


def of(lock: Lock, interpreter: Interpreter, link_mode: str) -> str:
    """As `store.key` of the lock's packages. Raises E-LOCK."""
    place = _places() / store.digest([__version__, lock.digest, astuple(interpreter), link_mode])
    with contextlib.suppress(OSError, ValueError):
        known = place.read_text("ascii")
        if _KEY.fullmatch(known):
            caches.use(place)
            return known
    key = store.key(lock.packages(interpreter), interpreter, link_mode)
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f".{place.name}.{os.getpid()}")
        beside.write_text(key, "ascii")
        beside.replace(place)
    return key


def prune() -> None:
    """Forget what nobody asked for in thirty days."""
    for place in _places().glob("*"):
        if caches.unused(place):
            place.unlink(missing_ok=True)


def _places() -> Path:
    return caches.directory() / "keys"
