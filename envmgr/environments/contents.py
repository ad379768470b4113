"""What is in an environment, byte for byte: verified against RECORD when built, noted in our own manifest
outside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.tools.pypa import Distribution, record_spelling

_SCHEMA = 1
_THREADS = min(4, os.cpu_count() or 1)
_NAMED = 20


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
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(lambda row: _digest_of(site_packages / row[1], known), promised)
        for (name, path, sha256), digest in zip(promised, found, strict=True):
            if digest is None or record_spelling(digest) != sha256:
                wrong.append(
                    {"distribution": name, "file": path, "problem": "differs" if digest else "is missing"}
                )
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
    paths: list[Path] = []
    links: dict[str, str] = {}
    for directory, folders, names in os.walk(environment):
        for name in (*folders, *names):
            path = Path(directory, name)
            if path.is_symlink():
                links[path.relative_to(environment).as_posix()] = os.readlink(path)  # noqa: PTH115 - as spelled
            elif name in names:
                paths.append(path)
    with ThreadPoolExecutor(_THREADS) as pool:
        facts = pool.map(lambda path: _facts(path, known), paths)
        files = {
            path.relative_to(environment).as_posix(): fact for path, fact in zip(paths, facts, strict=True)
        }
    return Contents(files, links)


def _facts(path: Path, known: Digests) -> tuple[int, str, int]:
    found = path.stat()
    digest = _digest_of(path, known)
    assert digest is not None  # noqa: S101 - it was just listed, in a directory that is ours
    return found.st_size, digest.hex(), stat.S_IMODE(found.st_mode)


def _digest_of(path: Path, known: Digests) -> bytes | None:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            identity = (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)
            if identity not in known:
                known[identity] = hashlib.file_digest(file, "sha256").digest()
            return known[identity]
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
