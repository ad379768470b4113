"""`envmgr plan`: what an upgrade would do, before it does anything."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envmgr.environments import dependencies
from envmgr.environments.comparison import Owners
from envmgr.environments.contents import Contents
from envmgr.environments.dependencies import Metadata
from envmgr.environments.layout import Layout, entry_name, site_packages
from envmgr.environments.locks import Lock
from envmgr.environments.state import Generation, read_state
from envmgr.model.outcomes import PinChange, PlannedChange, PlanOutcome, Report, silent
from envmgr.model.project import Environment, Project
from envmgr.operations import moves, wishes
from envmgr.operations.diff import pin_changes
from envmgr.tools import interpreters, published, pypa, wheels
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical
from envmgr.tools.wheels import Wheel

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to say of distributions, by name: before and after the upgrade.

    `files` are the bytes of each file to be installed (None: not told), of all that this interpreter needs;
    `sizes` the bytes on disk now.
    """

    files: Mapping[str, int | None]
    sizes: Mapping[str, int]
    metadata: Mapping[str, Metadata]
    asked_before: Mapping[str, tuple[str, ...]]
    asked_after: Mapping[str, tuple[str, ...]]


def plan(project: Project, text: str, *, report: Report = silent) -> PlanOutcome:
    """What `upgrade` would change for the same words. Writes nothing, builds nothing, activates nothing.

    Needs the network: it resolves, and asks the index for the METADATA of what is new. Raises
    E-UNKNOWN-LIBRARY, E-USAGE, E-INTERPRETER, E-CONFLICT, E-LOCK, E-NETWORK.
    """
    wish = wishes.read(project, text)
    layout = Layout(project.root)
    interpreter = interpreters.find(wish.environment.python, root=project.root)
    with read_state(layout) as state:
        begin = moves.start(layout, state, wish.environment)
    report(wish.environment.name, "resolve")
    move = moves.resolve(project, wish, interpreter, begin)
    before = begin.pins if begin.active is None else begin.active.pins
    changed = pin_changes(before, move.lock.pins)
    report(wish.environment.name, "look up")
    known = _look_up(
        layout, wish.environment, move.environment, interpreter, begin.active, move.lock, changed
    )
    gone = {change.name for change in changed}
    return PlanOutcome(
        wish.environment.name,
        wish.library.name,
        wish.distribution,
        move.version,
        wish.spelled,
        str(wish.library.requirement),
        None if begin.active is None else begin.active.number,
        interpreter.version,
        tuple(_planned(change, known) for change in changed),
        tuple(pin for pin in move.lock.pins if pin.name not in gone),
        move.config,
        move.lock.noted.get("exclude-newer"),
    )


def _planned(change: PinChange, known: Known) -> PlannedChange:
    name, goes = change.name, change.change == "removed"
    metadata = None if goes else known.metadata.get(name)
    asked = known.asked_before if goes else known.asked_after
    return PlannedChange(
        name,
        change.change,
        change.before,
        change.after,
        None if goes else known.files.get(name),
        known.sizes.get(name),
        None if metadata is None else metadata.requires_python,
        asked.get(name, ()),
        name in (known.sizes if goes else known.files),
    )


def _look_up(
    layout: Layout,
    environment: Environment,
    after: Environment,
    interpreter: Interpreter,
    active: Generation | None,
    lock: Lock,
    changed: Iterable[PinChange],
) -> Known:
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
    metadata: Iterable[Metadata], interpreter: Interpreter, environment: Environment
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
