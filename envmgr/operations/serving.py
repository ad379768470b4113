"""What is active in a project: launch manifests, libraries by name or alias, their catalogs."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from envmgr.catalog import Catalog, Row, near, read
from envmgr.environments.launch import decode
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError

Launch = dict[str, Any]


def launches(root: Path) -> list[Launch]:
    """The manifests of all environments that serve."""
    return [decode(path.read_bytes()) for path in sorted(Layout(root).environments.glob("*/launch.msgpack"))]


def active(root: Path) -> list[Launch]:
    """As `launches`. Raises E-NOT-INSTALLED when there is none."""
    found = launches(root)
    if not found:
        raise EnvmgrError(
            "E-NOT-INSTALLED", "no environment of this project is active", hint="run `envmgr sync`"
        )
    return found


def unaliased(path: str, aliases: Mapping[str, str]) -> str:
    """The path that is meant where it begins with an alias; of several, the longest."""
    segments = path.split(".")
    for length in range(len(segments), 0, -1):
        alias = ".".join(segments[:length])
        if alias in aliases:
            return aliases[alias] + path[len(alias) :]
    return path


def aliases(launches: Sequence[Launch]) -> dict[str, str]:
    """Those of envmgr.toml, as these manifests have them."""
    libraries = [library for launch in launches for library in launch["libraries"].values()]
    return {alias: path for library in libraries for alias, path in library.get("aliases", {}).items()}


def launch_of(launches: Sequence[Launch], library: str) -> Launch:
    """The manifest of the environment that has a library. Raises E-UNKNOWN-LIBRARY with a near name."""
    found = {name: launch for launch in launches for name in launch["libraries"]}
    if library not in found:
        guess = difflib.get_close_matches(library, [*found, *aliases(launches)], n=1)
        raise EnvmgrError(
            "E-UNKNOWN-LIBRARY",
            f"no library {library!r} is active; there are {', '.join(sorted(found))}",
            hint=f"did you mean `{guess[0]}`?"
            if guess
            else "add it with `envmgr add`, then run `envmgr sync`",
        )
    return found[library]


def catalog_of(launch: Launch, name: str) -> Catalog:
    """Of an active library. Raises E-NOT-INSTALLED."""
    path = Path(launch["libraries"][name]["catalog"])
    try:
        return read(path)
    except (OSError, ValueError) as problem:
        raise EnvmgrError(
            "E-NOT-INSTALLED",
            f"the catalog of library {name} cannot be read: {problem}",
            hint=f"run `envmgr sync {launch['environment']}`",
        ) from None


def _elsewhere(library: str, path: str) -> str:
    """Of a name in a module that is the standard library's."""
    module = next((name for name in path.split(".")[:-1] if name in sys.stdlib_module_names), None)
    if module is None:
        return f"`envmgr functions {library}` lists what it has; what it has from other libraries is not reachable"
    return (
        f"{module} is not {library}'s: it is a library of its own, `stdlib = true` under [library.{module}]"
    )


def look_up(known: Catalog, library: str, path: str) -> tuple[Row, int]:
    """What `path`, relative to the library, leads to, and its number. Raises E-UNKNOWN-FUNCTION with near names."""
    number = known.find(path)
    if number is not None:
        return known.row(number), number
    guesses = [f"{library}.{each}" for each in near(known, path)] if path else []
    raise EnvmgrError(
        "E-UNKNOWN-FUNCTION",
        f"library {library} has no function {path!r}"
        if path
        else f"{library!r} names a library, not a function",
        hint=f"did you mean {' or '.join(f'`{each}`' for each in guesses)}?"
        if guesses
        else _elsewhere(library, path),
        details={"near": guesses},
    )
