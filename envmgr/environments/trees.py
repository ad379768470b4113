"""A directory as it is: all that is below it, links not followed, and the digests of its files."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Row = TypeVar("Row")
Result = TypeVar("Result")

FEW = 100
"""Files that are read sooner than threads are started."""
_THREADS = min(4, os.cpu_count() or 1)
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Tree:
    """By paths from the top, with slashes. `links`: path → target; `others`: sockets, pipes and the like; `closed`:
    directories that cannot be listed, with the reason.
    """

    files: Mapping[str, os.stat_result]
    links: Mapping[str, str]
    others: Sequence[str]
    closed: Mapping[str, OSError]


def walk(top: Path) -> Tree:
    """Raises OSError when the top itself cannot be listed. Cost: a stat for each file."""
    root = os.fspath(top)
    files: dict[str, os.stat_result] = {}
    links: dict[str, str] = {}
    others: list[str] = []
    closed: dict[str, OSError] = {}
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            listing = os.scandir(f"{root}/{prefix}")
        except OSError as problem:
            if not prefix:
                raise
            closed[prefix.rstrip("/")] = problem
            continue
        with listing:
            for item in listing:
                path = prefix + item.name
                if item.is_symlink():
                    links[path] = os.readlink(item.path)  # noqa: PTH115 - as spelled
                elif item.is_dir(follow_symlinks=False):
                    waiting.append(f"{path}/")
                else:
                    facts = item.stat(follow_symlinks=False)
                    if stat.S_ISREG(facts.st_mode):
                        files[path] = facts
                    else:
                        others.append(path)
    return Tree(files, links, others, closed)


def sha256(file: io.FileIO, size: int) -> bytes:
    """Of an open file that is about as long as `size` says."""
    if size < _AT_ONCE:
        return hashlib.sha256(file.readall()).digest()
    return hashlib.file_digest(file, "sha256").digest()


def shared_out(work: Callable[[Row], Result], rows: Sequence[Row]) -> list[Result]:
    """`work` of each, in their order, by several threads: each has every nth, for big files stand together."""
    if len(rows) <= FEW or _THREADS == 1:
        return [work(row) for row in rows]
    parts = [rows[start::_THREADS] for start in range(_THREADS)]
    with ThreadPoolExecutor(_THREADS) as pool:
        done = list(pool.map(lambda part: [work(row) for row in part], parts))
    return [done[place % _THREADS][place // _THREADS] for place in range(len(rows))]
