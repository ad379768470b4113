"""`envmgr gc`: what no generation within reach of a rollback needs, and no worker leases, is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from envmgr.config import remembering
from envmgr.environments import (
    activation,
    files,
    freeing,
    keys,
    launch,
    projectlock,
    reach,
    recovery,
    shared,
    stages,
    store,
)
from envmgr.environments.freeing import Leased, Size
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout, entry_name
from envmgr.environments.state import State
from envmgr.model.freeing import Freed, GcOutcome


def gc(root: Path, *, keep: int) -> GcOutcome:
    """Free store entries, leftovers of entries, runtime layers and dead environments' directories.

    What stays is defined in docs/architecture.md, "What gc keeps". Needs no configuration. Costs a walk over
    what is freed. Raises E-BUSY, E-DISK.
    """
    layout = Layout(root)
    from envmgr.changes import keeping

    if not layout.home.is_dir():
        return GcOutcome((), (), (), 0, 0)
    with files.disk_problems("freeing"), projectlock.hold(layout), recovery.opened(layout) as state:
        layout.staging.mkdir(parents=True, exist_ok=True)
        stages.reached("gc-begun")
        generations = state.generations()
        needed = _needed(layout, state, generations, keep)
        freed, leased = _free_entries(layout, generations, needed)
        freed += _free_layers(layout, generations, leased)
        freed += _free_environments(layout, state)
        kept = freeing.entries(layout)
        activation.sweep(layout)
    shared.prune()
    remembering.prune()
    keys.prune()
    keeping.prune()
    return GcOutcome(
        tuple(freed),
        tuple(leased),
        kept,
        sum(found.bytes for found in freed),
        sum(found.total_bytes for found in freed),
    )


def _needed(layout: Layout, state: State, generations: Iterable[Generation], keep: int) -> frozenset[str]:
    active = {name: found.number for name in state.environments() if (found := state.active(name))}
    needed = reach.needed_entries(generations, active, keep) | freeing.pointed_at(layout)
    return needed | state.results.entries()


def _free_entries(
    layout: Layout, generations: Iterable[Generation], needed: frozenset[str]
) -> tuple[list[Freed], list[str]]:
    numbers: dict[str, list[int]] = {}
    for generation in generations:
        numbers.setdefault(entry_name(generation.environment, generation.key), []).append(generation.number)
    freed, leased = [], []
    candidates = [("entry", name) for name in freeing.entries(layout) if name not in needed]
    candidates += [("leftover", name) for name in freeing.orphans(layout)]
    for kind, name in candidates:
        try:
            size = freeing.free_entry(layout, name)
        except Leased:
            leased.append(name)
        else:
            freed.append(_freed(kind, name, size, numbers.get(name, ())))
    return freed, leased


def _free_layers(layout: Layout, generations: Iterable[Generation], leased: Iterable[str]) -> list[Freed]:
    """Layers that no generation starts workers from, of those whose entry is still there or leased."""
    staying = {*freeing.entries(layout), *leased}
    launches = [found.launch for found in generations if entry_name(found.environment, found.key) in staying]
    known = {entry_name(found.environment, found.key) for found in generations}
    if not layout.layers.is_dir():
        return []
    try:
        launches += [path.read_bytes() for path in layout.environments.glob("*/launch.msgpack")]
        used = {layer for content in launches for layer in _layers_of(content)}
    except (OSError, ValueError, KeyError, TypeError):
        return []  # a launch manifest that cannot be read may name any of them
    if any(freeing.leased(layout, entry) for entry in staying - known):
        return []  # as may a worker whose generation was lost with a state.db
    there = sorted(
        {path.with_suffix("") if path.suffix == ".manifest" else path for path in layout.layers.iterdir()}
    )
    return [
        _freed("layer", layer.name, freeing.free(layout, layer, layout.layer_manifest(layer)))
        for layer in there
        if layer.name not in used
    ]


def _layers_of(content: bytes) -> Iterator[str]:
    command = launch.decode(content)["command"]
    yield Path(command[-1]).parent.name


def _free_environments(layout: Layout, state: State) -> list[Freed]:
    """Directories of environments that are not active and whose `current` leads nowhere."""
    there = sorted(layout.environments.iterdir()) if layout.environments.is_dir() else []
    pointing = {link.parent.name for link in layout.environments.glob("*/current") if _leads(layout, link)}
    return [
        _freed("environment", found.name, freeing.free(layout, found))
        for found in there
        if found.name not in pointing and state.active(found.name) is None
    ]


def _leads(layout: Layout, current: Path) -> bool:
    try:
        return store.is_whole(layout, current.readlink().name)
    except OSError:  # no link at all
        return False


def _freed(kind: str, name: str, size: Size, generations: Iterable[int] = ()) -> Freed:
    return Freed(kind, name, tuple(generations), size.unshared, size.total)
