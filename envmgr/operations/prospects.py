"""What there is to say of the distributions of an environment, before it moves and after: sizes, METADATA, and
who asks for them.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envmgr.environments import dependencies
from envmgr.environments.comparison import Owners
from envmgr.environments.contents import Contents
from envmgr.environments.dependencies import Metadata
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout, entry_name, site_packages
from envmgr.environments.locks import Lock
from envmgr.model.differences import PinChange
from envmgr.model.project import Environment
from envmgr.tools import published, pypa, wheels
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical
from envmgr.tools.wheels import Wheel

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Known:
    """By name. `files` has all that this interpreter is to have, with the bytes of each file (None: not told);
    `sizes` has what is there, with the bytes on disk; `metadata` that of what is new.
    """

    files: Mapping[str, int | None]
    sizes: Mapping[str, int]
    metadata: Mapping[str, Metadata]
    asked_before: Mapping[str, tuple[str, ...]]
    asked_after: Mapping[str, tuple[str, ...]]


def look_up(
    layout: Layout,
    environment: Environment,
    after: Environment,
    interpreter: Interpreter,
    active: Generation | None,
    lock: Lock,
    changed: Iterable[PinChange],
) -> Known:
    """What cannot be read or had is not known: this raises for nothing but the lock (E-LOCK) and the
    interpreter (E-INTERPRETER).
    """
    home = None if active is None else layout.entry(entry_name(active.environment, active.key))
    installed = () if home is None else _metadata_of(home)
    sizes = {} if active is None or home is None else _sizes(layout, active, home)
    choice = wheels.choose(lock.document, interpreter.markers, wheels.tags(interpreter))
    files = _files(lock.document, choice.wheels, lock.packages(interpreter))
    news = {change.name for change in changed if change.after is not None}
    fresh = _published([wheel for wheel in choice.wheels if wheel.package in news], lock.path.parent)
    stays = [found for found in installed if found.name in files and found.name not in news]
    return Known(
        files,
        sizes,
        {found.name: found for found in fresh},
        _askers(installed, interpreter, environment),
        _askers([*stays, *fresh], interpreter, after),
    )


def _askers(
    metadata: Sequence[Metadata], interpreter: Interpreter, environment: Environment
) -> dict[str, tuple[str, ...]]:
    """Libraries first."""
    roots: dict[str, list[str]] = {}
    for library in environment.libraries:
        for text in library.requirements:
            roots.setdefault(dependencies.name_of(text), []).append(f"library {library.name}")
    versions = {found.name: found.version for found in metadata}
    asked = [text for library in environment.libraries for text in library.requirements]
    found = dependencies.askers(metadata, interpreter.markers, asked)
    return {
        name: (*roots.get(name, ()), *(f"{asker} {versions[asker]}" for asker in found.get(name, ())))
        for name in roots.keys() | found.keys()
    }


def _metadata_of(home: Path) -> tuple[Metadata, ...]:
    with contextlib.suppress(OSError):
        return dependencies.read(site_packages(home))
    return ()


def _sizes(layout: Layout, active: Generation, home: Path) -> dict[str, int]:
    """Bytes on disk of each distribution, bytecode included, as our own manifest has them."""
    try:
        noted = Contents.from_bytes(layout.manifest(entry_name(active.environment, active.key)).read_bytes())
        place = site_packages(home)
        records = [
            (found.name, [recorded.path for recorded in found.record]) for found in pypa.installed(place)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    owners = Owners(place.relative_to(home).as_posix(), records)
    sizes: Counter[str] = Counter()
    for path, (size, _, _) in noted.files.items():
        owner = owners.of(path)
        if owner is not None:
            sizes[owner] += size
    return dict(sizes)


def _files(
    document: Mapping[str, Any], chosen: Iterable[Wheel], needed: Iterable[pypa.Locked]
) -> dict[str, int | None]:
    told: dict[str, int | None] = {}
    archives: dict[str, int | None] = {}
    for package in document.get("packages", []):
        told.update(
            (file.get("url") or file.get("path", ""), file.get("size")) for file in package.get("wheels", ())
        )
        archive = package.get("sdist") or package.get("archive") or {}
        archives[canonical(package["name"])] = archive.get("size")
    wheel_of = {wheel.package: wheel.source for wheel in chosen}
    return {
        found.name: told.get(wheel_of[found.name]) if found.name in wheel_of else archives.get(found.name)
        for found in needed
    }


def _published(news: list[Wheel], relative_to: Path) -> list[Metadata]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        texts = pool.map(lambda wheel: published.metadata(wheel.source, relative_to), news)
        return [dependencies.parse(text) for text in texts if text is not None]
