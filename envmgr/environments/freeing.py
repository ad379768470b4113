"""Taking what nobody needs out of the store. The caller holds the project's lock and has made `staging`.

Each thing is renamed into `staging` first and deleted there: a kill leaves it whole under its name or not at
all, and the next operation deletes what is in `staging`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envmgr.environments import files, stages
from envmgr.environments.layout import Layout

_BESIDE = (".manifest", ".catalog", ".proofs", ".sick")


@dataclass(frozen=True, slots=True)
class Size:
    """`total` bytes in all files, of which `unshared` come free: no other file system name has the rest."""

    unshared: int = 0
    total: int = 0

    def __add__(self, other: Size) -> Size:
        return Size(self.unshared + other.unshared, self.total + other.total)


class Leased(Exception):
    """A live worker holds the lease."""


def entries(layout: Layout) -> tuple[str, ...]:
    """Names of the store's entries, whole or not."""
    found = layout.store.iterdir() if layout.store.is_dir() else ()
    return tuple(
        sorted(
            path.name
            for path in found
            if (path.is_dir() or path.is_symlink())
            and path.suffix != ".catalog"
            and not path.name.startswith(".")
        )
    )


def orphans(layout: Layout) -> tuple[str, ...]:
    """Names of entries that are not there, though something beside them or their lease is."""
    beside = layout.store.iterdir() if layout.store.is_dir() else ()
    leases = layout.lease("x").parent
    named = {path.stem for path in beside if path.suffix in _BESIDE and not path.name.startswith(".")}
    named |= {path.name for path in leases.iterdir()} if leases.is_dir() else set()
    return tuple(sorted(named - set(entries(layout))))


def pointed_at(layout: Layout) -> frozenset[str]:
    """Entries that a `current` names, whatever state.db says."""
    found = set()
    for link in layout.environments.glob("*/current"):
        with contextlib.suppress(OSError):
            found.add(link.readlink().name)
    return frozenset(found)


def free_entry(layout: Layout, entry: str) -> Size:
    """Free an entry with all that stands beside it, or what is left of it. Raises Leased, touching nothing.

    The lease is held to the end: a worker that starts meanwhile waits for it, then finds its entry gone. The
    directory goes first: from then on no one takes what is left for an entry.
    """
    with _held(layout.lease(entry)):
        size = free(layout, layout.entry(entry), *sorted(layout.store.glob(f"{entry}.*")))
        layout.lease(entry).unlink(missing_ok=True)
        stages.reached("freed-lease-deleted")
    return size


def free_orphans(layout: Layout) -> None:
    """Free all of them but those that a worker still leases, and manifests of layers that are not there."""
    for name in orphans(layout):
        with contextlib.suppress(Leased):
            free_entry(layout, name)
    for manifest in layout.layers.glob("*.manifest"):
        if not manifest.with_suffix("").is_dir():
            free(layout, manifest)


def free(layout: Layout, *paths: Path) -> Size:
    """Free files or trees of one directory, those of them that are there: all are renamed before one is
    deleted.
    """
    staged = []
    for path in paths:
        aside = layout.staging / f"freed-{path.name}-{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            path.rename(aside)
            staged.append(aside)
            stages.reached("freed-aside")
    if staged:
        files.flush_directory(paths[0].parent)
    size = Size()
    for aside in staged:
        size += _size(aside)
        files.remove(aside)
        stages.reached("freed-deleted")
    return size


def leased(layout: Layout, entry: str) -> bool:
    """Whether a live worker holds the entry's lease at this moment."""
    if not layout.lease(entry).exists():
        return False
    try:
        with _held(layout.lease(entry)):
            return False
    except Leased:
        return True


@contextlib.contextmanager
def _held(lease: Path) -> Iterator[None]:
    lease.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lease, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Leased(lease.name) from None
    else:
        yield
    finally:
        os.close(descriptor)


def _size(path: Path) -> Size:
    """A file with several names comes free when all of them are in this tree."""
    links: dict[tuple[int, int], tuple[int, int, int]] = {}
    for found in _files(path):
        with contextlib.suppress(FileNotFoundError):
            status = found.lstat()
            if stat.S_ISREG(status.st_mode):
                inode = (status.st_dev, status.st_ino)
                seen = links.get(inode, (0, 0, 0))[0]
                links[inode] = (seen + 1, status.st_nlink, status.st_size)
    return Size(
        sum(size for seen, names, size in links.values() if seen >= names),
        sum(size for _, _, size in links.values()),
    )


def _files(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for directory, _, names in os.walk(path):
        yield from (Path(directory, name) for name in names)
