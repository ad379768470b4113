"""Writes down the raw facts of everything that a library owns, for the control plane to complete.

Runs in a process of its own, in the library's interpreter, for the import of every public submodule prints, warns,
fails and leaves things behind.

The raw facts are one MessagePack map:

- `schema`: `"raw-1"`; `module`, `distribution`, `version`: as asked for; `python`: `"3.12.1"`;
- `root`: the directory that files are relative to: the distribution's, or Python's own;
- `errors`: list of `[submodule, message]`, the message beginning with the exception's type;
- `objects`: list of maps, below; `paths`: list of `[path, number of its object]`, in the order of the paths.

An object's map: `kind` (as in a catalog's row), `module` and `qualname` (where it is defined, and a stub would have
it), `parameters` (nil, or list of `[name, kind, default, into, type, accepts]`; a property has one, its object),
`origin` of the parameters (`"runtime"`, `"docstring"` or nil), `returns` (text or nil), `overloads` (nil, or list of
`[parameters, returns]`; where a docstring tells several forms, `parameters` is nil), `doc` (without indentation, or
nil), `file`, `line`, `deprecated` (text or nil), `value` (of a constant: its `repr`, cut at 80 characters; its
`returns` is the name of its class).
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import warnings
from pathlib import Path
from typing import Any

from ..wire.packing import packb
from .loading import python_version
from .ownership import Owner
from .places import Places, root
from .walk import Walk

SCHEMA = "raw-1"


def main(arguments: list[str]) -> None:
    """`catalog REQUEST`: the request is JSON with `module`, `distribution`, `version`, `into`. Does not return:
    threads that a module's import left behind must not keep the process.
    """
    request = json.loads(arguments[1])
    gc.disable()
    found = collect(request["module"], request["distribution"])
    found["version"] = request["version"]
    Path(request["into"]).write_bytes(packb(found))
    os._exit(0)


def collect(name: str, distribution: str | None) -> dict[str, Any]:
    """The raw facts of module `name`. Raises what its import raises."""
    directory = root(distribution)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = importlib.import_module(name)
        walk = Walk(module, Owner(module, distribution), Places(directory))
        walk.run()
    return {
        "schema": SCHEMA,
        "module": name,
        "distribution": distribution,
        "version": None,
        "python": python_version(),
        "root": directory,
        "errors": walk.errors,
        "objects": walk.objects,
        "paths": [list(item) for item in sorted(walk.paths.items())],
    }
