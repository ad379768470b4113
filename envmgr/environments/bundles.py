"""A bundle: one tar archive with all that an environment is built from on a machine without a network.

    manifest.json              what it is for, and size and sha256 of every member below
    manifest.sha256            of manifest.json, as `sha256sum -c` reads it
    envmgr.toml                the part of the configuration that the environment needs
    locks/pylock.<env>.toml    the lock, to the byte
    wheels/*.whl               what the lock installs for one interpreter
    runtime/msgpack-*.whl      what the runtime layer is built from, with the sources of the envmgr that is there
    uv/                        uv and its licences

Equal contents, equal bytes. The digests find damage, not forgery: who can change an archive can change its
manifest too, so the sha256 of the whole is to be compared by another way.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.environments import files
from envmgr.environments.bundle_manifest import MANIFEST, UV, Manifest, Member, Target, damaged, parsed
from envmgr.errors import EnvmgrError

_CHECKSUM = "manifest.sha256"
_LARGEST_MANIFEST = 4 << 20
_CHUNK = 1 << 20
_UNREADABLE = (tarfile.TarError, ValueError, EOFError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Written:
    """`sha256` is that of the whole file."""

    size: int
    sha256: str


def write(
    path: Path,
    contents: Mapping[str, bytes | Path],
    *,
    project: str,
    environment: str,
    target: Target,
    made_with: Mapping[str, str | None],
) -> Written:
    """Write the bundle of these members; it is there whole or not at all. Reads every file twice."""
    members = tuple(_member(name, content) for name, content in sorted(contents.items()))
    content = Manifest(project, environment, target, made_with, members).to_bytes()
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w+b") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name, made in ((MANIFEST, content), (_CHECKSUM, _checksum(content))):
                    archive.addfile(_header(name, len(made)), io.BytesIO(made))
                for member in members:
                    held = contents[member.name]
                    with held.open("rb") if isinstance(held, Path) else io.BytesIO(held) as source:
                        archive.addfile(_header(member.name, member.size), source)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        beside.replace(path)
    except OSError as problem:
        problem.filename = problem.filename or str(path)  # a full disk does not say which it is
        raise
    finally:
        beside.unlink(missing_ok=True)
    files.flush_directory(path.parent)
    return Written(size, digest)


def manifest(path: Path) -> Manifest:
    """What a bundle says of itself. Raises E-BUNDLE for a file that is none, E-TAMPERED for a damaged one."""
    with _opened(path) as archive:
        first = archive.next()
        if first is None or first.name != MANIFEST:
            raise _no_bundle(path, f"it is a tar archive that does not begin with {MANIFEST}")
        content = _small(archive, first, path)
        second = archive.next()
        noted = b"" if second is None or second.name != _CHECKSUM else _small(archive, second, path)
    if noted != _checksum(content):
        damaged(path, f"{_CHECKSUM} is not that of {MANIFEST}")
    found = parsed(content, path)
    if found.size > path.stat().st_size:
        damaged(path, f"it is cut short: its members have {found.size} bytes, it has {path.stat().st_size}")
    return found


def unpack(path: Path, declared: Manifest, into: Path) -> None:
    """Write every member below the directory `into`. Raises E-TAMPERED naming all that are not as declared.

    Nothing of the archive's own headers is used but names and places in the file: whatever is not declared,
    or no regular file, is refused, and files are made here, under names that were checked.
    """
    wanted = {member.name: member for member in declared.members}
    problems: dict[str, str] = {}
    seen = set()
    with _opened(path) as archive, contextlib.suppress(*_UNREADABLE):  # what does not come is missed below
        for info in archive:
            if info.name in seen:
                problems[info.name] = "is there twice"
            elif info.name not in wanted and info.name not in (MANIFEST, _CHECKSUM):
                problems[info.name] = "is not in the manifest"
            elif not info.isreg() or info.issparse():
                problems[info.name] = "is no regular file"
            elif info.name in wanted and not _as_declared(archive, info, wanted[info.name], into):
                problems[info.name] = "is not as the manifest says"
            seen.add(info.name)
    problems |= {name: "is missing or cut short" for name in wanted if name not in seen}
    if problems:
        shown = [f"{name} {what}" for name, what in sorted(problems.items())]
        damaged(path, "; ".join(shown[:5]) + (f"; and {len(shown) - 5} more" * (len(shown) > 5)), problems)


def _as_declared(archive: tarfile.TarFile, info: tarfile.TarInfo, member: Member, into: Path) -> bool:
    source = archive.extractfile(info)
    if source is None or info.size != member.size:
        return False
    digest = hashlib.sha256()
    place = into / member.name
    place.parent.mkdir(parents=True, exist_ok=True)
    with source, place.open("wb") as file:
        for chunk in iter(lambda: source.read(_CHUNK), b""):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest() == member.sha256


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    if not path.exists():
        raise _no_bundle(path, "there is no such file")
    if not path.is_file():
        raise _no_bundle(path, "it is a directory" if path.is_dir() else "it is no regular file")
    with path.open("rb") as file:
        try:
            archive = tarfile.open(fileobj=file, mode="r:")  # noqa: SIM115 - what it raises while it is read is ours
        except _UNREADABLE:
            raise _no_bundle(path, "it is no tar archive") from None
        try:
            yield archive
        except _UNREADABLE as problem:
            damaged(path, str(problem) or type(problem).__name__)


def _small(archive: tarfile.TarFile, info: tarfile.TarInfo, path: Path) -> bytes:
    source = archive.extractfile(info) if info.isreg() and info.size <= _LARGEST_MANIFEST else None
    content = b"" if source is None else source.read()
    if source is None or len(content) != info.size:
        damaged(path, f"{info.name} cannot be read")
    return content


def _member(name: str, content: bytes | Path) -> Member:
    if isinstance(content, bytes):
        return Member(name, len(content), hashlib.sha256(content).hexdigest())
    with content.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Member(name, file.tell(), digest)


def _header(name: str, size: int) -> tarfile.TarInfo:
    """The same for everybody: no time, no owner; only uv may be run."""
    info = tarfile.TarInfo(name)
    info.size = size
    info.mode = 0o755 if name == UV else 0o644
    return info


def _checksum(content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n".encode()


def _no_bundle(path: Path, why: str) -> EnvmgrError:
    return EnvmgrError(
        "E-BUNDLE", f"{path} is no bundle: {why}", hint="`envmgr bundle ENV` writes one, uncompressed"
    )
