"""Bytecode of a distribution, compiled once for all environments of this user that hold the same files of it.

Python writes bytecode beside the source that it imports, and checks it by the source's size and time. Both
are uv's, the same wherever it links the same file from its cache.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from envmgr.environments import files, shared
from envmgr.environments.contents import Contents
from envmgr.environments.store import digest
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import Distribution

_KIND = "bytecode"
# Of a .pyc (PEP 552): magic number, flags, then the source's time and size.
_HEADER = struct.Struct("<4xIII")


def borrow(
    place: Path, distributions: Iterable[Distribution], interpreter: Interpreter, staged: Path
) -> None:
    """Link what is known of these distributions into the site-packages `place`, by way of `staged`."""
    for distribution in distributions:
        name = _name(distribution, interpreter)
        noted = shared.lend(_KIND, name, staged)
        if noted is None:
            continue
        if all(_serves(f"{staged}/{path}", f"{place}/{_source(path)}") for path in noted.files):
            for folder in {path.rpartition("/")[0] for path in noted.files}:
                (place / folder).mkdir(exist_ok=True)
            for path in noted.files:
                with contextlib.suppress(FileExistsError):  # a wheel may bring some of its own
                    os.link(f"{staged}/{path}", f"{place}/{path}")
        else:
            shared.forget(_KIND, name)
        files.remove(staged)


def add(made: Path, path: str, place: Path) -> bool:
    """Link one file of `made` into the site-packages `place`, if it is bytecode of a source there and has no place
    yet; whether it was."""
    if "__pycache__/" not in path or not _serves(f"{made}/{path}", f"{place}/{_source(path)}"):
        return False
    (place / path).parent.mkdir(exist_ok=True)
    try:
        (place / path).hardlink_to(made / path)
    except FileExistsError:
        return False
    except OSError:  # `made` is on another file system
        files.write(place / path, (made / path).read_bytes(), flush=False)
    return True


def keep(
    place: Path,
    distributions: Sequence[Distribution],
    interpreter: Interpreter,
    noted: Contents,
    staged: Path,
    new: Collection[str] = (),
) -> None:
    """Keep the bytecode in `place`, which is noted by paths from there, for others. What is kept already stays, but
    of a distribution of which some is `new`."""
    owners = {recorded.path: found for found in distributions for recorded in found.record}
    compiled: dict[str, dict[str, tuple[int, str, int]]] = {}
    for path, facts in noted.files.items():
        if "__pycache__/" in path and path not in owners and _source(path) in owners:
            compiled.setdefault(owners[_source(path)].name, {})[path] = facts
    changed = {owners[_source(path)].name for path in new if _source(path) in owners}
    for distribution in distributions:
        if known := compiled.get(distribution.name):
            if distribution.name in changed:
                shared.forget(_KIND, _name(distribution, interpreter))
            shared.keep(_KIND, _name(distribution, interpreter), place, Contents(known, {}), staged)


def _name(distribution: Distribution, interpreter: Interpreter) -> str:
    sources = sorted(
        [found.path, found.sha256] for found in distribution.record if found.path.endswith(".py")
    )
    return digest([interpreter.implementation, interpreter.version, interpreter.abi, sources])


def _source(path: str) -> str:
    """`a/__pycache__/b.cpython-311.pyc` is made of `a/b.py`."""
    folder, _, name = path.rpartition("__pycache__/")
    return f"{folder}{name.partition('.')[0]}.py"


def _serves(bytecode: str, source: str) -> bool:
    try:
        with open(bytecode, "rb", buffering=0) as file:  # noqa: PTH123 - hundreds of them
            flags, time, size = _HEADER.unpack(file.read(_HEADER.size))
        facts = os.stat(source)  # noqa: PTH116
    except (OSError, struct.error):
        return False
    return flags == 0 and (time, size) == (int(facts.st_mtime) & 0xFFFFFFFF, facts.st_size & 0xFFFFFFFF)
