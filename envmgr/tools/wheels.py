"""Wheels: what an interpreter can install, and which file of a lock it takes."""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.pylock import Package, PackageArchive, PackageWheel, Pylock, PylockValidationError
from packaging.tags import compatible_tags, cpython_tags, generic_tags, platform_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

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
        usable = {
            rank: wheel
            for wheel in _files(package)
            if (among is None or wheel.filename in among) and (rank := _rank(wheel, ranks)) is not None
        }
        if usable:
            found.append(usable[max(usable)])
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
        with contextlib.suppress(InvalidWheelFilename):
            _, version, _, _ = parse_wheel_filename(filename)
            yield Wheel(str(package.name), str(package.version or version), filename, source, file.hashes)


def _rank(wheel: Wheel, ranks: Mapping[str, int]) -> tuple[int, tuple[()] | tuple[int, str]] | None:
    """Greater is better: first the interpreter's order, then the build number. None when it cannot serve."""
    _, _, build, served = parse_wheel_filename(wheel.filename)
    fitting = [ranks[spelled] for tag in served if (spelled := str(tag)) in ranks]
    return (-min(fitting), build) if fitting else None
