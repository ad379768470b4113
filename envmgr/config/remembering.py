"""Projects that were loaded, kept so that an unchanged envmgr.toml is not validated again.

Validation costs the import of pydantic and packaging, which is most of what `status`, or a `sync` with
nothing to do, would take. The files are in the user's cache: they may go at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgpack

from envmgr import caches
from envmgr.config.layers import Layers
from envmgr.model import project as model
from envmgr.model.project import Environment, HealthCall, Library, Pool, Project

_KIND = "projects"


def recall(path: Path, content: bytes, layers: Layers) -> Project | None:
    """The project that `content` of the envmgr.toml at `path` is under `layers`, if it was kept."""
    place = _place(path, content, layers)
    try:
        project = _project(path.parent, msgpack.unpackb(place.read_bytes()))
        caches.use(place)
    except (OSError, ValueError, TypeError, KeyError, msgpack.UnpackException):
        return None
    return project


def keep(path: Path, content: bytes, layers: Layers, project: Project) -> None:
    """Keep it, for this user's eyes; without a word where that is not possible."""
    place = _place(path, content, layers)
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    known = asdict(project)
    del known["root"]
    with contextlib.suppress(OSError, ValueError, TypeError, OverflowError):
        packed = msgpack.packb(known)
        place.parent.mkdir(parents=True, exist_ok=True)
        beside.touch(0o600)
        beside.write_bytes(packed)
        beside.replace(place)


def prune() -> None:
    """Forget projects that nobody loaded in thirty days."""
    for place in (caches.directory() / _KIND).glob("*"):
        if caches.unused(place):
            place.unlink(missing_ok=True)


def _place(path: Path, content: bytes, layers: Layers) -> Path:
    return caches.directory() / _KIND / f"{_key(path, content, layers)}.msgpack"


def _key(path: Path, content: bytes, layers: Layers) -> str:
    """Of all that the project depends on: text, place, layers, the interpreter's version, and this code."""
    modules = [*Path(__file__).parent.glob("*.py"), Path(model.__file__)]
    code = max(module.stat().st_mtime_ns for module in modules)
    laid = (layers.profile, sorted(layers.variables.items()), layers.settings)
    facts = (str(path), laid, sys.version_info[:2], str(caches.home()), code)
    return hashlib.sha256(repr(facts).encode(errors="replace") + content).hexdigest()


def _project(root: Path, known: dict[str, Any]) -> Project:
    environments = {name: _environment(table) for name, table in known["environments"].items()}
    return Project(root, known["name"], environments, tuple(known["warnings"]))


def _environment(known: dict[str, Any]) -> Environment:
    libraries = tuple(_library(table) for table in known["libraries"])
    texts = {key: tuple(known[key]) for key in ("constraints", "overrides", "platforms")}
    pools = {name: _pool(table) for name, table in known["pools"].items()}
    return Environment(**{**known, **texts, "libraries": libraries, "pools": pools})


def _pool(known: dict[str, Any]) -> Pool:
    libraries = None if known["libraries"] is None else tuple(known["libraries"])
    return Pool(**{**known, "libraries": libraries})


def _library(known: dict[str, Any]) -> Library:
    calls = tuple(HealthCall(**{**call, "args": tuple(call["args"])}) for call in known["health_calls"])
    extras = tuple(known["extra_requirements"])
    return Library(**{**known, "health_calls": calls, "extra_requirements": extras})
