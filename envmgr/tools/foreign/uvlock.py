"""A project of uv: pyproject.toml and uv.lock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from envmgr.tools.foreign import pyproject
from envmgr.tools.foreign.reading import AskedPython, Document, Reading, packages_of, tables_in, texts_in
from envmgr.tools.pypa import canonical

_ELSEWHERE = ("git", "path", "url", "workspace", "editable", "directory")
_WHY = {
    "git": "it comes from a repository, whose content has no hash; build a wheel of it or publish it",
    "url": "it comes from a URL; name the distribution instead, or publish it to an index",
}
_PATH_WHY = "it comes from a path of this machine; build a wheel of it or publish it"


def manifest(reading: Reading, document: Document) -> None:
    """`[project]` and `[tool.uv]`: constraints, overrides, sources, indexes."""
    pyproject.project(reading, document)
    for key, into in (
        ("constraint-dependencies", reading.constraints),
        ("override-dependencies", reading.overrides),
    ):
        for index, text in enumerate(document.array("tool", "uv", key)):
            reading.want(str(text), document.place("tool", "uv", key, index), into=into)
    if document.array("tool", "uv", "dev-dependencies"):
        place = document.place("tool", "uv", "dev-dependencies")
        pyproject.leave_group(reading, "dev", place)
    reading.leave_indexes(document, "tool", "uv", "index")
    for key in ("index-url", "extra-index-url", "find-links"):
        said = document.table("tool", "uv").get(key)
        for url in texts_in([said] if isinstance(said, str) else said):
            reading.leave_index(url, document.place("tool", "uv", key))
    if document.table("tool", "uv", "workspace"):
        place = document.place("tool", "uv", "workspace")
        reading.leave("the workspace", "its members are projects of their own; import each", place)
    _leave_sources(reading, document)


def _leave_sources(reading: Reading, document: Document) -> None:
    """What `[tool.uv.sources]` takes from elsewhere is no requirement of an index any more."""
    for name in document.table("tool", "uv", "sources"):
        said = document.table("tool", "uv", "sources")[name]
        tables = tables_in(said if isinstance(said, list) else [said])
        kinds = [kind for table in tables for kind in _ELSEWHERE if kind in table]
        place = document.place("tool", "uv", "sources", name)
        if kinds:
            reading.leave(name, _WHY.get(kinds[0], _PATH_WHY), place)
            reading.wanted = [one for one in reading.wanted if one.name != canonical(name)]
        elif any("index" in table for table in tables):
            index = next(str(table["index"]) for table in tables if "index" in table)
            reading.leave(f"{name} from index {index}", "an index serves all packages here, or none", place)


def lock(reading: Reading, path: Path, *, has_manifest: bool) -> None:
    """Pins of uv.lock; without a pyproject.toml beside it, the requirements that it notes of its project."""
    document = Document(path)
    reading.files.append(path)
    python = document.data.get("requires-python")
    if isinstance(python, str) and not reading.pythons:
        reading.pythons.append(AskedPython(python, document.place("requires-python"), True))
    for index, package in packages_of(document):
        said = package.get("source")
        source = said if isinstance(said, dict) else {}
        kind = next(iter(source), "")
        place = document.place("package", index)
        if kind in ("virtual", "editable", "directory") and source[kind] == ".":
            if not has_manifest:
                _own(reading, document, index, package)
        elif kind == "registry":
            forks = package.get("resolution-markers")
            marker = " or ".join(f"({fork})" for fork in texts_in(forks))
            reading.pin(package["name"], package.get("version"), _hashes(package), place, marker=marker)
        elif not any(left.what == package["name"] for left in reading.left):
            reading.leave(package["name"], _WHY.get(kind, _PATH_WHY), place)


def _own(reading: Reading, document: Document, index: int, package: dict[str, Any]) -> None:
    reading.name = reading.name or package["name"]
    said = package.get("metadata")
    metadata = said if isinstance(said, dict) else {}
    at = ("package", index, "metadata", "requires-dist")
    for number, row in enumerate(tables_in(metadata.get("requires-dist"))):
        place = document.place(*at, number)
        elsewhere = next((kind for kind in _ELSEWHERE if kind in row), None)
        if "extra ==" in str(row.get("marker", "")):
            continue
        if elsewhere:
            reading.leave(str(row.get("name")), _WHY.get(elsewhere, _PATH_WHY), place)
        else:
            reading.want(_spelled(row), place)
    groups = metadata.get("requires-dev")
    for group in groups if isinstance(groups, dict) else ():
        pyproject.leave_group(
            reading, group, document.place("package", index, "metadata", "requires-dev", group)
        )


def _spelled(row: dict[str, Any]) -> str:
    extras = texts_in(row.get("extras"))
    named = f"[{','.join(extras)}]" if extras else ""
    marker = f"; {row['marker']}" if row.get("marker") else ""
    return f"{row.get('name')}{named}{row.get('specifier', '')}{marker}"


def _hashes(package: dict[str, Any]) -> Iterator[object]:
    sdist, wheels = package.get("sdist"), package.get("wheels")
    return (file["hash"] for file in tables_in([sdist, *tables_in(wheels)]) if "hash" in file)
