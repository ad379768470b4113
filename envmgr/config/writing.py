"""Replacing a file whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from envmgr.errors import EnvmgrError

NEW_FILE_MODE = 0o644


def write(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader sees, and a crash leaves, the old file or the new one.

    The file's mode stays; a symbolic link stays, and what it points to is replaced. Raises E-DISK.
    """
    try:
        target = path.resolve()
        mode = target.stat().st_mode & 0o7777 if target.exists() else NEW_FILE_MODE & ~_umask()
        _replace(target, text.encode(), mode)
    except OSError as error:
        raise EnvmgrError(
            "E-DISK",
            f"{path} cannot be written: {(error.strerror or str(error)).lower()}",
            hint=f"nothing was changed; see that you may write in {path.parent} and that its disk has room",
        ) from error


def _replace(target: Path, content: bytes, mode: int) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
