"""What the walk of `runtime/library` saw, as it is completed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgpack

from envmgr.catalog.overloads import Parameters, merged

SCHEMA = "raw-1"
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
RUNTIME, STUB, DOCSTRING = "runtime", "stub", "docstring"
"""Origins of facts."""


@dataclass(slots=True)
class Object:
    """What was found at `paths`, the canonical one first. Stubs and docstrings add to it; what is None is not known.

    `overloads`: parameters and returns of each. `value`: of a constant, shortened.
    """

    paths: list[str]
    kind: str
    module: str | None = None
    qualname: str | None = None
    parameters: Parameters | None = None
    returns: str | None = None
    overloads: list[tuple[Parameters | None, str | None]] = field(default_factory=list)
    doc: str | None = None
    file: str | None = None
    line: int | None = None
    deprecated: str | None = None
    value: str | None = None
    parsed: dict[str, Any] | None = None
    origins: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.paths[0]


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one module. `root`: the directory that `file`s are relative to."""

    module: str
    distribution: str | None
    version: str | None
    python: str
    root: str
    errors: list[list[str]]
    objects: list[Object]


def load(content: bytes) -> Facts:
    """Raises ValueError for what is not the walk's. Objects come in the order of their canonical paths."""
    document = msgpack.unpackb(content)
    if document.get("schema") != SCHEMA:
        raise ValueError(f"the walk's schema is {document.get('schema')!r}")
    paths: dict[int, list[str]] = {}
    for path, number in document["paths"]:
        paths.setdefault(number, []).append(path)
    objects = [_object(document["objects"][number], found) for number, found in paths.items()]
    return Facts(
        document["module"],
        document["distribution"],
        document["version"],
        document["python"],
        document["root"],
        document["errors"],
        sorted(objects, key=lambda found: found.path.encode()),
    )


def _object(raw: Mapping[str, Any], paths: list[str]) -> Object:
    found = Object(
        sorted(paths, key=_shortest),
        raw["kind"],
        raw.get("module"),
        raw.get("qualname"),
        raw.get("parameters"),
        raw.get("returns"),
        [(parameters, returns) for parameters, returns in raw.get("overloads") or ()],
        raw.get("doc"),
        raw.get("file"),
        raw.get("line"),
        raw.get("deprecated"),
        raw.get("value"),
    )
    for fact in ("returns", "doc", "overloads"):
        if getattr(found, fact):
            found.origins[fact] = RUNTIME
    _forget_addresses(found)
    forms = [parameters for parameters, _ in found.overloads if parameters is not None]
    if found.parameters is None and forms:
        found.parameters = merged(forms)
        if raw["origin"] == DOCSTRING:
            found.origins["overloads"] = DOCSTRING
    if found.parameters is not None:
        found.origins["signature"] = raw["origin"] or RUNTIME
        if any(parameter[4] for parameter in found.parameters):
            found.origins["types"] = RUNTIME
    return found


def _forget_addresses(found: Object) -> None:
    """Where an object lay in memory is no fact about it."""
    found.value = found.value and _ADDRESS.sub("", found.value)
    for parameters in (found.parameters, *(parameters for parameters, _ in found.overloads)):
        for parameter in parameters or ():
            if parameter[2] and "0x" in parameter[2]:
                parameter[2] = _ADDRESS.sub("", parameter[2])


def _shortest(path: str) -> tuple[int, bytes]:
    encoded = path.encode()
    return len(encoded), encoded
