"""What was compared once, kept for all projects of this user.

    <cache>/api/<digest of all that decides it>.msgpack

Releases do not change, so this stays until nobody asks for thirty days. It may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import msgpack

from envmgr import caches
from envmgr.model.changes import ApiDiff, Change, Suppressed


@functools.cache
def sources() -> str:
    """Names what compares: what other sources found is compared again."""
    whole = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        whole.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:12]


def read(name: str) -> ApiDiff | None:
    place = _place(name)
    try:
        found = _from_plain(msgpack.unpackb(place.read_bytes()))
        caches.use(place)
    except (OSError, ValueError, TypeError, KeyError, msgpack.UnpackException):
        return None
    return found


def write(name: str, found: ApiDiff) -> None:
    """Without a word where that is not possible."""
    place = _place(name)
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f".{place.name}.{os.getpid()}")
        beside.write_bytes(msgpack.packb(asdict(found)))
        beside.replace(place)


def prune() -> None:
    """Forget what nobody asked for in thirty days."""
    for place in _place("x").parent.glob("*.msgpack"):
        if caches.unused(place):
            place.unlink(missing_ok=True)


def _place(name: str) -> Path:
    return caches.directory() / "api" / f"{name}.msgpack"


def _from_plain(plain: dict[str, Any]) -> ApiDiff:
    if plain.keys() != {field.name for field in fields(ApiDiff)}:
        raise ValueError("it is another version's")
    changes = tuple(Change(**each) for each in plain["changes"])
    suppressed = tuple(Suppressed(Change(**each["change"]), each["reason"]) for each in plain["suppressed"])
    paths = {path: tuple(others) for path, others in plain["paths"].items()}
    return ApiDiff(**{**plain, "changes": changes, "suppressed": suppressed, "paths": paths})
