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

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Method:
    """Of an object; `on` is the path whose call made it, where a chain says so."""

    name: str
    on: str | None
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A call whose path is made when it runs; it `begins` so."""

    place: str
    call: str
    begins: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """`functions`: path, as it is written -> places. `unread`: modules without debug information. `stale`: the
    directories whose modules were compiled again since."""

    at: str
    functions: Mapping[str, tuple[str, ...]]
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
            {str(each["path"]): tuple(map(str, each["places"])) for each in document["functions"]},
            tuple(
                Method(str(each["name"]), each["on"], tuple(map(str, each["places"])))
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


def _is_newer(noted: Mapping[str, Any]) -> bool:
    """What is not there (another machine's, a build that was deleted) is not known to be newer."""
    times = [file.stat().st_mtime for file in Path(noted["path"]).glob("*.beam")]
    return bool(times) and int(max(times)) > (noted["newest"] or 0)
