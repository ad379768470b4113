"""Files that are whole at every instant: written beside, flushed, renamed over."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from envmgr.environments import stages
from envmgr.errors import EnvmgrError


def write(path: Path, content: bytes, *, flush: bool = True) -> None:
    """Replace a file atomically and durably; readers see the old bytes or the new ones.

    Without `flush` it survives a power cut only when the file system is flushed afterwards.
    """
    beside = _beside(path)
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        if flush:
            os.fsync(file.fileno())
    stages.reached("file-written")
    _rename_over(beside, path)


def link(path: Path, source: Path) -> None:
    """`write` what a file of the same file system holds that was written before: no byte of it is to be flushed."""
    beside = _beside(path)
    beside.unlink(missing_ok=True)
    try:
        os.link(source, beside)
    except OSError:  # a file system without hard links, or a file that has too many
        write(path, source.read_bytes())
        return
    stages.reached("file-written")
    _rename_over(beside, path)
    beside.unlink(missing_ok=True)  # a rename onto another name of the same file leaves both


def point(link: Path, target: str) -> None:
    """Replace a symlink atomically."""
    beside = _beside(link)
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    stages.reached("link-written")
    _rename_over(beside, link)


def unfinished(directory: Path) -> Iterator[Path]:
    """Files and links that a killed process had not yet renamed."""
    yield from directory.glob(".*.new")


def flush_directory(path: Path) -> None:
    """Make the renames inside a directory survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_filesystem(path: Path) -> None:
    """Flush all that was written to the filesystem of `path`, in one call where the system has one."""
    syncfs = getattr(ctypes.CDLL(None), "syncfs", None) if sys.platform.startswith("linux") else None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if syncfs is None or syncfs(descriptor) != 0:
            os.sync()
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Delete a file or a tree; one that is not there, or goes away meanwhile, is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def disk_problems(doing: str) -> Iterator[None]:
    """Turn what the filesystem refuses into E-DISK, naming the path and what was being done."""
    try:
        yield
    except OSError as problem:
        where = problem.filename or "the project's .envmgr directory"
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            hint = "free some space and run the command again"
        elif problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            hint = f"make {where} writable for this user"
        else:
            hint = f"look at what stands there: {where}"
        raise EnvmgrError(
            "E-DISK", f"{doing} failed: {where}: {problem.strerror or problem}", hint=hint
        ) from problem


def _rename_over(beside: Path, path: Path) -> None:
    try:
        beside.replace(path)
    except IsADirectoryError:  # somebody put one where a file or a link of ours belongs
        remove(path)
        beside.replace(path)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.new")
