"""The part of a configuration that one environment needs, as an envmgr.toml of its own; and adding it to another."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envmgr.config.layers import Layers
from envmgr.config.loading import load_merged, validate
from envmgr.config.schema import CONFIG_VERSION, environment_of
from envmgr.config.source import CONFIG_NAME, parse, read
from envmgr.config.surgery import insert
from envmgr.config.toml import toml_document
from envmgr.errors import EnvmgrError


def excerpt(root: Path, layers: Layers, environment: str, *, project: str, python: str) -> str:
    """What `<root>/envmgr.toml` says of an environment and its libraries with `layers` laid over it.

    Profiles are not in it: the chosen one is in force. `python` stands in the place of the interpreter that
    was named. Raises as `load`.
    """
    merged, config = load_merged(parse(*read(root)), layers)
    whole = merged.document
    libraries = {
        name: {key: value for key, value in whole["library"][name].items() if key != "python"}
        for name, table in config.library.items()
        if environment_of(name, table) == environment
    }
    home = {**whole.get("environment", {}).get(environment, {}), "python": python}
    part = {
        "config-version": CONFIG_VERSION,
        "project": {"name": project},
        "defaults": whole.get("defaults", {}),
        "library": libraries,
        "environment": {environment: home},
    }
    return toml_document({key: value for key, value in part.items() if value != {}})


def added(path: Path, content: bytes, part: Mapping[str, Any]) -> str:
    """The text of the envmgr.toml at `path` with the libraries and the environment of an excerpt added.

    `part` is the document of a valid one.

    What the excerpt's `[defaults]` say otherwise than the file's is written to its libraries. Raises E-EXISTS
    for libraries that the file has in other environments, E-USAGE, or as `load`. Writes nothing.
    """
    source = parse(path, content)
    config = validate(source)
    there = sorted(part["library"].keys() & config.library.keys())
    if there:
        raise EnvmgrError(
            "E-EXISTS",
            f"{path} has {', '.join(there)} already, in other environments than the bundle",
            hint="`envmgr remove` them first, or unbundle into another directory",
            details={"libraries": there},
        )
    own = source.document.get("defaults", {})
    defaults = {key: value for key, value in part.get("defaults", {}).items() if own.get(key) != value}
    text, expected = source.text, copy.deepcopy(source.document)
    for name, table in part["library"].items():
        library = {**defaults, **({"package": table} if isinstance(table, str) else table)}
        text = insert(text, "library", _section("library", name, library))
        expected.setdefault("library", {})[name] = library
    for name, table in part.get("environment", {}).items():
        text = insert(text, "environment", _section("environment", name, table))
        expected.setdefault("environment", {})[name] = table
    if not _means(path, text, expected):
        raise EnvmgrError(
            "E-USAGE",
            f"{path} is written in a form that libraries cannot be added to",
            hint=f"write libraries in {CONFIG_NAME} under headers such as [library.numpy]",
        )
    return text


def _means(path: Path, text: str, expected: Mapping[str, Any]) -> bool:
    try:
        edited = parse(path, text.encode())
        validate(edited)
    except EnvmgrError:
        return False
    return edited.document == expected


def _section(kind: str, name: str, table: Mapping[str, Any]) -> str:
    return toml_document({kind: {name: table}}).rstrip("\n")
