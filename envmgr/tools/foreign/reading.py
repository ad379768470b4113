"""What was read from another tool's files: requirements, pins, and what has no place in envmgr.toml."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from envmgr.config.positions import Positions
from envmgr.errors import EnvmgrError
from envmgr.tools.pypa import canonical

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_QUERY = re.compile(r"(?<=[?&])([^=&#\s]+)=[^&#\s]+")
_REPOSITORY = re.compile(r"^(?:git|hg|svn|bzr)\+")
_PUBLIC_INDEX = re.compile(r"^https://pypi\.(?:org|python\.org)/")
# A lock of ten thousand packages is some megabytes.
_LARGEST = 64 * 2**20


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line, counted from 1, of a file."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A requirement that the project's author wrote. `certain` is False for a name that only resembles one of
    the package index, such as conda's.
    """

    requirement: Requirement
    place: Place
    certain: bool = True

    @property
    def name(self) -> str:
        return canonical(self.requirement.name)


@dataclass(frozen=True, slots=True)
class Pinned:
    """One version that another tool locked. `hashes` are "sha256:…"; `python` is what it requires of Python."""

    name: str
    version: str
    hashes: frozenset[str]
    place: Place
    marker: Marker | None = None
    python: SpecifierSet = field(default_factory=SpecifierSet)

    def applies(self, markers: Mapping[str, str]) -> bool:
        """Whether it is meant for an interpreter with these marker values. What depends on extras is."""
        if not self.python.contains(markers["python_full_version"], prereleases=True):
            return False
        if self.marker is None or "extra" in str(self.marker):
            return True
        return self.marker.evaluate(dict(markers))


@dataclass(frozen=True, slots=True)
class AskedPython:
    """A version (`3.12`) or a range (`>=3.10,<4`)."""

    text: str
    place: Place
    is_range: bool


@dataclass(frozen=True, slots=True)
class Left:
    """What could not be carried over, and why."""

    what: str
    why: str
    place: Place


@dataclass(slots=True)
class Reading:
    """All that one project's files say. `files` are those that were read. `implied` are requirements that only
    others of `wanted` brought along, perhaps through an extra that the file does not tell.
    """

    format: str
    files: list[Path] = field(default_factory=list)
    name: str | None = None
    pythons: list[AskedPython] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    implied: list[Wanted] = field(default_factory=list)
    constraints: list[Wanted] = field(default_factory=list)
    overrides: list[Wanted] = field(default_factory=list)
    pins: list[Pinned] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    def want(
        self,
        text: str,
        place: Place,
        *,
        into: list[Wanted] | None = None,
        certain: bool = True,
        shown: str = "",
    ) -> None:
        """A requirement of PEP 508; one that no index serves is left, as `shown`."""
        try:
            requirement = Requirement(text)
        except InvalidRequirement as problem:
            self.leave(shown or text, f"it is not a requirement: {first_line(problem)}", place)
            return
        if requirement.url is not None:
            self.leave(shown or text, why_not_url(requirement.url), place)
            return
        (self.wanted if into is None else into).append(Wanted(requirement, place, certain))

    def pin(
        self,
        name: str,
        version: object,
        hashes: Iterable[object],
        place: Place,
        *,
        marker: object = None,
        python: object = None,
    ) -> None:
        """One entry of a lock. What is wrong with its marker or its hashes costs these alone, and is left."""
        try:
            spelled = str(Version(str(version)))
        except InvalidVersion:
            self.leave(f"{name} {version}", "its version is none of PEP 440", place)
            return
        parsed = self._marker(name, marker, place)
        try:
            requires = SpecifierSet(python if isinstance(python, str) and python not in ("*", "") else "")
        except InvalidSpecifier:
            requires = SpecifierSet()
        words = [str(word) for word in hashes]
        kept = {word for word in words if word.startswith("sha256:")}
        other = sorted({word.partition(":")[0] for word in words} - {"sha256"})
        if other and not kept:
            self.leave(
                f"{name} {version}: its {' and '.join(other)} hashes", "only sha256 can be compared", place
            )
        self.pins.append(Pinned(canonical(name), spelled, frozenset(kept), place, parsed, requires))

    def leave(self, what: str, why: str, place: Place) -> None:
        self.left.append(Left(without_credentials(what), why, place))

    def leave_index(self, url: str, place: Place) -> None:
        """Where packages come from is the machine's affair; the public index needs no word."""
        if not _PUBLIC_INDEX.match(url):
            secret = ", with its credentials" if _CREDENTIALS.search(url) else ""
            self.leave(
                f"index {host_of(url)}",
                f"where packages come from is set on the machine{secret}: UV_DEFAULT_INDEX, UV_INDEX or keyring",
                place,
            )

    def leave_indexes(self, document: Document, *path: str) -> None:
        """The addresses in an array of tables."""
        for index, table in enumerate(document.array(*path)):
            if isinstance(table, dict) and "url" in table:
                self.leave_index(str(table["url"]), document.place(*path, index, "url"))

    def _marker(self, name: str, marker: object, place: Place) -> Marker | None:
        if not isinstance(marker, str) or not marker.strip():
            return None
        try:
            return Marker(marker)
        except InvalidMarker:
            self.leave(
                f"{name}: its marker {marker!r}", "it is none of PEP 508; the pin is taken for all", place
            )
            return None


class Document:
    """A TOML file with the places of its keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = text_of(path)
        try:
            self.data: dict[str, Any] = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as problem:
            raise unreadable(path, f"it is not TOML: {problem}") from None
        except RecursionError:
            raise unreadable(path, "its arrays or tables are nested too deep") from None
        except ValueError as problem:
            raise unreadable(path, f"a value cannot be read: {problem}") from None

    @cached_property
    def _positions(self) -> Positions:
        return Positions(self._text)

    def place(self, *path: str | int) -> Place:
        """Where a key is written; a table without a header of its own, where the first key in it is."""
        span = self._positions.key(path)
        inner: Any = self.data
        for key in path:
            try:
                inner = inner[key]
            except (KeyError, IndexError, TypeError):
                inner = None
        if span.length == 0 and isinstance(inner, dict) and inner:
            return self.place(*path, next(iter(inner)))
        return Place(self.path, span.line)

    def table(self, *path: str) -> dict[str, Any]:
        """The table at this path; empty when there is none, or something else."""
        found: Any = self.data
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def array(self, *path: str) -> list[Any]:
        found = self.table(*path[:-1]).get(path[-1])
        return found if isinstance(found, list) else []


def packages_of(document: Document, key: str = "package") -> list[tuple[int, dict[str, Any]]]:
    """The lock's packages that have a name, each with its index. Raises E-IMPORT when one has none."""
    found = []
    for index, package in enumerate(document.array(key)):
        if not isinstance(package, dict) or not isinstance(package.get("name"), str):
            raise unreadable(document.path, "a package has no name", document.place(key, index).line)
        found.append((index, package))
    return found


def tables_in(value: object) -> list[dict[str, Any]]:
    """The tables of an array; what else is there says nothing."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts_in(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text_of(path: Path) -> str:
    """A file's text: UTF-8, or UTF-16 with its mark, as PowerShell writes. Raises E-IMPORT."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as problem:
        raise unreadable(path, (problem.strerror or str(problem)).lower()) from None
    except ValueError:  # a null byte
        raise unreadable(path, "no file can have this name") from None
    if len(content) > _LARGEST:
        raise unreadable(path, f"it is larger than {_LARGEST // 2**20} MiB")
    utf16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise unreadable(path, f"it is not {'UTF-16' if utf16 else 'UTF-8'} text", line) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def json_of(path: Path, text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as problem:
        raise unreadable(path, f"it is not JSON: {problem.msg}", problem.lineno) from None
    except (RecursionError, ValueError):
        raise unreadable(path, "its values cannot be read") from None
    if not isinstance(found, dict):
        raise unreadable(path, "it is not a JSON object", 1)
    return found


def unreadable(path: Path, why: str, line: int | None = None) -> EnvmgrError:
    where = f"{path}:{line}" if line is not None else str(path)
    return EnvmgrError(
        "E-IMPORT",
        f"{where} cannot be read: {why}",
        hint="nothing was written; correct the file, or name another one",
        details={"file": str(path), "line": line},
    )


def why_not_url(url: str) -> str:
    if _REPOSITORY.match(url):
        return "it comes from a repository, whose content has no hash; build a wheel of it or publish it"
    if url.startswith("file:") or "://" not in url:
        return "it comes from a path of this machine; build a wheel of it or publish it"
    return "it comes from a URL; name the distribution instead, or publish it to an index"


def host_of(url: str) -> str:
    """Without what follows, where tokens stand too."""
    found = re.match(r"[a-z+]+://[^/?#]+", url)
    return found[0] if found else url


def without_credentials(text: str) -> str:
    """User, password and the values of a query go."""
    return _QUERY.sub(r"\1=***", _CREDENTIALS.sub("***@", text))


def first_line(problem: Exception) -> str:
    line = str(problem).partition("\n")[0]
    return line[:1].lower() + line[1:]
