"""What a value of an axis may be: the words, a series, a specifier; and the spans of time of a support window."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

LATEST, OLDEST, NEXT, NONE = "latest", "oldest", "next", "none"
WORDS = (LATEST, OLDEST, NEXT)

SPECIFIER_PATTERN = r"\s*(===|==|~=|!=|<=|>=|<|>).*"
VERSION_PATTERN = r"([0-9]+!)?[0-9]+(\.[0-9]+)*([-_.]?[A-Za-z][A-Za-z0-9._+-]*)?"
PYTHON_PATTERN = r"3\.[0-9]+(\.[0-9]+)?t?"
SPAN_PATTERN = r"[1-9][0-9]{0,4} (day|week|month|year)s?"

_SPAN = re.compile(r"([1-9][0-9]{0,4}) (day|week|month|year)s?")
_IS_SPECIFIER = re.compile(SPECIFIER_PATTERN, re.DOTALL)


@dataclass(frozen=True, slots=True)
class Selector:
    """`kind`: a word, or "fits": the newest release that fits `specifier`."""

    kind: str
    specifier: SpecifierSet | None = None


def is_specifier(text: str) -> bool:
    """Whether it is written with operators. It may be no valid one all the same."""
    return _IS_SPECIFIER.fullmatch(text) is not None


def parse(text: str) -> Selector:
    """Of a distribution's axis. Raises ValueError."""
    if text in (*WORDS, NONE):
        return Selector(text)
    return Selector("fits", SpecifierSet(text) if is_specifier(text) else _series(text))


def _series(text: str) -> SpecifierSet:
    """Of `1.26` all that begins so; a pre-release, a post-release and a local version are meant as they are."""
    try:
        version = Version(text)
    except InvalidVersion as error:
        raise ValueError(str(error)) from None
    plain = version.is_prerelease or version.is_postrelease or version.local
    return SpecifierSet(f"=={version}" if plain else f"=={version}.*")


def fits(specifier: SpecifierSet, version: Version) -> bool:
    """Whether a version is in it; a pre-release only where the specifier names one."""
    return specifier.contains(version, prereleases=_names_prerelease(specifier))


def _names_prerelease(specifier: SpecifierSet) -> bool:
    for part in specifier:
        try:
            if Version(part.version.removesuffix(".*")).is_prerelease:
                return True
        except InvalidVersion:
            continue
    return False


def specifier(text: str) -> SpecifierSet | None:
    """Of what is written with operators; None for all else."""
    if not is_specifier(text):
        return None
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def before(moment: datetime, span: str) -> datetime:
    """`moment` less `24 months`; the month's last day where the day is not in that month."""
    match = _SPAN.fullmatch(span)
    if match is None:
        raise ValueError(span)
    number, unit = int(match[1]), match[2]
    if unit in ("day", "week"):
        return moment - timedelta(days=number * (7 if unit == "week" else 1))
    months = moment.year * 12 + moment.month - 1 - number * (12 if unit == "year" else 1)
    year, month = max(months // 12, 1), months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
