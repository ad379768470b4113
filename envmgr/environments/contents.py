"""What is in an environment, byte for byte: verified against RECORD when built, noted in our own manifest
outside it.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.environments import trees
from envmgr.errors import EnvmgrError
from envmgr.tools.pypa import Distribution, record_spelling

_SCHEMA = 1
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
    top = os.fspath(site_packages)
    digests = trees.shared_out(lambda row: _digest_of(f"{top}/{row[1]}", known), promised)
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
    """The contents as they are, sockets and pipes left out. Cost: one read of every file that is not in `known`.

    Raises OSError when something cannot be read.
    """
    tree = trees.walk(environment)
    for problem in tree.closed.values():
        raise problem
    top = os.fspath(environment)

    def facts(file: tuple[str, os.stat_result]) -> tuple[int, str, int]:
        path, facts = file
        digest = known.get(_identity(facts)) or _digest_of(f"{top}/{path}", known)
        if digest is None:
            raise FileNotFoundError(errno.ENOENT, "it went while it was looked at", f"{top}/{path}")
        return facts.st_size, digest.hex(), stat.S_IMODE(facts.st_mode)

    taken = trees.shared_out(facts, list(tree.files.items()))
    return Contents(dict(zip(tree.files, taken, strict=True)), tree.links)


def digests(top: Path, noted: Mapping[str, tuple[int, str, int]]) -> Digests:
    """Of files below `top` whose bytes are known to be as they were noted. Cost: a stat of each."""
    return {_identity((top / path).stat()): bytes.fromhex(known) for path, (_, known, _) in noted.items()}


def _identity(facts: os.stat_result) -> tuple[int, int, int, int]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_ctime_ns


def _digest_of(path: str, known: Digests) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - thousands of them
            facts = os.fstat(file.fileno())
            digest = known.get(_identity(facts))
            if digest is None:
                digest = known[_identity(facts)] = trees.sha256(file, facts.st_size)
            return digest
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
