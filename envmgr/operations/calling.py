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
    name = path.partition(".")[0]
    launch, (args, kwargs) = prepare(root, path, args, kwargs)
    known = libraries(launch)
    strategies = {kind: strategy for *_, named in known.values() for kind, strategy in named.items()}
    try:
        with Client(
            launch["command"],
            {name: [*known[name][:2], strategies]},
            lease=launch["lease"],
            environment=launch["key"],
            env=_variables(launch),
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
) -> tuple[_Launch, tuple[list[Any], dict[str, Any]]]:
    """The manifest of the environment that has this function, and the arguments as it takes them. Raises
    E-UNKNOWN-LIBRARY and E-UNKNOWN-FUNCTION with near names, E-NOT-INSTALLED.
    """
    name, _, rest = path.partition(".")
    launch = _launch_of(root, name)
    return launch, fit(_row(launch, name, rest).parameters, args, kwargs)


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
        name: [library["module"], library["init"], library.get("serializers", {})]
        for name, library in launch["libraries"].items()
    }


def raised(path: str, error: dict[str, Any]) -> EnvmgrError:
    """What the function raised, from the worker's error map."""
    return EnvmgrError(
        "E-CALL",
        f"{path}: {error['type']}: {error['message']}",
        hint=error.get("hint") or "",
        details={"python": error},
    )


def _launch_of(root: Path, library: str) -> _Launch:
    found = {name: launch for launch in active(root) for name in launch["libraries"]}
    if library not in found:
        near = difflib.get_close_matches(library, found, n=1)
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


def _variables(launch: _Launch) -> dict[str, str]:
    variables = process.clean_environment()
    for variable, value in launch["env"].items():
        variables.pop(variable, None)
        if value is not None:
            variables[variable] = value
    return variables


__all__ = ["RemoteRef", "active", "call", "libraries", "prepare", "raised"]
