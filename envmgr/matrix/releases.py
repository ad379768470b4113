"""Which releases count for a cell, and which one a selector leads to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.specifiers import SpecifierSet
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
    counting = (release for release in reversed(releases) if counts(release, target))
    if wanted.specifier is not None:
        specifier = wanted.specifier
        return _first(release for release in counting if selectors.fits(specifier, release.parsed))
    if wanted.kind == selectors.LATEST:
        return _first(release for release in counting if not release.is_prerelease)
    if wanted.kind == selectors.NEXT:
        newest = next(counting, None)
        return newest.version if newest is not None and newest.is_prerelease else None
    bound = allowed if allowed is not None else SpecifierSet()
    return _first(
        release
        for release in releases
        if selectors.fits(bound, release.parsed) and not release.is_prerelease and counts(release, target)
    )


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
    if not _is_for(file, target):
        return False
    try:
        served = parse_wheel_filename(file.filename)[3]
    except InvalidWheelFilename:
        return False
    supported = tags.supported(target.python, target.platform)
    return any(str(tag) in supported for tag in served)


def _is_for(file: File, target: Target) -> bool:
    """By its requires-python. A minor version stands for each of its patches: some newest one fits."""
    required = file.python
    if required is None:
        return True
    wanted = target.python.rstrip("t")
    return required.contains(wanted if wanted.count(".") > 1 else f"{wanted}.999", prereleases=True)


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


def _first(found: Iterable[Release]) -> str | None:
    return next((release.version for release in found), None)
