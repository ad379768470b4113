"""pylock.toml (PEP 751), of any tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from envmgr.tools.foreign.reading import AskedPython, Document, Reading, packages_of, tables_in, why_not_url
from envmgr.tools.pypa import canonical


def read(path: Path, *, has_manifest: bool, into: Reading | None = None) -> Reading:
    """Without a manifest every package that no other one needs is a wish, or every one, as the lock tells."""
    reading = into or Reading("pylock")
    document = Document(path)
    reading.files.append(path)
    python = document.data.get("requires-python")
    if isinstance(python, str) and not reading.pythons:
        reading.pythons.append(AskedPython(python, document.place("requires-python"), True))
    packages = packages_of(document, "packages")
    needed = {canonical(row["name"]) for _, package in packages for row in _dependencies(package)}
    for index, package in packages:
        name, place = package["name"], document.place("packages", index)
        where = next((package[key] for key in ("vcs", "directory", "archive") if key in package), None)
        if where is not None:
            at = str((where.get("url") or where.get("path") or "") if isinstance(where, dict) else "")
            reading.leave(f"{name} from {at}", why_not_url(f"git+{at}" if "vcs" in package else at), place)
            continue
        if "version" not in package:
            reading.leave(name, "it has no version", place)
            continue
        if isinstance(package.get("index"), str):
            reading.leave_index(package["index"], document.place("packages", index, "index"))
        marker, requires = package.get("marker"), package.get("requires-python")
        reading.pin(name, package["version"], _hashes(package), place, marker=marker, python=requires)
        if not has_manifest and canonical(name) not in needed:
            reading.want(f"{name}=={package['version']}{f'; {marker}' if marker else ''}", place)
    return reading


def _dependencies(package: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in tables_in(package.get("dependencies")) if isinstance(row.get("name"), str)]


def _hashes(package: dict[str, Any]) -> list[str]:
    files = tables_in([package.get("sdist"), *tables_in(package.get("wheels"))])
    found = tables_in([file.get("hashes") for file in files])
    return [f"{kind}:{value}" for table in found for kind, value in table.items()]
