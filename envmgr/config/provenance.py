"""Every value in force, and the layer and place that it comes from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from envmgr.config.keys import properties
from envmgr.config.merging import Keys, Merged, Origin
from envmgr.config.schema import ConfigFile, environment_of

DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class Setting:
    """`value` of `key`, as envmgr.toml would write it."""

    key: Keys
    value: Any
    origin: Origin = DEFAULT


def settings(merged: Merged, config: ConfigFile) -> dict[Keys, list[Setting]]:
    """By table: the project, then each environment with its libraries, then aliases. No empty keys."""
    found: dict[Keys, list[Setting]] = {("project",): _project(merged)}
    members: dict[str, list[str]] = {}
    for name, library in config.library.items():
        members.setdefault(environment_of(name, library), []).append(name)
    for environment, libraries in members.items():
        found["environment", environment] = list(_environment(merged, environment, libraries))
        found |= {("library", name): list(_library(merged, name, environment)) for name in libraries}
    if aliases := _written(merged, ("aliases",)):
        found["aliases",] = aliases
    return found


def _project(merged: Merged) -> list[Setting]:
    root = merged.source.path.parent
    return _written(merged, ("project",), "name") or [Setting(("name",), root.name or "project")]


def _environment(merged: Merged, name: str, libraries: list[str]) -> Iterator[Setting]:
    """Of an adopted one, what is written: the rest has no meaning there."""
    home = ("environment", name)
    is_adopted = merged.is_written((*home, "adopt"))
    for key, node in properties("EnvironmentTable").items():
        if (written := _written(merged, home, key)) or is_adopted:
            yield from written
        elif key == "python":
            holders = [*(("library", library) for library in libraries), ("project",)]
            pythons = (_written(merged, holder, key) for holder in holders)
            own = Setting((key,), f"{sys.version_info.major}.{sys.version_info.minor}")
            yield from next((python for python in pythons if python), [own])
        else:
            yield from _default(key, node)


def _library(merged: Merged, name: str, environment: str) -> Iterator[Setting]:
    inherited = properties("DefaultsTable")
    derived = {"environment": environment}
    if not any(setting.value for setting in _written(merged, ("library", name), "stdlib")):
        derived["package"] = name
    for key, node in properties("LibraryTable").items():
        if written := _written(merged, ("library", name), key):
            yield from written
        elif key in inherited:
            yield from _written(merged, ("defaults",), key) or _default(key, inherited[key])
        elif key in derived:
            yield Setting((key,), derived[key])
        else:
            yield from _default(key, node)


def _written(merged: Merged, holder: Keys, *key: str) -> list[Setting]:
    """What layers write of `key` in the table `holder`; of a table, each of its values."""
    value: Any = merged.document
    for segment in (*holder, *key):
        value = value.get(segment) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return [setting for inner in value for setting in _written(merged, holder, *key, inner)]
    return [] if value is None else [Setting(key, value, merged.origin((*holder, *key)))]


def _default(key: str, node: dict[str, Any]) -> list[Setting]:
    default = node.get("default")
    return [] if default in (None, [], "") else [Setting((key,), default)]
