"""From what the walk saw to the bytes of a catalog."""

from __future__ import annotations

import threading
from pathlib import Path

from envmgr.catalog import docstrings, writing
from envmgr.catalog.facts import Facts, load

_one = threading.Lock()
"""Two threads that make trees of syntax at once may be told of a recursion that is none (python/cpython#106905)."""


def complete(walked: bytes) -> bytes:
    """A catalog file of what `worker.py catalog` wrote; equal facts, equal bytes. Raises ValueError."""
    found = load(walked)
    with _one:
        _add_stubs(found)
        docstrings.complete(found.objects)
    return writing.encode(found)


def _add_stubs(found: Facts) -> None:
    from envmgr.catalog.stub_lookup import Lookup
    from envmgr.catalog.stubs import Stubs

    major, minor, *_ = found.python.split(".")
    site = None if found.distribution is None else Path(found.root)
    Stubs(found.module, Lookup(site, (int(major), int(minor)))).complete(found.objects)
