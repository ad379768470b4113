"""PyPA formats: names, pylock.toml, RECORD, and what an installed distribution owns."""

from __future__ import annotations

import base64
import configparser
import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PLATFORMS = {
    "linux-x86_64": "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "linux-aarch64": "sys_platform == 'linux' and platform_machine == 'aarch64'",
    "macos-x86_64": "sys_platform == 'darwin' and platform_machine == 'x86_64'",
    "macos-arm64": "sys_platform == 'darwin' and platform_machine == 'arm64'",
    "windows-x86_64": "sys_platform == 'win32' and platform_machine == 'AMD64'",
    "windows-arm64": "sys_platform == 'win32' and platform_machine == 'ARM64'",
}
"""What `platforms` of envmgr.toml may name, as environment markers."""

_SEPARATORS = re.compile(r"[-_.]+")
_EXTENSION = re.compile(r"^(?P<name>[^.]+)(?:\.[^.]+)*\.(?:so|pyd)$")


def canonical(name: str) -> str:
    """PEP 503's normal form."""
    return _SEPARATORS.sub("-", name).lower()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of a RECORD: a path relative to site-packages, and the digest it promises (`None` for RECORD
    itself).
    """

    path: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed distribution. `modules` are the top-level names that it owns, public ones only, sorted."""

    name: str
    version: str
    modules: tuple[str, ...]
    record: tuple[Recorded, ...]


def installed(site_packages: Path) -> tuple[Distribution, ...]:
    """The distributions of one site-packages directory, by canonical name. Cost: one small file per
    distribution.
    """
    found = []
    for info in site_packages.glob("*.dist-info"):
        name, _, version = info.name.removesuffix(".dist-info").rpartition("-")
        record = _read_record(info / "RECORD")
        found.append(Distribution(canonical(name), version, _modules(record, info), record))
    return tuple(sorted(found, key=lambda distribution: distribution.name))


def record_spelling(digest: bytes) -> str:
    """A sha256 as RECORD writes it: urlsafe base64 without padding."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _read_record(path: Path) -> tuple[Recorded, ...]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ()
    rows = csv.reader(text.splitlines())
    return tuple(Recorded(row[0], _sha256(row[1]) if len(row) > 1 else None) for row in rows if row)


def _sha256(field: str) -> str | None:
    algorithm, _, value = field.partition("=")
    return value if algorithm == "sha256" and value else None


def _modules(record: Iterable[Recorded], info: Path) -> tuple[str, ...]:
    named = {name for entry in record if (name := _top_level(entry.path)) is not None}
    if not named:
        named = _declared(info / "top_level.txt")
    return tuple(sorted(name for name in named if name.isidentifier() and not name.startswith("_")))


def _top_level(path: str) -> str | None:
    first, _, rest = path.partition("/")
    if first in ("", "..", "__pycache__") or first.endswith((".dist-info", ".data")):
        return None
    if rest:
        return first if rest.endswith((".py", ".so", ".pyd", ".pyc")) else None
    if path.endswith(".py"):
        return path.removesuffix(".py")
    extension = _EXTENSION.match(path)
    return extension["name"] if extension else None


def _declared(path: Path) -> set[str]:
    try:
        return set(path.read_text("utf-8").split())
    except FileNotFoundError:
        return set()


@dataclass(frozen=True, slots=True)
class Locked:
    """A package of a lock that applies to one interpreter. `hashes` are those of every file that may serve,
    sorted.
    """

    name: str
    version: str
    hashes: tuple[str, ...]


class Unserved(Exception):
    """The environments that a lock is for, where the interpreter's is not among them."""


def locked(document: Mapping[str, object], markers: Mapping[str, str]) -> tuple[Locked, ...]:
    """The packages of a pylock document that an interpreter with these marker values needs, by name.

    Raises ValueError for a document that is no valid PEP 751 lock, Unserved for one that is for other
    platforms.
    """
    from packaging.pylock import Pylock, PylockValidationError

    try:
        lock = Pylock.from_dict(document)
    except PylockValidationError as problem:
        raise ValueError(str(problem)) from None
    served = lock.environments or ()
    if served and not any(marker.evaluate(dict(markers), context="lock_file") for marker in served):
        raise Unserved(" or ".join(map(str, served)))
    packages = []
    for package in lock.packages:
        if package.marker is not None and not package.marker.evaluate(dict(markers), context="lock_file"):
            continue
        hashed = [wheel.hashes for wheel in package.wheels or ()]
        hashed += [source.hashes for source in (package.sdist, package.archive) if source is not None]
        hashes = sorted(f"{kind}:{value}" for hashes in hashed for kind, value in hashes.items())
        packages.append(Locked(canonical(package.name), str(package.version or ""), tuple(hashes)))
    return tuple(sorted(packages, key=lambda package: (package.name, package.version)))


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One that needs no extra."""

    distribution: str
    group: str
    name: str
    module: str


def entry_points(site_packages: Path) -> tuple[EntryPoint, ...]:
    """Of every distribution. A file that is no entry points' file has none."""
    found = []
    for path in sorted(site_packages.glob("*.dist-info/entry_points.txt")):
        distribution = canonical(path.parent.name.removesuffix(".dist-info").rpartition("-")[0])
        parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[method-assign,assignment] # names keep their case
        try:
            parser.read_string(path.read_text("utf-8", "replace"))
        except configparser.Error:
            continue
        for group in parser.sections():
            for name, target in parser.items(group):
                module = target.partition(":")[0].partition("[")[0].strip()
                if "[" not in target and module:
                    found.append(EntryPoint(distribution, group, name, module))
    return tuple(found)
