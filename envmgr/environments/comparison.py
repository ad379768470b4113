"""What differs between an environment as we noted it and as it is now.

Our manifest stands outside the environment: RECORD lies within it and can be changed along with a file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.environments import trees
from envmgr.environments.contents import Contents


@dataclass(frozen=True, slots=True)
class Found:
    """`files`: path → (size, sha256 or None when it was not read, mode); `links`: path → target; `others`:
    sockets, pipes and what cannot be read. Paths are relative, with slashes.
    """

    files: Mapping[str, tuple[int, str | None, int]]
    links: Mapping[str, str]
    others: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """`problem`: "missing", "added", "wrong size", "changed", "wrong mode", "replaced", "unreadable"."""

    path: str
    problem: str
    detail: str = ""


def compare(noted: Contents, found: Found) -> tuple[Change, ...]:
    """Every path that is not as noted, by path. Bytes are compared where `found` has their digest."""
    return tuple(sorted(_changes(noted, found), key=lambda change: change.path))


def _changes(noted: Contents, found: Found) -> Iterator[Change]:
    for path, (size, digest, mode) in noted.files.items():
        here = found.files.get(path)
        if here is None:
            yield _gone(path, "a file", found)
        elif here[0] != size:
            yield Change(path, "wrong size", f"{here[0]} bytes, not {size}")
        elif here[1] is not None and here[1] != digest:
            yield Change(path, "changed", f"sha256 is {here[1]}, not {digest}")
        elif here[2] != mode:
            yield Change(path, "wrong mode", f"{here[2]:o}, not {mode:o}")
    for path, target in noted.links.items():
        there = found.links.get(path)
        if there is None:
            yield _gone(path, "a symlink", found)
        elif there != target:
            yield Change(path, "changed", f"points to {there}, not to {target}")
    known = noted.files.keys() | noted.links.keys()
    for path in (found.files.keys() | found.links.keys() | found.others.keys()) - known:
        yield Change(path, "added")


def _gone(path: str, wanted: str, found: Found) -> Change:
    if path in found.files:
        return Change(path, "replaced", f"a file, not {wanted}")
    if path in found.links:
        return Change(path, "replaced", f"a symlink to {found.links[path]}, not {wanted}")
    if path in found.others:
        what = found.others[path]
        return Change(path, "unreadable" if what.startswith("unreadable") else "replaced", what)
    return Change(path, "missing")


def look(environment: Path, *, deep: bool) -> Found:
    """The environment as it is. Cost: one walk; with `deep`, one read of every byte, in parallel.

    Links are not followed. Raises OSError when the environment itself cannot be listed.
    """
    tree = trees.walk(environment)
    others = dict.fromkeys(tree.others, "neither file nor directory")
    others |= {path: _unreadable(problem) for path, problem in tree.closed.items()}
    digests = _read(os.fspath(environment), tree.files, others) if deep else {}
    files = {
        path: (facts.st_size, digests.get(path), stat.S_IMODE(facts.st_mode))
        for path, facts in tree.files.items()
        if path not in others
    }
    return Found(files, tree.links, others)


def _read(root: str, files: Mapping[str, os.stat_result], others: dict[str, str]) -> Mapping[str, str]:
    """The digest of each file that can be read; the rest go to the others."""

    def digest(path: str) -> str | OSError:
        try:
            with open(f"{root}/{path}", "rb", buffering=0) as file:  # noqa: PTH123 - thousands of them
                return trees.sha256(file, files[path].st_size).hex()
        except OSError as problem:
            return problem

    largest_first = sorted(files, key=lambda path: files[path].st_size, reverse=True)
    digests = {}
    for path, found in zip(largest_first, trees.shared_out(digest, largest_first), strict=True):
        if isinstance(found, OSError):
            others[path] = _unreadable(found)
        else:
            digests[path] = found
    return digests


def _unreadable(problem: OSError) -> str:
    return f"unreadable: {problem.strerror or problem}"


class Owners:
    """Which distribution a path of the environment belongs to, told from every RECORD."""

    def __init__(self, prefix: str, records: Iterable[tuple[str, Iterable[str]]]) -> None:
        """`prefix` is where site-packages is in the environment; `records` are (distribution, paths from
        there).
        """
        self._prefix = prefix
        self._owners: dict[str, str] = {}
        self._information: dict[str, str] = {}
        for name, paths in records:
            for path in paths:
                whole = os.path.normpath(f"{prefix}/{path}")
                self._owners[whole] = name
                folder = path.partition("/")[0]
                if folder.endswith(".dist-info"):
                    self._information[folder] = name

    def of(self, path: str) -> str | None:
        """None for what is not of any distribution. Bytecode is its source's; `*.dist-info/` says it in its
        name.
        """
        if path in self._owners:
            return self._owners[path]
        folder, _, name = path.rpartition("/")
        if folder.endswith("__pycache__") and name.endswith(".pyc"):
            return self._owners.get(f"{folder.removesuffix('__pycache__')}{name.partition('.')[0]}.py")
        inside = path.removeprefix(f"{self._prefix}/").partition("/")[0]
        if inside in self._information:
            return self._information[inside]
        if inside.endswith(".dist-info"):
            return inside.removesuffix(".dist-info").rpartition("-")[0].replace("_", "-").lower() or None
        return None
