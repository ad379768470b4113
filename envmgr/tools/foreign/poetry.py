"""A project of Poetry: pyproject.toml in its own table or in PEP 621's, and poetry.lock 1.x and 2.x."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from envmgr.tools.foreign import pyproject
from envmgr.tools.foreign.reading import (
    AskedPython,
    Document,
    Place,
    Reading,
    packages_of,
    tables_in,
    texts_in,
    why_not_url,
)
from envmgr.tools.pypa import canonical

_TABLE = ("tool", "poetry", "dependencies")
_CLAUSE = re.compile(r"(\^|~=|~|===|==|!=|<=|>=|<|>|=)?\s*([^\s,<>=!~^|]+)")
_KNOWN_KEYS = {
    "version",
    "extras",
    "markers",
    "python",
    "platform",
    "optional",
    "source",
    "allow-prereleases",
}


def manifest(reading: Reading, document: Document) -> None:
    """`[project]`, then `[tool.poetry]`, which adds to it or stands in its place."""
    pyproject.project(reading, document)
    known = {one.name for one in reading.wanted}
    poetry = document.table("tool", "poetry")
    if isinstance(poetry.get("name"), str):
        reading.name = reading.name or poetry["name"]
    extras = {
        canonical(name)
        for names in document.table("tool", "poetry", "extras").values()
        for name in texts_in(names)
    }
    for name, said in document.table(*_TABLE).items():
        place = document.place(*_TABLE, name)
        if name == "python":
            specifier = _specifier(said) if isinstance(said, str) else None
            if specifier is None:
                reading.leave(f"python {said}", "a choice of ranges is none that PEP 440 can say", place)
            elif not reading.pythons:
                reading.pythons.append(AskedPython(specifier, place, True))
            continue
        for row in said if isinstance(said, list) else [said]:
            if canonical(name) not in extras or not (isinstance(row, dict) and row.get("optional")):
                _dependency(reading, name, row, place, is_known=canonical(name) in known)
    pyproject.leave_extras(reading, document, "tool", "poetry", "extras")
    pyproject.leave_groups(reading, document, "tool", "poetry", "group")
    if document.table("tool", "poetry", "dev-dependencies"):
        pyproject.leave_group(reading, "dev", document.place("tool", "poetry", "dev-dependencies"))
    reading.leave_indexes(document, "tool", "poetry", "source")


def _dependency(reading: Reading, name: str, said: Any, place: Place, *, is_known: bool) -> None:
    table = {"version": said} if isinstance(said, str) else said
    if not isinstance(table, dict):
        reading.leave(name, "what is said of it is neither a version nor a table", place)
        return
    elsewhere = next((table[key] for key in ("git", "url", "path", "file") if key in table), None)
    if elsewhere is not None:
        where = f"git+{elsewhere}" if "git" in table else str(elsewhere)
        reading.leave(f"{name} from {elsewhere}", why_not_url(where), place)
        reading.wanted = [one for one in reading.wanted if one.name != canonical(name)]
        return
    if "source" in table:
        reading.leave(
            f"{name} from index {table['source']}", "an index serves all packages here, or none", place
        )
    if is_known:  # the version stands in [project]
        return
    if table.get("optional"):
        reading.leave(name, "it is optional and in no extra", place)
        return
    unknown = ", ".join(sorted(map(str, table.keys() - _KNOWN_KEYS)))
    if unknown:
        reading.leave(f"{name}: {unknown}", "envmgr.toml has no such setting", place)
    specifier = _specifier(table.get("version", "*"))
    if specifier is None:
        said = table.get("version")
        reading.leave(
            f"{name} {said}", "a choice of ranges is none that PEP 440 can say: any version will do", place
        )
    extras = texts_in(table.get("extras"))
    named = f"[{','.join(extras)}]" if extras else ""
    marker = " and ".join(f"({part})" for part in _markers(table))
    reading.want(f"{name}{named}{specifier or ''}{f'; {marker}' if marker else ''}", place)


def _markers(table: dict[str, Any]) -> Iterator[str]:
    if table.get("markers"):
        yield str(table["markers"])
    if table.get("platform"):
        yield f"sys_platform == '{table['platform']}'"
    specifier = _specifier(table.get("python", "*"))
    for clause in (specifier or "").split(","):
        found = re.fullmatch(r"(~=|[<>=!]=|<|>)(.+)", clause)
        if found:
            whole = "python_full_version" if found[2].count(".") > 1 else "python_version"
            yield f"{whole} {found[1]} '{found[2]}'"


def _specifier(said: Any) -> str | None:
    """PEP 440's words for Poetry's; empty for any version, None for a choice (`||`) and what cannot be read."""
    text = str(said).strip()
    if text in ("*", ""):
        return ""
    if "|" in text:
        return None
    clauses = []
    rest = re.sub(r"([<>=!~^])\s+", r"\1", text)
    for word in re.split(r"[\s,]+", rest.strip(", ")):
        found = _CLAUSE.fullmatch(word)
        if found is None:
            return None
        clause = _clause(found[1] or "", found[2])
        if clause is None:
            return None
        clauses += [clause] if clause else []
    return ",".join(clauses)


def _clause(sign: str, version: str) -> str | None:
    if version == "*":
        return ""
    if sign in ("^", "~"):
        try:
            release = Version(version).release
        except InvalidVersion:
            return None
        return f">={version},<{'.'.join(map(str, _next(sign, release)))}"
    if version.endswith(".*"):
        return f"{sign if sign in ('==', '!=') else '=='}{version}"
    return f"{'==' if sign in ('', '=') else sign}{version}"


def _next(sign: str, release: tuple[int, ...]) -> list[int]:
    """The first release that `^` (no change of the leftmost number that is not 0) or `~` excludes."""
    if sign == "~":
        place = min(1, len(release) - 1)
    else:
        place = next((at for at, number in enumerate(release) if number), len(release) - 1)
    return [*release[:place], release[place] + 1]


def lock(reading: Reading, path: Path) -> None:
    """Pins of poetry.lock, of any version of its format."""
    document = Document(path)
    reading.files.append(path)
    python = document.table("metadata").get("python-versions")
    if isinstance(python, str) and not reading.pythons:
        specifier = _specifier(python)
        if specifier:
            place = document.place("metadata", "python-versions")
            reading.pythons.append(AskedPython(specifier, place, True))
    apart = document.table("metadata", "files")  # until lock version 1.1
    for index, package in packages_of(document):
        name, place = package["name"], document.place("package", index)
        source = package.get("source")
        kind = source.get("type") if isinstance(source, dict) else None
        if kind not in (None, "legacy"):
            assert isinstance(source, dict)  # noqa: S101 - it has a type
            where = f"git+{source.get('url')}" if kind == "git" else str(source.get("url"))
            if not any(canonical(left.what.partition(" ")[0]) == canonical(name) for left in reading.left):
                reading.leave(f"{name} from {source.get('url')}", why_not_url(where), place)
            continue
        files = package.get("files", apart.get(name))
        hashes = [row.get("hash") for row in tables_in(files)]
        markers = package.get("markers")
        if isinstance(markers, dict):
            markers = markers.get("main")
        requires = package.get("python-versions")
        python = _specifier(requires) if isinstance(requires, str) else None
        reading.pin(name, package.get("version"), hashes, place, marker=markers, python=python)


__all__ = ["lock", "manifest"]
