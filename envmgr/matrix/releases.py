"""Which releases count for a cell, and which one a selector leads to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from envmgr.matrix import selectors, tags
from envmgr.tools.index import Release
from envmgr.tools.index_pages import File

EACH = {"major": 1, "minor": 2, "patch": 3}


@dataclass(frozen=True, slots=True)
class Target:
    """What a release is to be installed for. `builds`: whether a source distribution will do."""

    python: str
    platform: str
    builds: bool


def select(
    releases: Sequence[Release], selector: str, target: Target, allowed: SpecifierSet | None = None
) -> str | None:
    """The version of the release that a selector leads to; None when there is none. `releases` are in order.

    `allowed` bounds `oldest` alone.
    """
    wanted = selectors.parse(selector)
    newest_first = reversed(releases)
    if wanted.specifier is not None:
        specifier = wanted.specifier
        fitting = (release for release in newest_first if selectors.fits(specifier, release.parsed))
    elif wanted.kind == selectors.LATEST:
        fitting = (release for release in newest_first if not release.is_prerelease)
    elif wanted.kind == selectors.NEXT:
        found = next((release for release in newest_first if counts(release, target)), None)
        return found.version if found is not None and found.is_prerelease else None
    else:
        bound = allowed if allowed is not None else SpecifierSet()
        final = (release for release in releases if not release.is_prerelease)
        fitting = (release for release in final if selectors.fits(bound, release.parsed))
    return next((release.version for release in fitting if counts(release, target)), None)


def counts(release: Release, target: Target, *, yanked: bool = False) -> bool:
    """Whether it is not yanked (unless `yanked` will do) and has a file for the target.

    A source distribution is one only of a release that has no wheels at all: where there are some, its authors build
    for those platforms and interpreters that they support.
    """
    wheels = [file for file in release.files if file.is_wheel]
    if wheels:
        return any(_serves(file, target) and (yanked or not file.yanked) for file in wheels)
    return target.builds and any(
        _is_for(file, target) and (yanked or not file.yanked) for file in release.files
    )


def _serves(file: File, target: Target) -> bool:
    supported = tags.supported(target.python, target.platform)
    return not _tags(file.filename).isdisjoint(supported) and _is_for(file, target)


@cache
def _tags(filename: str) -> frozenset[str]:
    try:
        return frozenset(map(str, parse_wheel_filename(filename)[3]))
    except InvalidWheelFilename:
        return frozenset()


def _is_for(file: File, target: Target) -> bool:
    """By its requires-python. A minor version stands for each of its patches: some newest one fits."""
    return _allows(file.requires_python, target.python.rstrip("t"))


@cache
def _allows(required: str, python: str) -> bool:
    """What cannot be read allows any, as for uv."""
    try:
        specifier = SpecifierSet(required)
    except InvalidSpecifier:
        return True
    return specifier.contains(python if python.count(".") > 1 else f"{python}.999", prereleases=True)


def series(releases: Iterable[Release], each: str) -> dict[str, list[Release]]:
    """Final releases by the beginning of their version: of `1.26.4`, `1`, `1.26` or `1.26.4`."""
    found: dict[str, list[Release]] = {}
    for release in releases:
        if not release.is_prerelease:
            found.setdefault(_name(release.parsed, each), []).append(release)
    return found


def _name(version: Version, each: str) -> str:
    epoch = f"{version.epoch}!" if version.epoch else ""
    numbers = (*version.release, 0, 0)[: max(EACH[each], len(version.release) if each == "patch" else 0)]
    return epoch + ".".join(map(str, numbers))


def within(
    releases: Iterable[Release], each: str, specifier: SpecifierSet | None, since: datetime | None
) -> Iterator[str]:
    """The series, oldest first, of which a release that is not yanked fits, and which began `since` then."""
    for name, members in series(releases, each).items():
        if all(
            release.yanked or not (specifier is None or selectors.fits(specifier, release.parsed))
            for release in members
        ):
            continue
        began = min((release.uploaded for release in members if release.uploaded), default=None)
        if since is None or (began is not None and began >= since):
            yield name
