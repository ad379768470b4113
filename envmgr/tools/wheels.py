"""Wheels: what an interpreter can install, and which file of a lock it takes."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.pylock import Package, PackageArchive, PackageWheel, Pylock, PylockValidationError
from packaging.tags import compatible_tags, cpython_tags, generic_tags, platform_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from envmgr.tools.interpreters import Interpreter


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of a lock. `source` is its address (http, https, file) or its path, relative to the lock."""

    package: str
    version: str
    filename: str
    source: str
    hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    """`without` are the packages of which no wheel will do, as `name version`."""

    wheels: tuple[Wheel, ...]
    without: tuple[str, ...]


def tags(interpreter: Interpreter) -> tuple[str, ...]:
    """The tags of wheels that it installs, best first.

    Of CPython and PyPy. Its libc is taken to be that of the Python that runs envmgr.
    """
    version = tuple(int(number) for number in interpreter.minor.rstrip("t").split("."))
    digits = "".join(map(str, version))
    platforms = list(platform_tags())
    if interpreter.implementation == "cpython":
        abi = f"cp{digits}{'t' if interpreter.free_threaded else ''}"
        short, own = f"cp{digits}", cpython_tags(version, [abi], platforms)
    else:
        abi = "_".join(interpreter.abi.split("-")[:2])
        short = f"{interpreter.implementation[:1]}p{digits}"
        own = generic_tags(short, [abi], platforms)
    return tuple(map(str, (*own, *compatible_tags(version, short, platforms))))


def choose(
    document: Mapping[str, Any],
    markers: Mapping[str, str],
    tags: Sequence[str],
    *,
    among: Collection[str] | None = None,
) -> Choice:
    """The best wheel of each package that a lock has for an interpreter; of the files named `among`, if given.

    Raises ValueError for a document that is no valid PEP 751 lock.
    """
    try:
        lock = Pylock.from_dict(document)
    except PylockValidationError as problem:
        raise ValueError(str(problem)) from None
    ranks = {tag: rank for rank, tag in enumerate(tags)}
    found, without = [], []
    for package in lock.packages:
        if package.marker is not None and not package.marker.evaluate(dict(markers), context="lock_file"):
            continue
        wheels = [wheel for wheel in _files(package) if among is None or wheel.filename in among]
        usable = [ranked for wheel in wheels if (ranked := _rank(wheel.filename, ranks)) is not None]
        if usable:
            best = max(usable)[2]
            found.append(next(wheel for wheel in wheels if wheel.filename == best))
        else:
            without.append(f"{package.name} {package.version or ''}".rstrip())
    return Choice(tuple(sorted(found, key=lambda wheel: wheel.filename)), tuple(sorted(without)))


def _files(package: Package) -> Iterable[Wheel]:
    held: list[PackageWheel | PackageArchive] = [
        *(package.wheels or ()),
        *([package.archive] if package.archive else []),
    ]
    for file in held:
        source = file.url or file.path or ""
        named = getattr(file, "name", None)
        filename = named or posixpath.basename(unquote(urlsplit(source).path) if file.url else source)
        if filename.endswith(".whl"):
            version = str(package.version or filename.split("-")[1])
            yield Wheel(canonicalize_name(package.name), version, filename, source, file.hashes)


def _rank(filename: str, ranks: Mapping[str, int]) -> tuple[int, tuple[int, str] | tuple[()], str] | None:
    """Sorts later the better it is: by the interpreter's order, then by build number; None when it cannot serve."""
    try:
        _, _, build, served = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    fitting = [ranks[spelled] for tag in served if (spelled := str(tag)) in ranks]
    return (-min(fitting), build, filename) if fitting else None
