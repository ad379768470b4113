"""Ranges of versions as uv writes them: ">=1.26.0, <2 | >=3", and "*" for every version."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version


@functools.lru_cache(4096)
def are_disjoint(one: str, other: str) -> bool:
    """Whether no version can be in both; False when that cannot be told."""
    try:
        return all(
            SpecifierSet(",".join(filter(None, (a, b)))).is_unsatisfiable()
            for a in _alternatives(one)
            for b in _alternatives(other)
        )
    except InvalidSpecifier:
        return False


@functools.lru_cache(4096)
def is_same(specifier: str, versions: str) -> bool:
    """Whether a requirement's versions are this range: "==1.26.*" is ">=1.26.dev0, <1.27.dev0" here.

    They are when they agree on every bound that either has, or means ("1.27" in "==1.26.*"), and right above.
    """
    try:
        one, others = SpecifierSet(specifier), [SpecifierSet(part) for part in _alternatives(versions)]
    except InvalidSpecifier:
        return False
    bounds = {
        bound
        for found in mentioned(f"{specifier} {versions}")
        for bound in (found.base_version, *_successors(found))
    }
    return all(
        one.contains(point, prereleases=True)
        == any(other.contains(point, prereleases=True) for other in others)
        for bound in ("0", *bounds)
        for point in (bound, f"{bound}.0.0.0.1")
    )


def _successors(version: Version) -> Iterator[str]:
    for length, last in enumerate(version.release):
        yield ".".join(map(str, (*version.release[:length], last + 1)))


def mentioned(versions: str) -> list[Version]:
    """The versions that a range or a specifier names."""
    found = []
    for word in re.findall(r"[^\s,|<>=!~]+", versions):
        try:
            found.append(Version(word.removesuffix(".*")))
        except InvalidVersion:
            continue
    return found


def covered(versions: str) -> str:
    """As words: "2.1.4", "2.1.1 to 2.1.4", ">=2,<3", "*" for every version."""
    if single := re.fullmatch(r"==\s*([^\s,|*]+)", versions):
        return single[1]
    if span := re.fullmatch(r">=\s*([^\s,|]+), <=\s*([^\s,|]+)", versions):
        return f"{span[1]} to {span[2]}"
    return spelled(versions) or "*"


def spelled(versions: str) -> str:
    """As a requirement has it: ">=1.26.0,<2", "==1.26.*", ">=1,!=1.5"; "" for every version."""
    if versions == "*":
        return ""
    joined = re.sub(r"<([^\s,|]+) \| >\1(?=[,\s]|$)", r"!=\1", versions)
    return " or ".join(_series(part.strip()).replace(", ", ",") for part in joined.split("|"))


def _series(part: str) -> str:
    bounds = re.fullmatch(r">=([\d.]+)\.dev0, <([\d.]+)\.dev0", part)
    if bounds and is_same(f"=={bounds[1]}.*", part):
        return f"=={bounds[1]}.*"
    return re.sub(r"(?<=<)([\d.]+)\.dev0", r"\1", part)


def _alternatives(versions: str) -> list[str]:
    return [part.strip().removeprefix("*") for part in versions.split("|")]
