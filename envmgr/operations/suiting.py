"""Which interpreters of this machine walk which release, and how old what they depend on may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from packaging.version import InvalidVersion, Version

from envmgr.errors import EnvmgrError
from envmgr.matrix import cpython, releases, tags
from envmgr.matrix.releases import Target
from envmgr.tools.index import Release
from envmgr.tools.interpreters import Interpreter

_LATER = timedelta(days=1)
"""What a release needs may be published just after it."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The interpreters for the one and the other release; `newer`: what is published after that does not count."""

    before: Interpreter
    after: Interpreter
    newer: tuple[str | None, str | None]


def find(found: Sequence[Release], distribution: str, version: str) -> Release:
    """Raises E-LOCK with the nearest versions."""
    try:
        wanted = Version(version)
    except InvalidVersion:
        raise EnvmgrError(
            "E-USAGE", f"{version!r} is no version of {distribution}", hint=f"write {distribution}==1.2.3"
        ) from None
    release = next((each for each in found if each.parsed == wanted), None)
    if release is None:
        below = [each.version for each in found if each.parsed < wanted][-3:]
        above = [each.version for each in found if each.parsed > wanted][:3]
        near = ", ".join([*below, *above])
        raise EnvmgrError(
            "E-LOCK",
            f"no index has {distribution} {version}",
            hint=f"near it there is {near}" if near else "check the name, and UV_DEFAULT_INDEX",
        )
    return release


def attempts(
    before: Release, after: Release, preferred: Interpreter | None, here: Sequence[Interpreter], *, only: bool
) -> Iterator[Attempt]:
    """The most promising first: one interpreter that both have files for, else one for each; dependencies of the
    days of each release before those of today. `only`: none but the preferred one.
    """
    first = [] if preferred is None else [preferred]
    candidates = (
        first if only else [*first, *(each for each in _by_age(here, before, after) if each not in first)]
    )
    both = [each for each in candidates if serves(before, each) and serves(after, each)]
    pairs = [(each, each) for each in both]
    if not pairs:
        one = next((each for each in candidates if serves(before, each)), None)
        other = next((each for each in candidates if serves(after, each)), None)
        if one is not None and other is not None:
            pairs = [(one, other)]
        elif candidates:  # whatever uv makes of it, it says why
            pairs = [(one or candidates[0], other or candidates[0])]
    dates = (_day(before), _day(after))
    for one, other in pairs[:2]:
        if dates != (None, None):
            yield Attempt(one, other, dates)
        yield Attempt(one, other, (None, None))


def serves(release: Release, interpreter: Interpreter) -> bool:
    """A yanked one does too: it was asked for by its version."""
    target = Target(interpreter.minor, tags.here(), builds=True)
    return releases.counts(release, target, yanked=True)


def _by_age(here: Sequence[Interpreter], before: Release, after: Release) -> list[Interpreter]:
    """Those that were out when the older release was, the newest first; then later ones, the oldest first."""
    moments = [each.uploaded for each in (before, after) if each.uploaded is not None]
    day = min(moments).date() if moments else date.max
    out = {minor.version for minor in cpython.MINORS if minor.released <= day}
    newest: dict[str, Interpreter] = {}
    for each in sorted((each for each in here if not each.free_threaded), key=_order):
        newest[each.minor] = each
    known = sorted(newest.values(), key=_order)
    return [
        *(each for each in reversed(known) if each.minor in out),
        *(each for each in known if each.minor not in out),
    ]


def _order(interpreter: Interpreter) -> tuple[int, ...]:
    return tuple(int(part) for part in interpreter.version.split(".") if part.isdigit())


def _day(release: Release) -> str | None:
    """When all of its files were there."""
    moments = [each.uploaded for each in release.files if each.uploaded is not None]
    if not moments:
        return None
    return (max(moments).astimezone(UTC) + _LATER).strftime("%Y-%m-%dT%H:%M:%SZ")
