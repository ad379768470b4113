"""What selectors lead to: from what was found before, else from the index; and what was found now, to be kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time

from packaging.specifiers import SpecifierSet

from envmgr.matrix import cpython, releases, selectors
from envmgr.matrix.releases import Target
from envmgr.tools.index import Listing

_AT_ONCE = 8
Found = str | bool | list[str] | None


class Undated(Exception):
    """The index does not say when the files of a distribution were uploaded."""


class Selections:
    """`known` is what an earlier one had in `used`: for what is in it no index is asked. `today` is what windows of
    support end with, and what decides which Python is the newest."""

    def __init__(self, index: Listing, known: Mapping[str, Found], today: date) -> None:
        self._index = index
        self._known = known
        self._today = today
        self.used: dict[str, Found] = {}

    def look_up(self, distributions: Iterable[str]) -> list[str]:
        """Those that no index has, of these. Asks for several at once. Raises E-NETWORK."""
        wanted = list(dict.fromkeys(distributions))
        new = [name for name in wanted if not self._known.get(name)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            there = dict(zip(new, pool.map(lambda name: bool(self._index.releases(name)), new), strict=True))
        for name in wanted:
            if there.get(name, True):
                self.used[name] = True
        return [name for name in new if not there[name]]

    def release(
        self, distribution: str, selector: str, target: Target, allowed: SpecifierSet | None = None
    ) -> str | None:
        """As `releases.select`."""
        bound = f" of {allowed}" if allowed and selector == selectors.OLDEST else ""
        files = "" if target.builds else " wheels"
        key = f"{distribution} {selector}{bound} for {target.python} {target.platform}{files}"
        found = self._found(
            key, lambda: releases.select(self._index.releases(distribution), selector, target, allowed)
        )
        return found if isinstance(found, str) else None

    def exists(self, distribution: str, selector: str) -> bool:
        """Whether a selector leads to any release, whatever it is for."""
        wanted = selectors.parse(selector).specifier
        if wanted is None:
            return True
        return bool(
            self._found(
                f"{distribution} {selector}",
                lambda: any(
                    selectors.fits(wanted, release.parsed) for release in self._index.releases(distribution)
                ),
            )
        )

    def newest(self, distribution: str) -> str | None:
        final = [
            release
            for release in self._index.releases(distribution)
            if not (release.is_prerelease or release.yanked)
        ]
        return final[-1].version if final else None

    def series(self, distribution: str, each: str, within: str | None, window: str | None) -> tuple[str, ...]:
        """As `releases.within`. Raises Undated for a window where the index has no days."""
        key = f"{distribution} each {each} within {within or '*'} of the last {window or 'years'}"
        found = self._found(key, lambda: self._series(distribution, each, within, window))
        return tuple(found) if isinstance(found, list) else ()

    def _series(self, distribution: str, each: str, within: str | None, window: str | None) -> list[str]:
        known = self._index.releases(distribution)
        if window and not any(release.uploaded for release in known):
            raise Undated(distribution)
        since = selectors.before(datetime.combine(self._today, time(tzinfo=UTC)), window) if window else None
        specifier = SpecifierSet(within) if within else None
        return list(releases.within(known, each, specifier, since))

    def pythons(self, within: str | None, window: str | None) -> tuple[str, ...]:
        """CPython's minor versions that were released, fit, and were so within the window."""
        key = f"python within {within or '*'} of the last {window or 'years'}"
        found = self._found(key, lambda: self._pythons(within, window))
        return tuple(found) if isinstance(found, list) else ()

    def _pythons(self, within: str | None, window: str | None) -> list[str]:
        now = datetime.combine(self._today, time())
        since = selectors.before(now, window).date() if window else date.min
        return [
            minor.version
            for minor in cpython.released(self._today)
            if minor.released >= since and (not within or python_fits(within, minor.version))
        ]

    def python(self, written: str) -> str | None:
        """The version that a value of the axis `python` means; None where there is none."""
        words: Mapping[str, Callable[[date], str | None]] = {
            selectors.LATEST: cpython.latest,
            selectors.OLDEST: cpython.oldest,
            selectors.NEXT: cpython.coming,
        }
        if written not in words:
            return written
        found = self._found(f"python {written}", lambda: words[written](self._today))
        return found if isinstance(found, str) else None

    def _found(self, key: str, find: Callable[[], Found]) -> Found:
        if key not in self.used:
            self.used[key] = self._known[key] if key in self._known else find()
        return self.used[key]


def python_fits(specifier: str, version: str) -> bool:
    """A minor version fits where any of its patches may: `3.12` is in `<3.12.4` and in `>=3.12.1`."""
    wanted = SpecifierSet(specifier)
    plain = version.rstrip("t")
    candidates = [plain] if plain.count(".") > 1 else [f"{plain}.0", f"{plain}.999"]
    return any(wanted.contains(candidate, prereleases=True) for candidate in candidates)
