"""Snapshots of OSV's advisories (https://ossf.github.io/osv-schema/) of the PyPI ecosystem, read from disk alone."""

from __future__ import annotations

import functools
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from envmgr.errors import EnvmgrError
from envmgr.tools.pypa import canonical

ECOSYSTEM = "PyPI"
_MODIFIED = re.compile(rb'"modified"\s*:\s*"(\d{4}-\d\d-\d\dT[^"]+)"')
_NAME = re.compile(rb'"name"\s*:\s*"([^"]+)"')
"""Of distributions, and of who found something, too."""
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_LINE = 120
_INTRODUCED, _FIXED, _LAST, _LIMIT = "introduced", "fixed", "last_affected", "limit"
_OF_VERSIONS = frozenset({"ECOSYSTEM", "SEMVER"})
"""Types of ranges; those of GIT are of commits."""
_EVENTS = (_INTRODUCED, _FIXED, _LAST, _LIMIT)
_ENDS = {"0": Version("0.dev0"), "*": Version("999999999!0")}
"""Before every version, and after: where something is introduced, and the limit that is none."""

Events = tuple[tuple[str, Version], ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """Versions of one distribution: those listed, and ranges, each by its events in their order."""

    distribution: str
    versions: frozenset[str]
    ranges: tuple[Events, ...]

    def holds(self, version: str) -> bool:
        """By PEP 440; what is no version of that is looked for among those listed."""
        try:
            wanted = Version(Version(version).public)
        except InvalidVersion:
            return version in self.versions
        return str(wanted) in self.versions or any(_within(wanted, events) for events in self.ranges)


@dataclass(frozen=True, slots=True)
class Advisory:
    """`severity` is a word ("high"), or the CVSS vector where the advisory has no word; "" without either."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    affected: tuple[Affected, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The advisories that name one of the distributions asked for, withdrawn ones left out. `newest` is when one of
    all was modified last, `written` when the file was. `unread`: names of those that are no OSV.
    """

    advisories: tuple[Advisory, ...]
    newest: datetime | None
    written: datetime
    unread: tuple[str, ...] = ()


def read(path: Path, distributions: Iterable[str]) -> Snapshot:
    """From OSV's `all.zip`, a directory of `*.json`, or a file that is one advisory or a list of them.

    Raises E-OSV when it is nothing of this. Cost: every byte is read, and what names none of the distributions is
    not parsed: seconds for all of PyPI.
    """
    names = frozenset(map(canonical, distributions))
    advisories, unread, newest, count = [], [], b"", 0
    is_wanted = functools.cache(functools.partial(_is_wanted, names=names))
    try:
        written = datetime.fromtimestamp(_written(path), tz=UTC)
        for name, content in _documents(path):
            count += 1
            newest = max([newest, *_MODIFIED.findall(content)])
            if not any(map(is_wanted, _NAME.findall(content))):
                continue
            try:
                advisories += [
                    found for each in _listed(json.loads(content)) if (found := _advisory(each, names))
                ]
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                if path.is_file() and name == path.name:
                    raise _no_snapshot(path, f"is no JSON as OSV writes it ({problem})") from None
                unread.append(name)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        raise _no_snapshot(path, f"cannot be read: {why}") from problem
    if not newest and not advisories:
        raise _no_snapshot(path, _what_it_is(path, count))
    return Snapshot(tuple(advisories), _time(newest.decode("ascii", "replace")), written, tuple(unread))


def _is_wanted(written: bytes, names: frozenset[str]) -> bool:
    """Whoever is called so; a name with an escape in it is looked at."""
    return b"\\" in written or canonical(written.decode("utf-8", "replace")) in names


def _what_it_is(path: Path, count: int) -> str:
    if path.is_file():
        with path.open("rb") as file:
            begins = file.read(4)
        if begins.startswith(_GZIP):
            return "is compressed with gzip; unpack it first"
        if begins == _ZIP and not zipfile.is_zipfile(path):
            return "is a zip whose end is missing; download it again"
    return "has no advisory in it" if count else "has no JSON file in it"


def _documents(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield file.name, file.read_bytes()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.filename.endswith(".json"):
                    yield member.filename, archive.read(member)
    else:
        yield path.name, path.read_bytes()


def _written(path: Path) -> float:
    """Of a directory, of the file in it that was written last."""
    found = [file.stat().st_mtime for file in path.rglob("*.json")] if path.is_dir() else []
    return max(found) if found else path.stat().st_mtime


def _listed(document: Any) -> Sequence[Mapping[str, Any]]:
    """`{"vulns": [...]}` is what OSV's API answers."""
    if isinstance(document, list):
        return document
    return document["vulns"] if "vulns" in document and "id" not in document else [document]


def _advisory(document: Mapping[str, Any], names: frozenset[str]) -> Advisory | None:
    """None for one that was withdrawn, or is of nothing that was asked for."""
    affected = tuple(
        _affected(each)
        for each in document.get("affected") or ()
        if _ecosystem(each) == ECOSYSTEM and canonical(each["package"]["name"]) in names
    )
    if document.get("withdrawn") or not affected:
        return None
    aliases = tuple(map(str, document.get("aliases") or ()))
    return Advisory(str(document["id"]), aliases, _summary(document), _severity(document), affected)


def _summary(document: Mapping[str, Any]) -> str:
    """One line: PYSEC has none, and a story in its place."""
    said = str(document.get("summary") or document.get("details") or "").strip().partition("\n")[0]
    return said if len(said) <= _LINE else f"{said[: _LINE - 1]}…"


def _ecosystem(affected: Mapping[str, Any]) -> str:
    """Without a suffix: "PyPI:extra" is a part of PyPI."""
    return str((affected.get("package") or {}).get("ecosystem", "")).partition(":")[0]


def _affected(document: Mapping[str, Any]) -> Affected:
    ranges = [each for each in document.get("ranges") or () if each.get("type") in _OF_VERSIONS]
    return Affected(
        canonical(document["package"]["name"]),
        frozenset(_normal(str(version)) for version in document.get("versions") or ()),
        tuple(_events(each.get("events") or ()) for each in ranges),
    )


def _events(events: Iterable[Mapping[str, str]]) -> Events:
    """In the order of their versions; where two are at one version, it is introduced first."""
    found = []
    for event in events:
        for kind in _EVENTS:
            if kind in event:
                try:
                    found.append((kind, _ENDS.get(event[kind]) or Version(event[kind])))
                except InvalidVersion:
                    continue  # a commit, or another ecosystem's
    return tuple(sorted(found, key=lambda each: (each[1], _EVENTS.index(each[0]))))


def _within(version: Version, events: Events) -> bool:
    """OSV's evaluation: the last event that is not above the version decides, where it is below a limit."""
    limits = [at for kind, at in events if kind == _LIMIT]
    if limits and version >= max(limits):
        return False
    inside = False
    for kind, at in events:
        if kind == _INTRODUCED and version >= at:
            inside = True
        elif (kind == _FIXED and version >= at) or (kind == _LAST and version > at):
            inside = False
    return inside


def _severity(document: Mapping[str, Any]) -> str:
    places = [document, *(document.get("affected") or ())]
    for place in places:
        word = (place.get("database_specific") or {}).get("severity")
        if isinstance(word, str):
            return word.lower()
    vectors = [each.get("score") for place in places for each in place.get("severity") or ()]
    return next((str(vector) for vector in vectors if vector), "")


def _normal(version: str) -> str:
    try:
        return str(Version(version))
    except InvalidVersion:
        return version


def _time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _no_snapshot(path: Path, why: str) -> EnvmgrError:
    return EnvmgrError(
        "E-OSV",
        f"{path} is no snapshot of OSV's advisories: it {why}",
        hint="name https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip once it is downloaded, a directory"
        " of OSV's JSON files, or a file with one of them or a list",
    )
