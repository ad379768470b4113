"""A project of Pipenv: Pipfile and Pipfile.lock."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from envmgr.tools.foreign.reading import (
    AskedPython,
    Document,
    Place,
    Reading,
    json_of,
    text_of,
    texts_in,
    why_not_url,
)

_ELSEWHERE = ("git", "hg", "svn", "ref", "path", "file", "editable")
_MARKERS = ("sys_platform", "platform_machine", "platform_system", "os_name", "python_version")


def manifest(reading: Reading, path: Path) -> None:
    """The packages of the default category; others are left."""
    document = Document(path)
    reading.files.append(path)
    for name, said in document.table("packages").items():
        _package(reading, name, said, document.place("packages", name))
    for key in document.data:
        if key not in ("packages", "source", "requires", "scripts", "pipenv"):
            name = "dev" if key == "dev-packages" else key
            why = "another category is no part of what is called; name its libraries with `envmgr add`"
            reading.leave(f"category {name}", why, document.place(key))
    for key in ("python_full_version", "python_version"):
        version = document.table("requires").get(key)
        if isinstance(version, str):
            reading.pythons.append(AskedPython(version, document.place("requires", key), False))
    reading.leave_indexes(document, "source")


def lock(reading: Reading, path: Path, *, has_manifest: bool) -> None:
    """Pins of Pipfile.lock; without a Pipfile beside it, each is a wish too, as nothing tells which are."""
    text = text_of(path)
    document = json_of(path, text)
    reading.files.append(path)
    lines = _lines_of_keys(text)
    default = document.get("default")
    for name, said in default.items() if isinstance(default, dict) else ():
        place = Place(path, lines.get(name, 1))
        if not isinstance(said, dict) or not isinstance(said.get("version"), str):
            _leave_elsewhere(reading, name, said, place)
            continue
        hashes = said.get("hashes")
        version = said["version"].removeprefix("==")
        marker = said.get("markers")
        reading.pin(name, version, texts_in(hashes), place, marker=marker)
        if not has_manifest:
            _package(reading, name, said, place)


def _package(reading: Reading, name: str, said: Any, place: Place) -> None:
    table = {"version": said} if isinstance(said, str) else said
    if not isinstance(table, dict) or any(key in table for key in _ELSEWHERE):
        _leave_elsewhere(reading, name, said, place)
        return
    if table.get("index") not in (None, "pypi"):
        reading.leave(
            f"{name} from index {table['index']}", "an index serves all packages here, or none", place
        )
    version = str(table.get("version", "*")).strip()
    specifier = "" if version == "*" else f"=={version}" if version[:1].isdigit() else version
    extras = texts_in(table.get("extras"))
    named = f"[{','.join(extras)}]" if extras else ""
    markers = [str(table["markers"])] if table.get("markers") else []
    markers += [_marker(key, str(table[key])) for key in _MARKERS if key in table]
    marker = " and ".join(f"({part})" for part in markers)
    reading.want(f"{name}{named}{specifier}{f'; {marker}' if marker else ''}", place)


def _marker(key: str, said: str) -> str:
    """`sys_platform = "== 'win32'"` is Pipenv's short spelling of a marker."""
    return f"{key} {said}" if re.match(r"[<>=!~]|(?:not\s+)?in\b", said.strip()) else f"{key} == '{said}'"


def _leave_elsewhere(reading: Reading, name: str, said: Any, place: Place) -> None:
    found = (
        next((said[key] for key in ("git", "hg", "svn", "path", "file") if key in said), "")
        if isinstance(said, dict)
        else ""
    )
    is_repository = isinstance(said, dict) and any(key in said for key in ("git", "hg", "svn"))
    if found:
        reading.leave(
            f"{name} from {found}", why_not_url(f"git+{found}" if is_repository else str(found)), place
        )
    else:
        reading.leave(name, "it names no version", place)


def _lines_of_keys(text: str) -> dict[str, int]:
    """Where each package of the default category begins; pipenv writes one key a line."""
    found: dict[str, int] = {}
    is_default = False
    for number, line in enumerate(text.split("\n"), 1):
        key = re.match(r'(\s*)"([^"]+)": \{', line)
        if key and len(key[1]) <= 4:
            is_default = key[2] == "default"
        elif key and is_default:
            found.setdefault(key[2], number)
    return found
