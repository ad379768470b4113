"""Between which releases, or dates of locks, a bisect searches. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from envmgr.errors import EnvmgrError
from envmgr.matrix.releases import Target, counts
from envmgr.tools.index import Release

_DAY = timedelta(days=1)
_MOMENT = timedelta(milliseconds=1)
"""What uv distinguishes: it takes what was uploaded before."""


@dataclass(frozen=True, slots=True)
class Between:
    """`left_out` says in words how many of the releases between do not count, and why."""

    releases: tuple[Release, ...]
    left_out: tuple[str, ...]


def between(releases: Sequence[Release], good: str, bad: str, target: Target, *, pre: bool) -> Between:
    """The releases from `good` up to `bad`, both among them, that have a file for the target; in the order of their
    versions, as `releases` are. What is named counts, also when it is a pre-release, or yanked.

    Raises E-USAGE.
    """
    first, last = find(releases, good), find(releases, bad)
    if first.parsed >= last.parsed:
        raise EnvmgrError(
            "E-USAGE",
            f"{first.distribution} {good} is not older than {bad}: there is nothing between to search",
            hint="--good is a release that passes, --bad a later one that fails",
        )
    taken, unfit, yanked, early = [], 0, 0, 0
    for release in releases:
        if not first.parsed <= release.parsed <= last.parsed:
            continue
        named = release in (first, last)
        if release.yanked and not named:
            yanked += 1
        elif release.is_prerelease and not (named or pre):
            early += 1
        elif named or counts(release, target):
            taken.append(release)
        else:
            unfit += 1
    words = (
        (unfit, f"without a file for Python {target.python} on {target.platform}"),
        (yanked, "yanked"),
        (early, "pre-releases (`--pre` tries them)"),
    )
    return Between(tuple(taken), tuple(f"{number} {what}" for number, what in words if number))


def find(releases: Sequence[Release], version: str) -> Release:
    """Raises E-USAGE with the nearest there are."""
    distribution = releases[0].distribution
    try:
        wanted = Version(version)
    except InvalidVersion:
        raise EnvmgrError(
            "E-USAGE",
            f"{version!r} is no version of {distribution}",
            hint=f"write one such as {releases[-1].version}",
        ) from None
    for release in releases:
        if release.parsed == wanted:
            return release
    names = [release.version for release in releases]
    near = difflib.get_close_matches(str(wanted), names, n=3, cutoff=0.5) or names[-3:]
    raise EnvmgrError(
        "E-USAGE",
        f"{distribution} has no release {version}",
        hint=f"there is {', '.join(near)}",
        details={"distribution": distribution, "near": near},
    )


def refuse_days(*ends: str) -> None:
    """Raises E-USAGE."""
    for end in filter(is_day, ends):
        raise EnvmgrError(
            "E-USAGE",
            f"{end} is a day, not a release",
            hint="--with-dependencies searches by the day of the lock",
        )


def is_day(text: str) -> bool:
    return _parsed(text) is not None


def moment_of(text: str) -> datetime:
    """Of `2024-06-30` the end of that day (UTC), as uv takes it; of a date with a time that moment. Raises
    ValueError."""
    found = _parsed(text)
    if found is None:
        raise ValueError(text)
    return found


def _parsed(text: str) -> datetime | None:
    if text.count("-") < 2:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found + _DAY if len(text) == len("2024-06-30") else found.astimezone(UTC)


def published(release: Release, target: Target) -> datetime | None:
    """From when on all of its files are there that serve the target; None where the index does not say."""
    files = [file for file in release.files if counts(replace(release, files=(file,)), target)]
    wheels = [file for file in files if file.is_wheel]
    times = [file.uploaded for file in wheels or files if file.uploaded is not None]
    if not times:
        return None
    whole = max(times).astimezone(UTC)
    return whole.replace(microsecond=whole.microsecond // 1000 * 1000) + _MOMENT


def usual(releases: Sequence[Release], asked: str) -> list[Release]:
    """Those that a resolver may take: of these versions, and no pre-releases where there is anything else."""
    bounds = SpecifierSet(asked)
    fitting = [release for release in releases if bounds.contains(release.parsed, prereleases=True)]
    final = [release for release in fitting if not release.is_prerelease]
    return final or fitting


def moments(
    releases: Mapping[str, Iterable[Release]], target: Target, after: datetime, until: datetime
) -> dict[datetime, tuple[Release, ...]]:
    """When a lock may have come out differently, after `after` and up to `until`: what was published then, in order.

    A release without a file that fits has no part in it, nor one of which the index does not say when.
    """
    found: dict[datetime, list[Release]] = {}
    for published_here in releases.values():
        for release in published_here:
            if not any(file.uploaded and after <= file.uploaded < until for file in release.files):
                continue  # to look at the tags of each file of years costs seconds
            moment = published(release, target)
            if moment is not None and after < moment <= until:
                found.setdefault(moment, []).append(release)
    return {moment: tuple(found[moment]) for moment in sorted(found)}


def spelled(moment: datetime) -> str:
    """As uv's `--exclude-newer` takes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
