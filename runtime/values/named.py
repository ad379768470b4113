"""Objects that the configuration names: `module:attribute` of the environment, or of a file of the project."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any


def named(name: str) -> Any:
    """`module:attribute`, or `directory/file.py:attribute` relative to the working directory, which for a worker is
    the project's. A file is run once, as a module of its own. Raises what the import raises, and `AttributeError`.
    """
    module, _, attribute = name.partition(":")
    found: Any = _file(module) if module.endswith(".py") else import_module(module)
    for segment in attribute.split("."):
        found = getattr(found, segment)
    return found


def _file(path: str) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    place = os.path.abspath(path)  # noqa: PTH100 - pathlib costs 5 ms of a worker's start
    name = f"envmgr_file:{place}"
    if name in sys.modules:
        return sys.modules[name]
    if not os.path.isfile(place):  # noqa: PTH113
        raise FileNotFoundError(f"{path} is not there (looked for {place})")
    spec = spec_from_file_location(name, place)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - a path to a .py file has both
    module = sys.modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
