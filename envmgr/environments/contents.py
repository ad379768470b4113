"""What is in an environment, byte for byte: verified against RECORD when built, noted in our own manifest
outside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from envmgr.errors import EnvmgrError
from envmgr.tools.pypa import Distribution, record_spelling

Row = TypeVar("Row")
Result = TypeVar("Result")

_SCHEMA = 1
_THREADS = min(4, os.cpu_count() or 1)
_NAMED = 20
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Contents:
    """`files`: path → (size, sha256 in hexadecimal, mode); `links`: path → target. Paths are relative, with
    slashes.
    """

    files: Mapping[str, tuple[int, str, int]]
    links: Mapping[str, str]

    def to_bytes(self) -> bytes:
        document = {"schema": _SCHEMA, "files": dict(self.files), "links": dict(self.links)}
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogateescape")

    def within(self, folder: str) -> Contents:
        """What is in one folder, by paths from there."""
        prefix = f"{folder}/"
        return Contents(
            {
                path.removeprefix(prefix): facts
                for path, facts in self.files.items()
                if path.startswith(prefix)
            },
            {path.removeprefix(prefix): to for path, to in self.links.items() if path.startswith(prefix)},
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> Contents:
        document = json.loads(content)
        files = {path: (size, digest, mode) for path, (size, digest, mode) in document["files"].items()}
        return cls(files, document["links"])


Digests = dict[tuple[int, int, int, int], bytes]
"""sha256 of files already read, by device, inode, size and time of change."""


def verify(site_packages: Path, distributions: Iterable[Distribution]) -> Digests:
    """Compare every installed file with its RECORD digest; the digests that were computed on the way.

    Raises E-TAMPERED naming each file that differs or is missing, with its distribution: uv links files from
    its cache, and one that was edited there is in every environment.
    """
    promised = [
        (distribution.name, recorded.path, recorded.sha256)
        for distribution in distributions
        for recorded in distribution.record
        if recorded.sha256 is not None
    ]
    known: Digests = {}
    wrong = []
    top = os.fspath(site_packages)
    digests = _shared_out(lambda row: _digest_of(f"{top}/{row[1]}", known), promised)
    for (name, path, sha256), digest in zip(promised, digests, strict=True):
        if digest is None or record_spelling(digest) != sha256:
            problem = "differs" if digest else "is missing"
            wrong.append({"distribution": name, "file": path, "problem": problem})
    if wrong:
        lines = [f"{row['distribution']}: {row['file']} {row['problem']}" for row in wrong[:_NAMED]]
        more = [f"… and {len(wrong) - _NAMED} more"] if len(wrong) > _NAMED else []
        names = " ".join(sorted({row["distribution"] for row in wrong}))
        raise EnvmgrError(
            "E-TAMPERED",
            "\n  ".join(["what was installed is not what was published", *lines, *more]),
            hint=f"uv's cache has been changed; run `uv cache clean {names}` and the command again",
            details={"files": wrong},
        )
    return known


def take(environment: Path, known: Digests) -> Contents:
    """The contents as they are. Cost: one read of every file that is not in `known`."""
    top = os.fspath(environment)
    found: list[tuple[str, os.stat_result]] = []
    links: dict[str, str] = {}
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(f"{top}/{prefix}") as listing:
            for item in listing:
                path = prefix + item.name
                if item.is_symlink():
                    links[path] = os.readlink(item.path)  # noqa: PTH115 - as spelled
                elif item.is_dir(follow_symlinks=False):
                    waiting.append(f"{path}/")
                else:
                    found.append((path, item.stat(follow_symlinks=False)))

    def facts(file: tuple[str, os.stat_result]) -> tuple[int, str, int]:
        path, facts = file
        digest = known.get(_identity(facts)) or _digest_of(f"{top}/{path}", known)
        assert digest is not None  # noqa: S101 - it was just listed, in a directory that is ours
        return facts.st_size, digest.hex(), stat.S_IMODE(facts.st_mode)

    taken = _shared_out(facts, found)
    return Contents({path: fact for (path, _), fact in zip(found, taken, strict=True)}, links)


def _shared_out(work: Callable[[Row], Result], rows: Sequence[Row]) -> list[Result]:
    """`work` of each, in their order, by several threads: each has every nth, for big files stand together."""
    parts = [rows[start::_THREADS] for start in range(_THREADS)]
    with ThreadPoolExecutor(_THREADS) as pool:
        done = list(pool.map(lambda part: [work(row) for row in part], parts))
    return [done[place % _THREADS][place // _THREADS] for place in range(len(rows))]


def _identity(facts: os.stat_result) -> tuple[int, int, int, int]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_ctime_ns


def _digest_of(path: str, known: Digests) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands of them
            facts = os.fstat(file.fileno())
            digest = known.get(_identity(facts))
            if digest is None:
                small = facts.st_size < _AT_ONCE
                read = hashlib.sha256(file.readall()) if small else hashlib.file_digest(file, "sha256")
                digest = known[_identity(facts)] = read.digest()
            return digest
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
