"""Edits of envmgr.toml that change the lines they mean and no others.

An edit works on the text, by the places of its statements; what it does not touch stays, to the byte. The
result is validated before it is written, so that no edit leaves a file that `load` refuses.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envmgr.config.acceptance import accept
from envmgr.config.loading import validate
from envmgr.config.problems import near
from envmgr.config.schema import ConfigFile, environment_of
from envmgr.config.source import CONFIG_NAME, Source, parse, read
from envmgr.config.surgery import insert, insert_under
from envmgr.config.surgery import remove as cut
from envmgr.config.toml import toml_key, toml_value
from envmgr.config.writing import write
from envmgr.errors import EnvmgrError

_TEMPLATE = """\
# The Python libraries of this project: each in its own locked environment.
config-version = 1

[project]
name = {name}
# python = "3.12"       # of every environment; default: the version that runs envmgr

[defaults]
timeout = "30s"         # how long a call may take
workers = 2             # of each environment

# `envmgr add numpy --version ">=1.26,<3"` writes:
#
# [library.numpy]
# version = ">=1.26,<3"
"""


@dataclass(frozen=True, slots=True)
class NewLibrary:
    """What `add` writes: keys that are None (or False) are left out. `python` goes to the environment."""

    name: str
    package: str | None = None
    version: str | None = None
    module: str | None = None
    stdlib: bool = False
    environment: str | None = None
    python: str | None = None

    @property
    def table(self) -> dict[str, Any]:
        keys = ("package", "version", "module", "stdlib", "environment")
        return {key: getattr(self, key) for key in keys if getattr(self, key)}


def create(root: Path, name: str | None = None) -> Path:
    """Write a commented `<root>/envmgr.toml`. Raises E-EXISTS when there is one."""
    path = root.absolute() / CONFIG_NAME
    if path.exists() or path.is_symlink():
        raise EnvmgrError(
            "E-EXISTS", f"{path} is already there", hint="`envmgr add LIB` adds a library to it"
        )
    source = parse(path, _TEMPLATE.format(name=toml_value(name or _directory_name(path.parent))).encode())
    validate(source)
    write(path, source.text)
    return path


def add(root: Path, library: NewLibrary) -> Path:
    """Add a library behind the last one. Raises E-EXISTS, E-USAGE, or what `load` raises."""
    source = parse(*read(root))
    config = validate(source)
    _refuse_requirement(library.name)
    if library.name in config.library:
        raise EnvmgrError(
            "E-EXISTS",
            f"library `{library.name}` is already in {CONFIG_NAME}",
            hint=f"change it there, or `envmgr remove {library.name}` first",
        )
    expected = copy.deepcopy(source.document)
    expected.setdefault("library", {})[library.name] = library.table
    text = insert(source.text, "library", _section("library", library.name, library.table))

    environment = library.environment or library.name
    if library.python is not None and library.python != _python_of(config, environment, library.python):
        expected.setdefault("environment", {}).setdefault(environment, {})["python"] = library.python
        python = {"python": library.python}
        if environment in config.environment:
            text = insert_under(text, ("environment", environment), _pairs(python))
        else:
            text = insert(text, "environment", _section("environment", environment, python))
    return _replace(source, text, expected)


def remove(root: Path, name: str) -> str | None:
    """Remove a library, what profiles say of it, and its environment's table when no other lives there.

    Returns that environment's name when it has gone. Raises E-UNKNOWN-LIBRARY, E-USAGE, or as `load`.
    """
    source = parse(*read(root))
    config = validate(source)
    if name not in config.library:
        suggestion = near(name, config.library)
        guess = f"did you mean `{suggestion}`? " if suggestion else ""
        known = ", ".join(config.library) or "none"
        raise EnvmgrError(
            "E-UNKNOWN-LIBRARY", f"no library `{name}` in {CONFIG_NAME}", hint=f"{guess}libraries: {known}"
        )
    environment = environment_of(name, config.library[name])
    is_shared = any(environment_of(n, t) == environment for n, t in config.library.items() if n != name)
    gone = [("library", name)] + [("environment", environment)] * (not is_shared)
    prefixes = gone + [("profile", profile, *path) for profile in config.profile for path in gone]
    expected = copy.deepcopy(source.document)
    for *holders, last in prefixes:
        holder = expected
        for key in holders:
            holder = holder.get(key, {})
        holder.pop(last, None)
    _replace(source, cut(source.text, prefixes), expected)
    return None if is_shared else environment


def extended(
    source: Source, libraries: Mapping[str, dict[str, Any]], environment: str, settings: dict[str, Any]
) -> str:
    """The text with these libraries and the environment's table behind what is there; nothing is written.

    Raises E-EXISTS with all names that are taken, or as `add`.
    """
    config = validate(source)
    homes = {environment_of(name, table) for name, table in config.library.items()} | {*config.environment}
    taken = [f"library `{name}`" for name in libraries if name in config.library]
    taken += [f"environment `{environment}`"] if environment in homes else []
    if taken:
        raise EnvmgrError(
            "E-EXISTS",
            f"already in {CONFIG_NAME}: {', '.join(taken)}",
            hint="nothing was written; remove or rename what is there, or name another environment with --env",
            details={"taken": taken},
        )
    expected = copy.deepcopy(source.document)
    text = source.text
    for name, table in libraries.items():
        expected.setdefault("library", {})[name] = table
        text = insert(text, "library", _section("library", name, table))
    if settings:
        expected.setdefault("environment", {})[environment] = settings
        text = insert(text, "environment", _section("environment", environment, settings))
    accept(source, text, expected, _tidied)
    return text


def _directory_name(directory: Path) -> str:
    return directory.name.encode(errors="replace").decode() or "project"


def _python_of(config: ConfigFile, environment: str, wanted: str) -> str | None:
    """What the file says already of the environment's interpreter. Raises E-USAGE when it is not `wanted`."""
    members = [table for name, table in config.library.items() if environment_of(name, table) == environment]
    table = config.environment.get(environment)
    said = next((t.python for t in (table, *members) if t is not None and t.python is not None), None)
    if said is not None and said != wanted:
        raise EnvmgrError(
            "E-USAGE",
            f"environment `{environment}` runs on Python {said}, not {wanted}",
            hint="leave --python out, or name another environment with --env",
        )
    return said


def _replace(source: Source, text: str, expected: dict[str, Any]) -> Path:
    """Write `text` when it is valid and means `expected`, else raise E-USAGE and leave the file alone."""
    accept(source, text, expected, _tidied)
    write(source.path, text)
    return source.path


def _tidied(document: dict[str, Any]) -> dict[str, Any]:
    """Without the tables that are empty as soon as their last library has gone."""
    profiles = {name: _tidied(table) for name, table in document.get("profile", {}).items()}
    tidied = {**document, "profile": {name: table for name, table in profiles.items() if table}}
    kinds = ("library", "environment", "profile")
    return {key: value for key, value in tidied.items() if value or key not in kinds}


def _refuse_requirement(text: str) -> None:
    match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^]]*\])?\s*((?:[<>=!~]=?|===).*)?", text)
    if match is None or not (match[2] or match[3]):
        return
    version = f" --version '{match[3]}'" if match[3] else ""
    package = f" --package '{match[1]}{match[2]}'" if match[2] else ""
    raise EnvmgrError(
        "E-USAGE",
        f"`{text}` is a requirement, not a library's name",
        hint=f"envmgr add {match[1]}{package}{version}",
    )


def _section(kind: str, name: str, table: dict[str, Any]) -> str:
    return "\n".join([f"[{toml_key([kind, name])}]", *([_pairs(table)] if table else [])])


def _pairs(table: dict[str, Any]) -> str:
    return "\n".join(f"{key} = {toml_value(value)}" for key, value in table.items())
