"""What the application's compiled code calls: `.envmgr/calls.json`, which `mix envmgr.calls` writes
(docs/protocol.md, section 1). Nothing here changes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envmgr.environments.layout import Layout
from envmgr.model.changes import ANYTHING, Shape

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Function:
    """By its path, as it is written. `shapes` have every one of `places`, or those of the callers of a wrapper."""

    path: str
    places: tuple[str, ...]
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """Of an object; `on` is the path whose call made it, where a chain says so."""

    name: str
    on: str | None
    places: tuple[str, ...]
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """A call whose path is made when it runs; it `begins` so."""

    place: str
    call: str
    begins: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """`unread`: modules without debug information. `stale`: directories whose modules were compiled again since."""

    at: str
    functions: tuple[Function, ...]
    methods: tuple[Method, ...]
    unknown: tuple[Unknown, ...]
    unread: tuple[str, ...]
    stale: tuple[str, ...]


def read(layout: Layout) -> Compiled | None:
    """None where nobody has written it. Raises ValueError for a file that is none of ours. Cost: the file, and a stat
    of each compiled module.
    """
    try:
        document = json.loads(layout.compiled.read_bytes())
        if document["schema"] != _SCHEMA:
            raise ValueError(f"it has schema {document['schema']}")
        return Compiled(
            str(document["at"]),
            tuple(
                Function(str(each["path"]), tuple(map(str, each["places"])), _shapes(each))
                for each in document["functions"]
            ),
            tuple(
                Method(str(each["name"]), each["on"], tuple(map(str, each["places"])), _shapes(each))
                for each in document["methods"]
            ),
            tuple(
                Unknown(str(each["place"]), str(each["call"]), str(each["begins"]))
                for each in document["unknown"]
            ),
            tuple(map(str, document["unread"])),
            tuple(str(each["path"]) for each in document["beams"] if _is_newer(each)),
        )
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"it is not as `mix envmgr.calls` writes it ({problem!r})") from None


def _shapes(noted: Mapping[str, Any]) -> tuple[Shape, ...]:
    """Where it says nothing of them, as a file of before did not, anything may be passed."""
    return tuple(
        Shape(
            int(each["positional"]),
            tuple(map(str, each["keywords"])),
            tuple(map(str, each["more"])),
            tuple(map(str, each["places"])),
        )
        for each in noted.get("shapes") or ()
    ) or (Shape(more=ANYTHING, places=tuple(map(str, noted["places"]))),)


def _is_newer(noted: Mapping[str, Any]) -> bool:
    """What is not there (another machine's, a build that was deleted) is not known to be newer."""
    times = [file.stat().st_mtime for file in Path(noted["path"]).glob("*.beam")]
    return bool(times) and int(max(times)) > (noted["newest"] or 0)
