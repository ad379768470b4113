"""How what is said of pools and of calls must fit each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from envmgr.config.problems import Finding, near
from envmgr.config.schema import ConfigFile, environment_of


def check(config: ConfigFile) -> Iterator[Finding]:
    yield from _sizes(config)
    yield from _profiles(config)
    yield from _pools(config)
    for name, library in config.library.items():
        recovery = library.recovery
        for table, paths in (
            (("cache", "functions"), library.cache.functions),
            (("limits", "functions"), library.limits.functions),
            (("recovery", "hedge"), recovery.hedge),
            (("recovery", "fallbacks"), recovery.fallbacks),
        ):
            for path in paths:
                yield from _own(("library", name, *table, path), name, path, at="key")
        for index, path in enumerate(recovery.idempotent):
            yield from _own(("library", name, "recovery", "idempotent", index), name, path)
        for path in recovery.hedge:
            if path not in recovery.idempotent and f"{name}.*" not in recovery.idempotent:
                yield Finding(
                    ("library", name, "recovery", "hedge", path),
                    f"`{path}` is not among the `idempotent` functions: a second worker would run it too",
                    "only what may be run twice is hedged",
                    at="key",
                )
        for path, others in recovery.fallbacks.items():
            for index, other in enumerate(others):
                place = ("library", name, "recovery", "fallbacks", path, index)
                library_name = other.partition(".")[0]
                if other == path:
                    yield Finding(place, f"`{other}` cannot take its own place")
                elif other.endswith(".*"):
                    yield Finding(place, f"`{other}` is no function", "a fallback is one function")
                elif library_name not in config.library and library_name not in config.aliases:
                    suggestion = near(library_name, config.library)
                    yield Finding(
                        place,
                        f"there is no library `{library_name}`",
                        "",
                        suggestion and other.replace(library_name, suggestion, 1),
                    )


def _own(
    place: tuple[str | int, ...], name: str, path: str, at: Literal["key", "value"] = "value"
) -> Iterator[Finding]:
    if not path.startswith(f"{name}."):
        yield Finding(
            place,
            f"`{path}` is not a function of this library",
            f"a path begins with the library's name: `{name}.…`",
            f"{name}.{path.partition('.')[2]}",
            at=at,
        )


def _sizes(config: ConfigFile) -> Iterator[Finding]:
    tables: list[tuple[tuple[str, ...], int | None, int | None]]
    tables = [(("defaults",), config.defaults.workers, config.defaults.min_workers)]
    tables += [(("library", n), t.workers, t.min_workers) for n, t in config.library.items()]
    tables += [
        (("environment", e, "pools", n), p.workers, p.min_workers)
        for e, t in config.environment.items()
        for n, p in t.pools.items()
    ]
    for place, most, least in tables:
        if most is not None and least is not None and least > most:
            yield Finding(
                (*place, "min-workers"),
                f"`min-workers` is more than `workers`, {most}",
                "a pool keeps at least the one and at most the other",
            )


def _profiles(config: ConfigFile) -> Iterator[Finding]:
    first: dict[str, tuple[str, str]] = {}
    for name, library in config.library.items():
        if library.worker_profile is None:
            continue
        environment = environment_of(name, library)
        other, profile = first.setdefault(environment, (name, library.worker_profile))
        if profile != library.worker_profile:
            yield Finding(
                ("library", name, "worker-profile"),
                f"library `{other}` of the same environment `{environment}` says {profile}",
                f"say it once, or make a pool of its own: [environment.{environment}.pools.NAME]",
            )


def _pools(config: ConfigFile) -> Iterator[Finding]:
    for environment, table in config.environment.items():
        members = [n for n, library in config.library.items() if environment_of(n, library) == environment]
        for name, pool in table.pools.items():
            place = ("environment", environment, "pools", name)
            if name == "default":
                yield Finding(
                    place,
                    "the default pool is described by its libraries",
                    "another pool has another name",
                    at="key",
                )
            if pool.libraries == []:
                yield Finding((*place, "libraries"), "a pool serves at least one library")
            for index, library in enumerate(pool.libraries or ()):
                if library not in members:
                    yield Finding(
                        (*place, "libraries", index),
                        f"`{library}` is not a library of environment `{environment}`",
                        f"it has {', '.join(members)}",
                        near(library, members),
                    )
