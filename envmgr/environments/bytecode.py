"""Bytecode of a distribution, compiled once for all environments of this user that hold the same files of it.

Python writes bytecode beside the source that it imports, and checks it by the source's size and time. Both
are uv's, the same wherever it links the same file from its cache.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from envmgr.environments import files, shared, trees
from envmgr.environments.contents import Contents
from envmgr.environments.store import digest
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import Distribution

_KIND = "bytecode"
# Of a .pyc (PEP 552): magic number, flags, then the source's time and size.
_HEADER = struct.Struct("<4xIII")


Noted = Mapping[str, tuple[int, str, int]]
"""Bytecode by its path from site-packages, as `Contents.files` has it."""


def borrow(
    place: Path, distributions: Iterable[Distribution], interpreter: Interpreter
) -> tuple[Noted, tuple[Distribution, ...]]:
    """Link what is known of these distributions into the site-packages `place`, if every byte is as it was kept. What
    was linked, and the distributions of which nothing is known. Cost: one read and one link of every file.
    """
    linked: dict[str, tuple[int, str, int]] = {}
    lacking = []
    for distribution in distributions:
        name = _name(distribution, interpreter)
        found = shared.known(_KIND, name)
        if found is not None and all(
            _is_sound(found[0], path, facts, place) for path, facts in found[1].files.items()
        ):
            linked.update(_linked(*found, place))
            continue
        if found is not None:
            shared.forget(_KIND, name)
        lacking.append(distribution)
    return linked, tuple(lacking)


def add(made: Path, place: Path) -> Noted:
    """Link what was compiled, in `made` by paths from site-packages, into the site-packages `place`: bytecode of the
    sources there that have none yet. What was linked."""
    added = {}
    for path, facts in trees.walk(made).files.items():
        if "__pycache__/" not in path:
            continue
        content = (made / path).read_bytes()
        if not _serves(content, f"{place}/{_source(path)}"):
            continue
        try:
            _link(f"{made}/{path}", f"{place}/{path}")
        except FileExistsError:
            continue
        except OSError:  # `made` is on another file system
            files.write(place / path, content, flush=False)
            facts = (place / path).stat()
        added[path] = (len(content), hashlib.sha256(content).hexdigest(), stat.S_IMODE(facts.st_mode))
    return added


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


def _is_sound(tree: Path, path: str, noted: tuple[int, str, int], place: Path) -> bool:
    """Whether a file is as it was noted, and serves the source in `place`."""
    size, known, mode = noted
    try:
        with open(f"{tree}/{path}", "rb", buffering=0) as file:  # noqa: PTH123 - hundreds of them
            facts = os.fstat(file.fileno())
            content = file.readall()
    except OSError:
        return False
    return (
        (len(content), stat.S_IMODE(facts.st_mode)) == (size, mode)
        and hashlib.sha256(content).hexdigest() == known
        and _serves(content, f"{place}/{_source(path)}")
    )


def _serves(bytecode: bytes, source: str) -> bool:
    try:
        flags, time, size = _HEADER.unpack_from(bytecode)
        facts = os.stat(source)  # noqa: PTH116
    except (OSError, struct.error):
        return False
    return flags == 0 and (time, size) == (int(facts.st_mtime) & 0xFFFFFFFF, facts.st_size & 0xFFFFFFFF)


def _linked(tree: Path, noted: Contents, place: Path) -> Noted:
    linked = {}
    for path, facts in noted.files.items():
        try:
            _link(f"{tree}/{path}", f"{place}/{path}")
        except FileExistsError:  # a wheel may bring some of its own
            continue
        except OSError:  # on another file system, or forgotten meanwhile
            break
        linked[path] = facts
    return linked


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        os.mkdir(os.path.dirname(target))  # noqa: PTH102, PTH120
        os.link(source, target)
