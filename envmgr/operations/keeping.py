"""Pins of another tool held against the lock that was made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from envmgr.environments.locks import Lock
from envmgr.errors import EnvmgrError
from envmgr.tools.foreign.reading import Pinned
from envmgr.tools.pypa import canonical


@dataclass(frozen=True, slots=True)
class Moved:
    """A pin, and the version that a resolution took instead."""

    pin: Pinned
    instead: str


def exactly(pins: Iterable[Pinned]) -> tuple[str, ...]:
    """Constraints that allow nothing but the pins."""
    return tuple(sorted(f"{pin.name}=={pin.version}" for pin in pins))


def moved_pins(pins: Iterable[Pinned], lock: Lock) -> tuple[Moved, ...]:
    """Pins whose distribution is locked, and in no such version."""
    versions: dict[str, list[str]] = {}
    for found in lock.pins:
        versions.setdefault(canonical(found.name), []).append(found.version)
    return tuple(
        Moved(pin, ", ".join(versions[pin.name]))
        for pin in pins
        if pin.name in versions and pin.version not in versions[pin.name]
    )


def unneeded(pins: Iterable[Pinned], lock: Lock) -> tuple[Pinned, ...]:
    """Pins that the lock has no use for."""
    names = {canonical(found.name) for found in lock.pins}
    return tuple(pin for pin in pins if pin.name not in names)


def check_hashes(pins: Iterable[Pinned], lock: Lock) -> None:
    """Raises E-TAMPERED with every pin of which the lock has none of the files that were pinned."""
    locked: dict[str, set[str]] = {}
    for package in lock.document.get("packages", ()):
        kept = [
            *package.get("wheels", ()),
            *(package[kind] for kind in ("sdist", "archive") if kind in package),
        ]
        hashes = {f"{kind}:{value}" for file in kept for kind, value in file.get("hashes", {}).items()}
        locked.setdefault(canonical(package["name"]), set()).update(hashes)
    wrong = [pin for pin in pins if pin.hashes and pin.name in locked and not pin.hashes & locked[pin.name]]
    if wrong:
        lines = [f"{pin.name} {pin.version} ({pin.place.path}:{pin.place.line})" for pin in wrong]
        raise EnvmgrError(
            "E-TAMPERED",
            "\n  ".join(["the index has no file with one of the hashes that were pinned", *lines]),
            hint="nothing was written; see that the index is the one the hashes are from before you trust it",
            details={
                "pins": [
                    {
                        "name": pin.name,
                        "version": pin.version,
                        "file": str(pin.place.path),
                        "line": pin.place.line,
                        "pinned": sorted(pin.hashes),
                        "locked": sorted(locked[pin.name]),
                    }
                    for pin in wrong
                ]
            },
        )
