"""What envmgr.toml says once it is validated and every default is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class HealthCall:
    """A call that must succeed before a generation is activated."""

    call: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pool:
    """How a pool keeps its workers. Times in ms, sizes in bytes, None: no bound. `libraries` is None for all."""

    min: int
    max: int
    lazy: bool = False
    profile: str = "process"
    threads: int = 4
    queue: int = 1_000
    age: int | None = None
    calls: int | None = None
    memory: int | None = None
    libraries: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """What a user calls. `requirement` is None for a module of the interpreter itself.

    `module` is None when the configuration does not name it: it is then the library's own name if the
    environment has such a module, else the one top-level module of its distribution. `serializers` is a
    type's full name → its strategy, `hooks` a hook's name → its function, `pipelines` a path in the library → steps;
    `aliases` another name → this library, or a path that begins with it. `cache`, `limits` and `recovery` are as in
    the launch manifest (docs/protocol.md). `fork`: whether workers may be forked.
    """

    name: str
    requirement: str | None
    module: str | None
    environment: str
    extra_requirements: tuple[str, ...] = ()
    timeout_ms: int = 30_000
    workers: int = 2
    init: str = ""
    health_calls: tuple[HealthCall, ...] = ()
    serializers: Mapping[str, str] = field(default_factory=dict, hash=False)
    hooks: Mapping[str, str] = field(default_factory=dict, hash=False)
    pipelines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    trace: bool = False
    cache: Mapping[str, Any] = field(default_factory=dict, hash=False)
    limits: Mapping[str, Any] = field(default_factory=dict, hash=False)
    recovery: Mapping[str, Any] = field(default_factory=dict, hash=False)
    fork: bool = True

    @property
    def requirements(self) -> tuple[str, ...]:
        own = () if self.requirement is None else (self.requirement,)
        return own + self.extra_requirements


@dataclass(frozen=True, slots=True)
class Environment:
    """Where libraries live. `python` is a version (`3.12`, `3.13t`) or an interpreter's path.

    `platforms` are those that its lock must serve, all when empty. `adopt` is the absolute path of an
    existing environment that is used as it is, and never written to; nothing is locked or built then. `pools` has
    `"default"`, which is made from the libraries' workers where it is not given, and those beside it.
    """

    name: str
    python: str
    libraries: tuple[Library, ...]
    constraints: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    no_build: bool = False
    platforms: tuple[str, ...] = ()
    link_mode: str = "hardlink"
    compression: str = "none"
    adopt: str | None = None
    pools: Mapping[str, Pool] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if "default" not in self.pools:
            most = max((library.workers for library in self.libraries), default=1)
            object.__setattr__(self, "pools", {"default": Pool(most, most), **self.pools})

    @property
    def workers(self) -> int:
        """The most of the default pool."""
        return self.pools["default"].max


@dataclass(frozen=True, slots=True)
class Project:
    """One envmgr.toml. `root` is its directory, absolute."""

    root: Path
    name: str
    environments: Mapping[str, Environment]
    warnings: tuple[str, ...] = ()

    @property
    def libraries(self) -> dict[str, Library]:
        return {
            library.name: library
            for environment in self.environments.values()
            for library in environment.libraries
        }
