"""What `functions`, `search` and `describe` found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """An object in short. `signature` has the types that are known, `plain` names and defaults alone."""

    path: str
    library: str
    kind: str
    signature: str
    plain: str
    returns: str | None
    summary: str
    deprecated: bool


@dataclass(frozen=True, slots=True)
class Called:
    """How often a function was called, and how long that took: milliseconds that half of the calls, 95 %, 99 % and
    all did not exceed, within 1.6 %. `errors` by class, `cached`: answered from the cache; `first`, `last`: ISO 8601,
    UTC.
    """

    path: str
    library: str | None
    count: int
    errors: Mapping[str, int]
    cached: int
    p50: float
    p95: float
    p99: float
    longest: float
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """`kind`: as `inspect` calls it. `default`: as Python writes it, None where there is none."""

    name: str
    kind: str
    default: str | None
    type: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a docstring tells of what is returned, yielded or raised."""

    name: str | None
    type: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Examples:
    """Calls that were made from the signature, and what the library itself shows."""

    elixir: str
    python: str
    library: str | None


@dataclass(frozen=True, slots=True)
class Home:
    """Where a library is: versions are of its distribution, None for the interpreter's own."""

    library: str
    import_name: str
    distribution: str | None
    version: str | None
    environment: str
    generation: int
    python: str


@dataclass(frozen=True, slots=True)
class Description:
    """An object. `path` is what was asked for, `canonical` its shortest; `members`: of a class or module. `file` is
    relative to the environment's library directory. `origins`: of each fact, `runtime`, `stub` or `docstring`.
    """

    path: str
    canonical: str
    kind: str
    home: Home
    signature: str
    plain: str
    overloads: tuple[str, ...]
    returns: str | None
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    returned: tuple[Said, ...]
    yielded: tuple[Said, ...]
    raised: tuple[Said, ...]
    notes: str | None
    examples: Examples
    members: tuple[Found, ...]
    aliases: tuple[str, ...]
    module: str | None
    file: str | None
    line: int | None
    deprecated: str | None
    value: str | None
    doc: str | None
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LibraryDescription:
    """`requires`: what its distribution asks for. `counts`: objects by kind; `errors`: submodules that could not be
    imported, and why.
    """

    home: Home
    summary: str
    requires_python: str | None
    requires: tuple[str, ...]
    paths: int
    counts: Mapping[str, int]
    submodules: tuple[str, ...]
    errors: Mapping[str, str]
