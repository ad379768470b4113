"""Finished trees that the projects of one user share: what one has built, another one links.

    <shared>/<kind>/<name>/tree/       hard links to the files of the project that built it
    <shared>/<kind>/<name>/manifest    our own digest of every file

`<shared>` is in our cache directory, one for each cache of uv, whose files these are. A name says all that
decides the bytes, so a tree never changes. One that did change, file by file through hard links or by a
failing disk, is found when it is asked for, and forgotten. All of it may be deleted at any time. Trees on
another file system than the project's are neither kept nor lent.
"""

from __future__ import annotations

import errno
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from envmgr import caches
from envmgr.environments import comparison, files, trees
from envmgr.environments.contents import Contents


def lend(kind: str, name: str, into: Path) -> Contents | None:
    """Link a tree to `into`, which is not there yet; None, and nothing there, when there is no sound one.

    Cost: one link and one read of every file.
    """
    found = known(kind, name)
    if found is None:
        return None
    tree, noted = found
    if _lent(tree, into, noted):
        return noted
    files.remove(into)
    return None


def known(kind: str, name: str) -> tuple[Path, Contents] | None:
    """Where a tree is, and what it held when it was kept: who uses it compares, and may `forget` it."""
    place = _place(kind, name)
    try:
        noted = Contents.from_bytes((place / "manifest").read_bytes())
        caches.use(place / "manifest")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        files.remove(place)
        return None
    return place / "tree", noted


def keep(kind: str, name: str, tree: Path, noted: Contents, staged: Path) -> None:
    """Keep a finished tree, by way of `staged`; without a word where that is not possible."""
    place = _place(kind, name)
    if place.exists():
        return
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        staged.mkdir(parents=True)
        _link(tree, staged / "tree", noted)
        (staged / "manifest").write_bytes(noted.to_bytes())
        staged.rename(place)
    except OSError:
        files.remove(staged)


def keeps(kind: str, name: str) -> bool:
    return _place(kind, name).exists()


def forget(kind: str, name: str) -> None:
    """Take a tree out that is of no use any more."""
    files.remove(_place(kind, name))


def prune() -> None:
    """Forget what nobody asked for in thirty days."""
    for manifest in caches.directory().glob("shared*/*/*/manifest"):
        if caches.unused(manifest):
            files.remove(manifest.parent)


def _lent(tree: Path, into: Path, noted: Contents) -> bool:
    try:
        if len(noted.files) <= trees.FEW:
            _link(tree, into, noted)
            found = comparison.look(into, deep=True)
        else:
            with ThreadPoolExecutor(1) as beside:  # the same files under either name
                looked = beside.submit(comparison.look, tree, deep=True)
                _link(tree, into, noted)
                found = looked.result()
        sound = not comparison.compare(noted, found)
    except OSError as problem:
        if problem.errno == errno.EXDEV:
            return False
        sound = False
    if not sound:
        files.remove(tree.parent)
    return sound


def _place(kind: str, name: str) -> Path:
    other = os.environ.get("UV_CACHE_DIR", "")
    shared = f"shared-{zlib.crc32(other.encode(errors='replace')):08x}" if other else "shared"
    return caches.directory() / shared / kind / name


def _link(tree: Path, into: Path, noted: Contents) -> None:
    into.mkdir(parents=True)
    folders = {os.path.dirname(path) for path in (*noted.files, *noted.links)}  # noqa: PTH120 - thousands of them
    for folder in sorted(folders):
        os.makedirs(f"{into}/{folder}", exist_ok=True)  # noqa: PTH103
    for path in noted.files:
        os.link(f"{tree}/{path}", f"{into}/{path}")
    for path, target in noted.links.items():
        os.symlink(target, f"{into}/{path}")  # noqa: PTH211
