"""What `import` carried over, and what not."""

from __future__ import annotations

from dataclasses import dataclass

from envmgr.model.outcomes import Pin


@dataclass(frozen=True, slots=True)
class ImportedLibrary:
    name: str
    requirement: str


@dataclass(frozen=True, slots=True)
class NotCarried:
    """Something of another tool's file that has no place here, and where it stands."""

    what: str
    why: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """`files` were read; `beside` could have been, and were not. `pins` are all of the new lock, `resolved`
    those of them that no file pinned.
    """

    format: str
    files: tuple[str, ...]
    beside: tuple[str, ...]
    config: str
    created: bool
    environment: str
    python: str
    libraries: tuple[ImportedLibrary, ...]
    lock: str
    pins: tuple[Pin, ...]
    resolved: tuple[Pin, ...]
    not_carried: tuple[NotCarried, ...]
