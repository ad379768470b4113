"""The launch manifest ①: all that the pool needs to start workers of one generation (docs/protocol.md,
section 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgpack

from envmgr.environments.layers import worker_of
from envmgr.environments.layout import Layout, entry_name, python_of
from envmgr.environments.modules import Resolved
from envmgr.model.project import Environment, Pool, Project
from envmgr.tools.interpreters import Interpreter

_SCHEMA = 1


def manifest(
    project: Project,
    environment: Environment,
    *,
    generation: int,
    key: str,
    interpreter: Interpreter,
    layer: Path,
    libraries: Sequence[Resolved],
    fork: bool | str = "nobody has tried",
) -> bytes:
    """Equal arguments, equal bytes."""
    layout = Layout(project.root)
    entry = entry_name(environment.name, key)
    store = layout.entry(entry)
    document = {
        "schema": _SCHEMA,
        "project": project.name,
        "environment": environment.name,
        "generation": generation,
        "key": key,
        "store": str(store),
        "python": {
            "version": interpreter.version,
            "implementation": interpreter.implementation,
            "executable": interpreter.executable,
        },
        "command": [str(python_of(store)), "-I", "-B", str(worker_of(layer))],
        "env": variables(store),
        "cwd": str(project.root),
        "lease": str(layout.lease(entry)),
        "pools": {name: _pool(pool) for name, pool in environment.pools.items()},
        "fork": fork,
        "compression": environment.compression,
        "libraries": {
            resolved.library.name: {
                "module": resolved.module,
                "distribution": resolved.distribution,
                "version": resolved.version,
                "timeout": resolved.library.timeout_ms,
                "init": resolved.library.init,
                "serializers": dict(resolved.library.serializers),
                "hooks": dict(resolved.library.hooks),
                "pipelines": {path: dict(steps) for path, steps in resolved.library.pipelines.items()},
                "aliases": dict(resolved.library.aliases),
                "trace": resolved.library.trace,
                "cache": dict(resolved.library.cache),
                "limits": dict(resolved.library.limits),
                "recovery": dict(resolved.library.recovery),
                "catalog": str(layout.catalog_of(entry, resolved.module)),
            }
            for resolved in libraries
        },
    }
    packed: bytes = msgpack.packb(document)
    return packed


def _pool(pool: Pool) -> dict[str, Any]:
    return {
        "min": pool.min,
        "max": pool.max,
        "lazy": pool.lazy,
        "profile": pool.profile,
        "threads": pool.threads,
        "queue": pool.queue,
        "recycle": {"age": pool.age, "calls": pool.calls, "memory": pool.memory},
        "libraries": None if pool.libraries is None else list(pool.libraries),
    }


def variables(store: Path) -> dict[str, str | None]:
    """What a worker's own subprocesses must find: this environment, no other's paths, and no bytecode written
    into it.
    """
    return {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHOME": None,
        "PYTHONPATH": None,
        "VIRTUAL_ENV": str(store),
    }


def decode(content: bytes) -> dict[str, Any]:
    document: dict[str, Any] = msgpack.unpackb(content)
    return document
