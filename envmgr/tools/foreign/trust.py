"""Whether an environment that somebody else made may be relied on, judged by its files alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envmgr.tools.foreign.examining import Facts, standard_library

OLDEST = (3, 8)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`use` is the key of envmgr.toml that may name it: "adopt", "python", or none. `why` has the reasons
    against it; when there are none, what speaks for it.
    """

    trusted: bool
    use: str
    why: tuple[str, ...]


class Judge:
    """Judges for one user; what was found of a directory is kept, as environments stand side by side."""

    def __init__(self, user: int, group: int) -> None:
        self._user = user
        self._group = group
        self._ways: dict[Path, str] = {}

    def judge(self, facts: Facts) -> Verdict:
        """Cost: a `stat` of a few files, and of each directory above that was not seen before."""
        against = tuple(dict.fromkeys(self._against(facts)))
        if against:
            return Verdict(False, "", against)
        managed = standard_library(facts)
        if facts.role != "interpreter":
            return Verdict(True, "adopt", ("nobody else can change it", "its interpreter is there"))
        if managed is not None and (managed / "EXTERNALLY-MANAGED").exists():
            return Verdict(True, "python", ("externally managed: build on it, never install into it",))
        return Verdict(True, "python", ("nobody else can change it",))

    def _against(self, facts: Facts) -> Iterator[str]:
        if facts.role == "packages":
            yield "a directory of packages without an interpreter"
        elif not os.path.lexists(facts.executable):
            yield f"it has no interpreter ({facts.executable} is missing)"
        elif not facts.executable.exists():
            yield f"its base interpreter is gone ({_end(facts.executable)})"
        elif not os.access(facts.executable, os.X_OK):
            yield f"its interpreter cannot be run ({facts.executable})"
        if facts.role == "tool":
            yield f"it is the own environment of an application, which {facts.kind} replaces when it likes"
        if facts.minor is None:
            yield "its Python version cannot be told"
        elif facts.minor < OLDEST:
            yield f"Python {facts.python} is older than {OLDEST[0]}.{OLDEST[1]}, the oldest that workers run on"
        if facts.settings.get("include-system-site-packages", "").lower() == "true":
            yield "it also sees the system's packages (include-system-site-packages = true)"
        if facts.role != "interpreter" and facts.site_packages is None:
            yield "it has no site-packages that can be read"
        if facts.doubled:
            yield f"site-packages is broken: {_some(facts.doubled)} installed in two versions"
        if facts.torn:
            yield f"site-packages is broken: {_some(facts.torn)} left by an interrupted uninstallation"
        yield from self._exposed(facts)

    def _exposed(self, facts: Facts) -> Iterator[str]:
        own = [facts.path, facts.executable, facts.executable.parent, facts.site_packages]
        for path in dict.fromkeys(filter(None, own)):
            try:
                found = path.stat()
            except OSError:
                continue
            if found.st_uid not in (self._user, 0):
                yield f"{_named(path, facts)} belongs to another user ({_user_name(found.st_uid)})"
            if self._is_open(found):
                yield f"{_named(path, facts)} is writable by others"
        way = self._way(facts.path.parent)
        if way:
            yield way

    def _way(self, directory: Path) -> str:
        """What is wrong with the directories that lead there: who may rename one may put another in its place."""
        if directory not in self._ways:
            self._ways[directory] = self._judged_way(directory)
        return self._ways[directory]

    def _judged_way(self, directory: Path) -> str:
        try:
            found = directory.stat()
        except OSError:
            return ""
        if self._is_open(found) and not found.st_mode & stat.S_ISVTX:
            return f"{directory}, above it, is writable by others"
        return "" if directory == directory.parent else self._way(directory.parent)

    def _is_open(self, found: os.stat_result) -> bool:
        of_strangers = found.st_mode & stat.S_IWGRP and found.st_gid not in (self._group, 0)
        return bool(found.st_mode & stat.S_IWOTH or of_strangers)


def _named(path: Path, facts: Facts) -> str:
    return "it" if path == facts.path else str(path)


def _end(link: Path) -> str:
    """What the last of a chain of links names."""
    for _ in range(40):
        if not link.is_symlink():
            break
        link = link.parent / link.readlink()
    return os.path.normpath(link)


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _user_name(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
