"""`envmgr diff`: what changed between two generations. Reads state.db alone: no network, no build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from envmgr.environments import launch
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout
from envmgr.environments.state import State, read_state
from envmgr.errors import EnvmgrError
from envmgr.model.differences import DiffOutcome, PinChange, SettingChange
from envmgr.model.outcomes import Pin
from envmgr.operations.selection import unknown_names


def diff(root: Path, environment: str, a: int | None = None, b: int | None = None) -> DiffOutcome:
    """From generation `a` (the one that was active before) to `b` (the active one).

    Works for generations whose entry was freed. Raises E-UNKNOWN-ENVIRONMENT, E-UNKNOWN-GENERATION, E-DISK.
    """
    with read_state(Layout(root)) as state:
        if state is None or not state.numbers(environment):
            known = () if state is None else state.environments()
            raise unknown_names("E-UNKNOWN-ENVIRONMENT", "activated environment", [environment], known)
        to = _asked(state, environment, b) if b is not None else _active(state, environment)
        before = _asked(state, environment, a) if a is not None else _previous(state, environment, to)
    return compare(before, to)


def compare(before: Generation, to: Generation) -> DiffOutcome:
    """Two generations of one environment."""
    return DiffOutcome(
        to.environment,
        before.number,
        to.number,
        before.key,
        to.key,
        pin_changes(before.pins, to.pins),
        setting_changes(launch.decode(before.launch), launch.decode(to.launch)),
    )


def pin_changes(before: Iterable[Pin], to: Iterable[Pin]) -> tuple[PinChange, ...]:
    """By name. A name that is pinned twice (for two platforms) has its versions joined by commas."""
    old, new = _versions(before), _versions(to)
    return tuple(
        PinChange(name, _direction(old.get(name), new.get(name)), old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def setting_changes(before: Mapping[str, Any], to: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    """Of two launch manifests: interpreter, runtime, workers, compression, and each library's module, timeout, init,
    serializers, hooks, pipelines, aliases and trace. Manifests of earlier versions lack some.
    """
    old, new = dict(_settings(before)), dict(_settings(to))
    return tuple(
        SettingChange(name, old.get(name), new.get(name))
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )


def _settings(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "python", manifest["python"]["version"]
    yield "python.implementation", manifest["python"]["implementation"]
    yield "python.executable", manifest["python"]["executable"]
    yield "runtime", Path(manifest["command"][-1]).parent.name
    pools = manifest.get("pools") or {"default": {"min": manifest["workers"], "max": manifest["workers"]}}
    for pool, said in pools.items():
        place = "" if pool == "default" else f"pools.{pool}."
        least, most = said["min"], said["max"]
        yield f"{place}workers", most if least == most else f"{least} to {most}"
        for setting, value in said.items():
            if setting not in ("min", "max"):
                yield f"{place}{setting}", value
    yield "fork", manifest.get("fork", False) is True
    yield "compression", manifest.get("compression", "none")
    for name, library in sorted(manifest["libraries"].items()):
        for setting in ("module", "distribution", "timeout", "init"):
            yield f"library.{name}.{setting}", library[setting]
        for kind, strategy in sorted(library.get("serializers", {}).items()):
            yield f"library.{name}.serializers.{kind}", strategy
        for hook, function in sorted(library.get("hooks", {}).items()):
            yield f"library.{name}.hooks.{hook}", function
        for path, steps in sorted(library.get("pipelines", {}).items()):
            for step, said in steps.items():
                yield f"library.{name}.pipelines.{path}.{step}", said
        for alias, path in sorted(library.get("aliases", {}).items()):
            yield f"aliases.{alias}", path
        yield f"library.{name}.trace", library.get("trace", False)
        for table in ("cache", "limits", "recovery"):
            for key, said in sorted(library.get(table, {}).items()):
                yield f"library.{name}.{table}.{key}", said


def _versions(pins: Iterable[Pin]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for pin in pins:
        found.setdefault(pin.name, set()).add(pin.version)
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}


def _direction(old: str | None, new: str | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    try:
        came_from, went_to = Version(old), Version(new)
    except InvalidVersion:
        return "changed"
    if came_from == went_to:
        return "changed"
    return "upgraded" if came_from < went_to else "downgraded"


def _active(state: State, environment: str) -> Generation:
    active = state.active(environment)
    if active is None:
        raise EnvmgrError(
            "E-UNKNOWN-GENERATION",
            f"{environment} has no active generation to compare with",
            hint=f"name two: {_there(state, environment)}",
        )
    return active


def _previous(state: State, environment: str, to: Generation) -> Generation:
    """The generation that was active before `to` was last activated."""
    activations = [line.generation for line in state.history(environment) if line.outcome == "active"]
    since = activations[activations.index(to.number) :] if to.number in activations else []
    earlier = next((number for number in since if number != to.number), None)
    found = state.below(environment, to.number) if earlier is None else _asked(state, environment, earlier)
    if found is None:
        raise EnvmgrError(
            "E-UNKNOWN-GENERATION",
            f"{environment} has no generation before {to.number}",
            hint=_there(state, environment),
        )
    return found


def _asked(state: State, environment: str, number: int) -> Generation:
    found = state.generation(environment, number)
    if found is None:
        raise EnvmgrError(
            "E-UNKNOWN-GENERATION",
            f"{environment} has no generation {number}",
            hint=_there(state, environment),
        )
    return found


def _there(state: State, environment: str) -> str:
    return f"there is {', '.join(map(str, state.numbers(environment)))}"
