"""`envmgr shell`: a prompt in a library's interpreter, loaded as its workers are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, NoReturn

import msgpack

from envmgr import caches
from envmgr.catalog import Row, read
from envmgr.catalog.spelling import call
from envmgr.errors import EnvmgrError
from envmgr.operations import calling
from envmgr.operations.serving import Launch, active, launch_of
from envmgr.tools import process


def shell(root: Path, library: str) -> NoReturn:
    """This process becomes the shell of that library's environment. Raises E-UNKNOWN-LIBRARY and E-NOT-INSTALLED."""
    launch = launch_of(active(root), library)
    descriptor, path = tempfile.mkstemp(prefix="envmgr-shell-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgpack.packb(_request(launch, library), unicode_errors="surrogatepass"))
        process.become(
            [*launch["command"], "shell", path], cwd=Path(launch["cwd"]), env=calling.variables(launch)
        )
    except EnvmgrError as problem:
        raise EnvmgrError(
            "E-NOT-INSTALLED",
            f"the environment of {library} does not run: {problem.message}",
            hint="`envmgr health` says what is wrong with it",
        ) from None
    finally:
        Path(path).unlink(missing_ok=True)


def _request(launch: Launch, library: str) -> dict[str, Any]:
    objects, paths = _words(launch)
    aliases = {
        name: target
        for settings in launch["libraries"].values()
        for name, target in settings.get("aliases", {}).items()
    }
    return {
        "library": library,
        "environment": launch["environment"],
        "libraries": calling.libraries(launch),
        "aliases": aliases,
        "lease": launch["lease"],
        "history": _history(),
        "objects": objects,
        "paths": paths,
    }


def _words(launch: Launch) -> tuple[list[list[str]], list[list[Any]]]:
    """What the catalogs of all libraries know: signatures and summaries of objects, and paths in order."""
    objects: list[list[str]] = []
    paths: list[list[Any]] = []
    for name, settings in launch["libraries"].items():
        catalog = read(Path(settings["catalog"]))
        first = len(objects)
        objects += ([signature(row), row.summary] for row in catalog.rows())
        paths += ([f"{name}.{path}", first + number] for path, number in catalog.places())
    paths.sort()
    return objects, paths


def signature(row: Row) -> str:
    """As Python writes it, without the name: `(a, axis=None) -> ndarray`; what is no function has its kind."""
    if row.kind in ("constant", "module", "property"):
        return f": {row.kind}"
    return call("", row.parameters, row.returns)


def _history() -> str | None:
    """The file that remembers lines for all shells of this user; None where the cache cannot be written."""
    path = caches.directory() / "shell-history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return str(path)
