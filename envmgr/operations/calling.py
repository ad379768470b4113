"""`envmgr call`: one function, through a real worker of the active generation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from envmgr.errors import EnvmgrError
from envmgr.operations.fitting import fit
from envmgr.operations.serving import Launch, active, aliases, catalog_of, launch_of, look_up, unaliased
from envmgr.tools import process
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.worker.client import Client, WorkerError, WorkerLost


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
) -> tuple[Launch, str, tuple[list[Any], dict[str, Any]]]:
    """The manifest of the environment that has this function, its path without aliases, and the arguments as it takes
    them. Raises E-UNKNOWN-LIBRARY and E-UNKNOWN-FUNCTION with near names, E-NOT-INSTALLED.
    """
    launches = active(root)
    path = unaliased(path, aliases(launches))
    name, _, rest = path.partition(".")
    launch = launch_of(launches, name)
    pipelines = launch["libraries"][name].get("pipelines", {})
    steps = pipelines.get(rest) or pipelines.get("*", {})
    row, _ = look_up(catalog_of(launch, name), name, rest)
    return launch, path, fit(row.parameters, args, kwargs, steps.get("rename", {}))


def libraries(launch: Launch) -> dict[str, list[Any]]:
    """As a worker's hello wants them."""
    return {
        name: [library["module"], library["init"], library.get("serializers", {}), _settings(library)]
        for name, library in launch["libraries"].items()
    }


def _settings(library: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: library[key] for key in ("hooks", "pipelines") if library.get(key)}
    return {**found, "version": library["version"]}


def raised(path: str, error: dict[str, Any]) -> EnvmgrError:
    """What the function raised, from the worker's error map."""
    return EnvmgrError(
        "E-CALL",
        f"{path}: {error['type']}: {error['message']}",
        hint=error.get("hint") or "",
        details={"python": error},
    )


def variables(launch: Launch) -> dict[str, str]:
    """A worker's."""
    found = process.clean_environment()
    for variable, value in launch["env"].items():
        found.pop(variable, None)
        if value is not None:
            found[variable] = value
    return found
