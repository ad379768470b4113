"""Digests of files that are replaced one by one, as catalogs are: noted before a file gets its new content.

The directory's file `digests` has a line for every content that was ever put there, so that whatever ends a
replacement in between, a file that is whole is one that was noted.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from envmgr.environments import files

_NAME = "digests"


def note(directory: Path, made: Path, *, flush: bool = True) -> None:
    """Note the files of `made`, which are about to be put into `directory`; it may be the same."""
    lines = {_line(path) for path in made.iterdir() if path.name != _NAME}
    files.write(directory / _NAME, "".join(sorted(lines | _noted(directory))).encode(), flush=flush)


def holds(path: Path) -> bool:
    """Whether the file's content was noted. Raises OSError when it cannot be read."""
    return _line(path) in _noted(path.parent)


def _noted(directory: Path) -> set[str]:
    try:
        return set((directory / _NAME).read_text("utf-8", "replace").splitlines(keepends=True))
    except FileNotFoundError:
        return set()


def _line(path: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
