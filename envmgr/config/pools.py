"""Pools and what stands around calls: from the tables of envmgr.toml to what the launch manifest says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from envmgr.config.pooling import PoolTable, RecoveryTable
from envmgr.config.schema import DefaultsTable, EnvironmentTable, LibraryTable
from envmgr.model.project import Pool


def pools(
    table: EnvironmentTable, libraries: Sequence[LibraryTable], defaults: DefaultsTable
) -> dict[str, Pool]:
    """The default pool of an environment with these libraries, and those beside it."""
    default = _default(libraries, defaults)
    return {"default": default, **{name: _beside(pool, default) for name, pool in table.pools.items()}}


def _default(libraries: Sequence[LibraryTable], defaults: DefaultsTable) -> Pool:
    most = max(library.workers or defaults.workers for library in libraries)
    least = max(
        library.min_workers or defaults.min_workers or library.workers or defaults.workers
        for library in libraries
    )
    return Pool(
        min=min(least, most),
        max=most,
        lazy=all(defaults.lazy if library.lazy is None else library.lazy for library in libraries),
        profile=next(
            (library.worker_profile for library in libraries if library.worker_profile),
            defaults.worker_profile,
        ),
        threads=max(library.threads or defaults.threads for library in libraries),
        queue=max(library.queue or defaults.queue for library in libraries),
        age=_least(library.recycle.age for library in libraries),
        calls=_least(library.recycle.calls for library in libraries),
        memory=_least(library.recycle.memory for library in libraries),
    )


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _beside(pool: PoolTable, default: Pool) -> Pool:
    most = pool.workers or default.max
    recycle = pool.recycle
    return Pool(
        min=min(pool.min_workers or pool.workers or default.min, most),
        max=most,
        lazy=default.lazy if pool.lazy is None else pool.lazy,
        profile=pool.worker_profile or default.profile,
        threads=pool.threads or default.threads,
        queue=pool.queue or default.queue,
        age=default.age if recycle is None else recycle.age,
        calls=default.calls if recycle is None else recycle.calls,
        memory=default.memory if recycle is None else recycle.memory,
        libraries=None if pool.libraries is None else tuple(pool.libraries),
    )


def around(name: str, table: LibraryTable) -> dict[str, Any]:
    """`cache`, `limits` and `recovery` of a library, paths relative to it."""
    return {
        "cache": _relative(
            name,
            table.cache.functions,
            lambda f: {"ttl": f.ttl, "entries": f.max_entries, "bytes": f.max_bytes, "tags": list(f.tags)},
        ),
        "limits": _relative(
            name,
            table.limits.functions,
            lambda f: {"concurrency": f.concurrency, "rate": None if f.rate is None else list(f.rate)},
        ),
        "recovery": _recovery(name, table.recovery) if table.recovery.model_fields_set else {},
    }


def _recovery(name: str, table: RecoveryTable) -> dict[str, Any]:
    circuit = table.circuit
    return {
        "idempotent": list(_relative(name, dict.fromkeys(table.idempotent), lambda _: None)),
        "retries": table.retries,
        "backoff": table.backoff,
        "hedge": _relative(name, table.hedge, lambda ms: ms),
        "fallbacks": _relative(name, table.fallbacks, list),
        "circuit": None
        if circuit is None
        else {"failures": circuit.failures, "within": circuit.within, "open": circuit.open},
    }


def _relative(name: str, said: dict[str, Any], meaning: Callable[[Any], Any]) -> dict[str, Any]:
    return {path.removeprefix(f"{name}."): meaning(value) for path, value in said.items()}
