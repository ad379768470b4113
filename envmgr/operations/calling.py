"""`envmgr call`: one function, through a real worker of the active generation."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from envmgr.catalog import Catalog, Row, read
from envmgr.environments.launch import decode
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.operations.fitting import fit
from envmgr.tools import process
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.worker.client import Client, RemoteRef, WorkerError, WorkerLost

_Launch = dict[str, Any]


def call(root: Path, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The value of `path(*args, **kwargs)`; what cannot be sent comes as a `RemoteRef`, whose object is gone
    with the worker. Costs the start of a worker.

    Raises E-UNKNOWN-LIBRARY and E-UNKNOWN-FUNCTION with near names, E-NOT-INSTALLED, and E-CALL for what the
    function raised.
    """
    launch, path, (args, kwargs) = prepare(root, path, args, kwargs)
    name = path.partition(".")[0]
    known = libraries(launch)
    module, init, _, around = known[name]
    strategies = {kind: said for _, _, named, _ in known.values() for kind, said in named.items()}
    try:
        with Client(
            launch["command"],
            {name: [module, init, strategies, around]},
            lease=launch["lease"],
            environment=launch["key"],
            env=variables(launch),
            cwd=launch["cwd"],
        ) as client:
            return client.call(path, args, kwargs)
    except WorkerError as problem:
        raise raised(path, problem.error) from None
    except (ConversionError, WorkerLost) as problem:
        raise EnvmgrError("E-CALL", f"{path}: {problem}") from None
    except OSError as problem:
        raise EnvmgrError(
            "E-NOT-INSTALLED",
            f"the environment of {name} does not run: {problem.filename}: {problem.strerror}",
            hint="`envmgr health` says what is wrong with it",
        ) from None


def prepare(
    root: Path, path: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[_Launch, str, tuple[list[Any], dict[str, Any]]]:
    """The manifest of the environment that has this function, its path without aliases, and the arguments as it takes
    them. Raises E-UNKNOWN-LIBRARY and E-UNKNOWN-FUNCTION with near names, E-NOT-INSTALLED.
    """
    launches = active(root)
    path = _unaliased(launches, path)
    name, _, rest = path.partition(".")
    launch = launch_of(launches, name)
    pipelines = launch["libraries"][name].get("pipelines", {})
    steps = pipelines.get(rest) or pipelines.get("*", {})
    parameters = _row(launch, name, rest).parameters
    return launch, path, fit(parameters, args, kwargs, steps.get("rename", {}))


def active(root: Path) -> list[_Launch]:
    """The manifests of all environments that serve. Raises E-NOT-INSTALLED when there is none."""
    found = [decode(path.read_bytes()) for path in sorted(Layout(root).environments.glob("*/launch.msgpack"))]
    if not found:
        raise EnvmgrError(
            "E-NOT-INSTALLED", "no environment of this project is active", hint="run `envmgr sync`"
        )
    return found


def libraries(launch: _Launch) -> dict[str, list[Any]]:
    """As a worker's hello wants them."""
    return {
        name: [library["module"], library["init"], library.get("serializers", {}), _settings(library)]
        for name, library in launch["libraries"].items()
    }


def _settings(library: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: library[key] for key in ("hooks", "pipelines", "trace") if library.get(key)}
    return {**found, "version": library["version"]}


def raised(path: str, error: dict[str, Any]) -> EnvmgrError:
    """What the function raised, from the worker's error map."""
    return EnvmgrError("E-CALL", f"{path}: {error['type']}: {error['message']}", details={"python": error})


def _unaliased(launches: Sequence[_Launch], path: str) -> str:
    """The path that is meant where it begins with an alias; of several, the longest."""
    aliases = _aliases(launches)
    segments = path.split(".")
    for length in range(len(segments), 0, -1):
        alias = ".".join(segments[:length])
        if alias in aliases:
            return aliases[alias] + path[len(alias) :]
    return path


def _aliases(launches: Sequence[_Launch]) -> dict[str, str]:
    libraries = [library for launch in launches for library in launch["libraries"].values()]
    return {alias: path for library in libraries for alias, path in library.get("aliases", {}).items()}


def launch_of(launches: Sequence[_Launch], library: str) -> _Launch:
    """The manifest of the environment that has this library. Raises E-UNKNOWN-LIBRARY."""
    found = {name: launch for launch in launches for name in launch["libraries"]}
    if library not in found:
        near = difflib.get_close_matches(library, [*found, *_aliases(launches)], n=1)
        raise EnvmgrError(
            "E-UNKNOWN-LIBRARY",
            f"no library {library!r} is active; there are {', '.join(sorted(found))}",
            hint=f"did you mean `{near[0]}`?" if near else "add it with `envmgr add`, then run `envmgr sync`",
        )
    return found[library]


def _row(launch: _Launch, name: str, rest: str) -> Row:
    """Of the catalog."""
    catalog = _catalog(launch, name)
    row = catalog.get(rest)
    if row is not None:
        return row
    near = [f"{name}.{path}" for path in catalog.near(rest)]
    raise EnvmgrError(
        "E-UNKNOWN-FUNCTION",
        f"library {name} has no function {rest!r}" if rest else f"{name!r} names a library, not a function",
        hint=f"did you mean {' or '.join(f'`{path}`' for path in near)}?" if near else "",
        details={"near": near},
    )


def _catalog(launch: _Launch, name: str) -> Catalog:
    path = Path(launch["libraries"][name]["catalog"])
    try:
        return read(path)
    except (OSError, ValueError) as problem:
        raise EnvmgrError(
            "E-NOT-INSTALLED",
            f"the catalog of library {name} cannot be read: {problem}",
            hint=f"run `envmgr sync {launch['environment']}`",
        ) from None


def variables(launch: _Launch) -> dict[str, str]:
    """A worker's."""
    found = process.clean_environment()
    for variable, value in launch["env"].items():
        found.pop(variable, None)
        if value is not None:
            found[variable] = value
    return found


__all__ = ["RemoteRef", "active", "call", "launch_of", "libraries", "prepare", "raised", "variables"]
