"""A project of PDM: pyproject.toml and pdm.lock."""

from __future__ import annotations

from pathlib import Path

from envmgr.tools.foreign import pyproject
from envmgr.tools.foreign.reading import AskedPython, Document, Reading, packages_of, tables_in, why_not_url


def manifest(reading: Reading, document: Document) -> None:
    """`[project]` and `[tool.pdm]`: overrides, sources, groups."""
    pyproject.project(reading, document)
    at = ("tool", "pdm", "resolution", "overrides")
    for name, version in document.table(*at).items():
        exact = isinstance(version, str) and version[:1].isdigit()
        reading.want(
            f"{name}{'==' if exact else ''}{version}", document.place(*at, name), into=reading.overrides
        )
    for name in document.table("tool", "pdm", "dev-dependencies"):
        pyproject.leave_group(reading, name, document.place("tool", "pdm", "dev-dependencies", name))
    reading.leave_indexes(document, "tool", "pdm", "source")


def lock(reading: Reading, path: Path) -> None:
    """Pins of pdm.lock. A package that is locked with extras stands there twice."""
    document = Document(path)
    reading.files.append(path)
    for index, target in enumerate(document.array("metadata", "targets")):
        python = target.get("requires_python") if isinstance(target, dict) else None
        if isinstance(python, str) and not reading.pythons:
            place = document.place("metadata", "targets", index, "requires_python")
            reading.pythons.append(AskedPython(python, place, True))
    apart = document.table("metadata", "files")  # until lock version 4.0
    for index, package in packages_of(document):
        name, place = package["name"], document.place("package", index)
        where = next((package[key] for key in ("git", "hg", "svn", "url", "path") if key in package), None)
        if where is not None:
            if not package.get("extras"):
                reading.leave(name, why_not_url(f"git+{where}" if "git" in package else str(where)), place)
            continue
        version = package.get("version")
        files = package.get("files", apart.get(f"{name} {version}"))
        hashes = [row.get("hash") for row in tables_in(files)]
        python = package.get("requires_python")
        reading.pin(name, version, hashes, place, marker=package.get("marker"), python=python)
