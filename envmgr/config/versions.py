"""The one line of envmgr.toml that says which versions of a library will do, changed.

Nothing is written here: an upgrade writes its outcome only when it is proved.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from envmgr.config.lexer import Path as KeyPath
from envmgr.config.lexer import Token, statements
from envmgr.config.loading import load_project
from envmgr.config.source import CONFIG_NAME, parse, read
from envmgr.config.surgery import insert_under
from envmgr.errors import EnvmgrError


@dataclass(frozen=True, slots=True)
class VersionEdit:
    """`line` counts from 1; `old_line` is empty when the line is a new one. `before` and `after` are whole
    files, with the requirement that each alone makes of the library.
    """

    path: Path
    line: int
    old_line: str
    new_line: str
    before: str
    after: str
    old_requirement: str | None
    new_requirement: str | None


def set_versions(root: Path, library: str, versions: str) -> VersionEdit:
    """What envmgr.toml becomes when `library` takes the versions of this specifier and no others.

    The file has this library. Raises E-USAGE when it is written in a form that has no line for it, else as
    `load`.
    """
    path, content = read(root)
    known = load_project(path, content).libraries
    source = parse(path, content)
    expected = copy.deepcopy(source.document)
    place, value = _assignment(expected["library"], library, versions)
    token = _token(source.text, place)
    if token is None:
        after = insert_under(source.text, place[:-1], f"{place[-1]} = {json.dumps(value)}")
    else:
        after = source.text[: token.start] + json.dumps(value, ensure_ascii=False) + source.text[token.end :]
    edited = parse(path, after.encode())
    written = _token(edited.text, place)
    if written is None or edited.document != expected:
        raise EnvmgrError(
            "E-USAGE",
            f"the versions of library `{library}` are written in {CONFIG_NAME} in a form that this command"
            " cannot edit",
            hint=f'write under [library.{library}]: version = "{versions}"',
        )
    return VersionEdit(
        path,
        edited.text.count("\n", 0, written.start) + 1,
        "" if token is None else _line(source.text, token),
        _line(edited.text, written),
        source.text,
        edited.text,
        known[library].requirement,
        load_project(path, after.encode()).libraries[library].requirement,
    )


def _assignment(libraries: dict[str, Any], name: str, versions: str) -> tuple[KeyPath, str]:
    """Make the change in the document; the path of the key that holds it, and its value."""
    table = libraries[name]
    if isinstance(table, str):
        libraries[name] = _with_versions(table, versions)
        return ("library", name), libraries[name]
    key = "version"
    if "version" not in table and Requirement(table.get("package", name)).specifier:
        key = "package"
    table[key] = versions if key == "version" else _with_versions(table[key], versions)
    return ("library", name, key), table[key]


def _with_versions(package: str, versions: str) -> str:
    requirement = Requirement(package)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{versions}"


def _token(text: str, place: KeyPath) -> Token | None:
    found = [value for statement in statements(text) for value in statement.values if value.path == place]
    return found[0] if found else None


def _line(text: str, token: Token) -> str:
    start = text.rfind("\n", 0, token.start) + 1
    return text[start:].split("\n", 1)[0].strip()
