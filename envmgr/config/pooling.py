"""How workers are kept, and what is done around calls on the caller's side (docs/pools.md, docs/recovery.md,
docs/caching.md)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from envmgr.config.fields import MILLISECONDS, Duration, Name, Size, problem
from envmgr.config.table import Table

WorkerProfile = Literal["process", "thread", "call"]
Workers = Annotated[int, Field(ge=1, le=256)]
Threads = Annotated[int, Field(ge=2, le=256)]
Queue = Annotated[int, Field(ge=1, le=1_000_000)]
Count = Annotated[int, Field(ge=1, le=2**48)]

_RATE = re.compile(r"([0-9]{1,9})/(s|m|h)")
_FUNCTION = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.(?!_)[^\W\d]\w*)*\.(\*|(?!_)[^\W\d]\w*)")


def _rate(value: Any) -> tuple[int, int]:
    hint = 'write a number of calls and a unit of time: "10/s", "600/m" or "1000/h"'
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise problem(
            "expected a rate in quotes" if not isinstance(value, str) else f"`{value}` is no rate", hint
        )
    return int(match[1]), MILLISECONDS[match[2]]


def _function(text: str) -> str:
    if not _FUNCTION.fullmatch(text):
        raise problem(
            f"`{text}` is not a function's path",
            'write the library, a dot and the function: "numpy.mean"; "numpy.*" is every one that is not named',
        )
    return text


Rate = Annotated[
    tuple[int, int],
    BeforeValidator(_rate),
    WithJsonSchema({"type": "string", "pattern": f"^{_RATE.pattern}$", "examples": ["10/s", "600/m"]}),
]
"""Calls, and in how many milliseconds."""
FunctionPath = Annotated[str, AfterValidator(_function)]


class RecycleTable(Table):
    age: Duration | None = Field(default=None, description="After this time.")
    calls: Count | None = Field(default=None, description="After this many calls.")
    memory: Size | None = Field(
        default=None, description="When its process takes this much memory that is its own."
    )


class PoolTable(Table):
    """A pool beside the default one; what it leaves out is as there."""

    libraries: list[Name] | None = Field(
        default=None, description="The libraries that it serves. Default: all of the environment."
    )
    workers: Workers | None = Field(default=None, description="The most workers that it keeps.")
    min_workers: Workers | None = Field(default=None, description="The least. Default: `workers`.")
    worker_profile: WorkerProfile | None = Field(default=None, description="As of a library.")
    threads: Threads | None = Field(default=None, description="As of a library.")
    lazy: bool | None = Field(default=None, description="As of a library.")
    queue: Queue | None = Field(default=None, description="As of a library.")
    recycle: RecycleTable | None = Field(default=None, description="As of a library.")


class CachedFunctionTable(Table):
    ttl: Duration | None = Field(
        default=None, description="How long an answer stays good. Default: as long as the generation."
    )
    max_entries: Count | None = Field(default=None, description="How many answers are kept.")
    max_bytes: Size | None = Field(default=None, description="How much memory they may take.")
    tags: list[str] = Field(default=[], description="Names by which they can be thrown away together.")


class CacheTable(Table):
    functions: dict[FunctionPath, CachedFunctionTable] = Field(
        default={}, description="Functions whose answers are kept (docs/caching.md)."
    )


class LimitedFunctionTable(Table):
    concurrency: Count | None = Field(default=None, description="The most of its calls at a time.")
    rate: Rate | None = Field(default=None, description='The most of its calls in a time: `"10/s"`.')


class LimitsTable(Table):
    functions: dict[FunctionPath, LimitedFunctionTable] = Field(
        default={}, description="Functions of which not everything goes at once."
    )


class CircuitTable(Table):
    failures: Count = Field(default=5, description="So many failures that are not the caller's …")
    within: Duration = Field(
        default=30_000, description="… within this time open the circuit: calls are refused."
    )
    open: Duration = Field(default=10_000, description="How long, until one call tries again.")


class RecoveryTable(Table):
    idempotent: list[FunctionPath] = Field(
        default=[], description="Functions that may be run twice: only they are called again after a failure."
    )
    retries: int = Field(default=2, ge=0, le=100, description="How often they are called again.")
    backoff: Duration = Field(
        default=100,
        description="How long the first wait is; each next one is twice as long, and all are random.",
    )
    hedge: dict[FunctionPath, Duration] = Field(
        default={},
        description="By function, after which time without an answer a second worker is asked too.",
    )
    fallbacks: dict[FunctionPath, list[FunctionPath]] = Field(
        default={},
        description="By function, what is called instead when it fails for no fault of the caller.",
    )
    circuit: CircuitTable | None = Field(
        default=None, description="When the library is left alone for a while. Default: never."
    )
