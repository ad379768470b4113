"""What a package index knows of a distribution: its releases and their files. Nothing of it is downloaded.

The indexes are those that uv is given: `UV_DEFAULT_INDEX` (else PyPI), before it `UV_INDEX` and `UV_EXTRA_INDEX_URL`;
then what uv.toml of the user and of the system names. As uv does it, the first index that has a distribution answers
for it, unless `UV_INDEX_STRATEGY` says otherwise; what `UV_FIND_LINKS` has is added.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from envmgr.errors import EnvmgrError

if TYPE_CHECKING:
    from packaging.version import Version

    from envmgr.tools.index_pages import File
    from envmgr.tools.index_settings import Indexes


@dataclass(frozen=True)
class Release:
    """`version` is in its normal form."""

    distribution: str
    version: str
    files: tuple[File, ...]

    @cached_property
    def parsed(self) -> Version:
        from packaging.version import Version

        return Version(self.version)

    @property
    def is_prerelease(self) -> bool:
        return self.parsed.is_prerelease

    @property
    def uploaded(self) -> datetime | None:
        """When its first file was; None where the index says it of none."""
        return min((file.uploaded for file in self.files if file.uploaded), default=None)

    @property
    def yanked(self) -> bool:
        """All of its files are."""
        return all(file.yanked for file in self.files)


class Listing(Protocol):
    """Whatever knows releases as an `Index` does."""

    def releases(self, distribution: str) -> tuple[Release, ...]: ...


class Index:
    """Asks for each distribution once. Safe among threads. Costs nothing before it is asked."""

    def __init__(self, indexes: Indexes | None = None) -> None:
        self._given = indexes
        self._known: dict[str, tuple[Release, ...]] = {}
        self._failed: dict[str, EnvmgrError] = {}
        self._asking: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def releases(self, distribution: str) -> tuple[Release, ...]:
        """Every release with a file, in the order of versions, the oldest first; none when no index has it.

        Yanked ones and pre-releases are among them. Raises E-NETWORK.
        """
        from envmgr.tools.pypa import canonical

        return self._found(canonical(distribution))

    def expect(self, distributions: Iterable[str]) -> None:
        """Begin to ask for what `releases` is sure to be asked for; it waits then, and raises what came instead.

        All that this takes is imported here: it goes on beside imports.
        """
        import packaging.utils  # noqa: F401

        from envmgr.tools import index_pages, index_settings, pypa  # noqa: F401

        for name in set(map(pypa.canonical, distributions)):
            threading.Thread(target=self._expected, args=(name,), daemon=True).start()

    def _expected(self, name: str) -> None:
        with contextlib.suppress(Exception):  # whoever needs the answer meets it
            self._found(name, expected=True)

    def _found(self, name: str, *, expected: bool = False) -> tuple[Release, ...]:
        with self._guard:
            mine = self._asking[name]
        with mine:
            if name in self._failed:
                raise self._failed.pop(name)
            if name not in self._known:
                try:
                    self._known[name] = _releases(name, self._indexes)
                except EnvmgrError as problem:
                    if expected:
                        self._failed[name] = problem
                    raise
            return self._known[name]

    @cached_property
    def _indexes(self) -> Indexes:
        from envmgr.tools import index_settings

        return self._given if self._given is not None else index_settings.read(os.environ)


_shared = Index()


def releases(distribution: str) -> tuple[Release, ...]:
    """`Index.releases` of an index that this process shares."""
    return _shared.releases(distribution)


def _releases(name: str, indexes: Indexes) -> tuple[Release, ...]:
    from envmgr.tools import index_pages

    found: dict[str, File] = {}
    for address in indexes.addresses:
        files = index_pages.read(address, name)
        for file in files or ():
            found.setdefault(file.filename, file)
        if files is not None and not indexes.together:
            break
    for place in indexes.flat:
        for file in index_pages.read_flat(place):
            found.setdefault(file.filename, file)
    by_version: dict[Version, list[File]] = {}
    for file in _before(found.values(), indexes.exclude_newer):
        version = index_pages.version_of(file.filename, name)
        if version is not None:
            by_version.setdefault(version, []).append(file)
    return tuple(Release(name, str(version), tuple(by_version[version])) for version in sorted(by_version))


def _before(files: Iterable[File], moment: datetime | None) -> Iterable[File]:
    """As uv does it, a file of unknown age is none of those before a moment."""
    return [
        file for file in files if moment is None or (file.uploaded is not None and file.uploaded < moment)
    ]
