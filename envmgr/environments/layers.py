"""Runtime layers: our worker and its private msgpack, once per interpreter ABI, outside every environment.

    runtime/<abi>-<hash>/worker.py             started by path; loads the package by file
    runtime/<abi>-<hash>/envmgr_runtime/       the runtime's sources
    runtime/<abi>-<hash>/envmgr_runtime/_vendor/msgpack/

The directory never stands on a worker's `sys.path`, so an environment may hold any msgpack. `laying` builds them.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.tools.interpreters import Interpreter

MSGPACK = "msgpack>=1.0.5,<2"
_HASH_LENGTH = 12


def worker_of(layer: Path) -> Path:
    return layer / "worker.py"


def place(layout: Layout, interpreter: Interpreter) -> Path:
    """Where the layer of this interpreter is, or is to be: equal sources and ABI, equal path. Cost: reads the
    sources once.
    """
    return layout.layers / f"{interpreter.abi}-{_sources_digest()}"


@functools.cache
def sources() -> Path:
    found = importlib.util.find_spec("envmgr_runtime")
    if found is None or found.origin is None:
        raise EnvmgrError("E-INTERNAL", "the package envmgr_runtime is not installed beside envmgr")
    return Path(found.origin).parent


def _source_files() -> Iterator[Path]:
    for path in sorted(sources().rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and "_vendor" not in path.parts:
            yield path


@functools.cache
def _sources_digest() -> str:
    whole = hashlib.sha256(MSGPACK.encode())
    for path in _source_files():
        whole.update(f"\0{path.relative_to(sources()).as_posix()}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:_HASH_LENGTH]
