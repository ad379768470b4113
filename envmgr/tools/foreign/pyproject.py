"""pyproject.toml's own tables (PEP 621, PEP 735), which uv, PDM and Poetry share."""

from __future__ import annotations

import re
from pathlib import Path

from envmgr.tools.foreign.reading import AskedPython, Document, Place, Reading, text_of

_GROUPS_WHY = "a development group is no part of what is called; name its libraries with `envmgr add`"
_EXTRAS_WHY = "an extra of the project is nobody's default; name its libraries with `envmgr add`"


def project(reading: Reading, document: Document) -> None:
    """Name, Python, dependencies; groups and extras are left."""
    table = document.table("project")
    name = table.get("name")
    reading.name = name if isinstance(name, str) else reading.name
    python = table.get("requires-python")
    if isinstance(python, str):
        place = document.place("project", "requires-python")
        reading.pythons.append(AskedPython(python, place, True))
    for index, text in enumerate(document.array("project", "dependencies")):
        reading.want(str(text), document.place("project", "dependencies", index))
    dynamic = document.array("project", "dynamic")
    if "dependencies" in dynamic:
        place = document.place("project", "dynamic")
        reading.leave(
            "dependencies", "they are dynamic: the build backend finds them; import its file instead", place
        )
    leave_extras(reading, document, "project", "optional-dependencies")
    leave_groups(reading, document, "dependency-groups")


def leave_groups(reading: Reading, document: Document, *path: str) -> None:
    for name in document.table(*path):
        leave_group(reading, name, document.place(*path, name))


def leave_group(reading: Reading, name: str, place: Place) -> None:
    reading.leave(f"group {name}", _GROUPS_WHY, place)


def leave_extras(reading: Reading, document: Document, *path: str) -> None:
    for name in document.table(*path):
        reading.leave(f"extra {name}", _EXTRAS_WHY, document.place(*path, name))


def python_version_file(reading: Reading, directory: Path) -> None:
    """`.python-version` of pyenv and uv: its first line that is a version comes before every range."""
    path = directory / ".python-version"
    if not path.is_file():
        return
    reading.files.append(path)
    for number, line in enumerate(text_of(path).split("\n"), 1):
        text = line.partition("#")[0].strip()
        version = re.fullmatch(r"(?:(?:cpython|python)[-@]?)?(\d+\.\d+(?:\.\d+)?t?)", text)
        if version:
            reading.pythons.insert(0, AskedPython(version[1], Place(path, number), False))
            return
        if text:
            reading.leave(
                f"python {text}", "it is not a version that envmgr can look for", Place(path, number)
            )
