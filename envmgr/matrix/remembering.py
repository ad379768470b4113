"""What was found of a matrix, kept in `.envmgr/matrix/NAME/`: what selectors led to, and the cells that came of it.

`releases.json` holds until `--upgrade`, whatever else changes in the file: only a selector that is new asks an index.
`cells.msgpack` saves reading and combining again, as long as nothing that decides has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack

from envmgr.environments import files, projectlock
from envmgr.environments.layout import Layout
from envmgr.model.matrix import Cell, Check, Expectation, Matrix, Timing

if TYPE_CHECKING:
    from envmgr.matrix.selecting import Found

_SCHEMA = 1


def releases(layout: Layout, name: str) -> dict[str, Found]:
    """Selector → what it led to; nothing where nothing is known, or the file is damaged."""
    try:
        noted = json.loads((layout.matrices / name / "releases.json").read_text("utf-8"))
        found = noted["found"] if noted["schema"] == _SCHEMA else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(found) if isinstance(found, dict) else {}


def keep_releases(layout: Layout, name: str, found: Mapping[str, Found]) -> None:
    """Replace them, at once and whole; without a word where that is not possible: the index is asked again."""
    text = json.dumps({"schema": _SCHEMA, "found": dict(sorted(found.items()))}, indent=1)
    with contextlib.suppress(OSError):
        projectlock.prepare(layout)
        place = layout.matrices / name
        place.mkdir(parents=True, exist_ok=True)
        files.write(place / "releases.json", text.encode())


def key(layout: Layout, name: str, content: bytes, facts: object, today: date) -> str:
    """Of all that decides a matrix: its file, known releases, the day, what envmgr.toml says (`facts`), this code."""
    code = max(module.stat().st_mtime_ns for module in Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(repr((facts, today, sys.version_info[:2], code, _SCHEMA)).encode() + content)
    with contextlib.suppress(OSError):
        digest.update((layout.matrices / name / "releases.json").read_bytes())
    return digest.hexdigest()


def recall(layout: Layout, path: Path, key: str) -> Matrix | None:
    """The matrix of the file at `path` that was kept under this key."""
    try:
        known = msgpack.unpackb((layout.matrices / path.stem / "cells.msgpack").read_bytes())
        return _matrix(path, known["matrix"]) if known["key"] == key else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, msgpack.UnpackException):
        return None


def keep(layout: Layout, matrix: Matrix, key: str) -> None:
    """Without a word where that is not possible: it is found again by reading."""
    known = asdict(matrix)
    del known["path"]
    content = msgpack.packb({"key": key, "matrix": known}, default=date.isoformat)
    with contextlib.suppress(OSError):
        files.write(layout.matrices / matrix.name / "cells.msgpack", content, flush=False)


def _matrix(path: Path, known: dict[str, Any]) -> Matrix:
    return Matrix(
        known["name"],
        path,
        known["library"],
        {axis: tuple(values) for axis, values in known["axes"].items()},
        tuple(map(_cell, known["cells"])),
        tuple(Check(**{**check, "arguments": tuple(check["arguments"])}) for check in known["checks"]),
        Timing(**known["timing"]) if known["timing"] else None,
        tuple(known["notes"]),
    )


def _cell(known: dict[str, Any]) -> Cell:
    expected = known["expectation"]
    if expected is not None:
        until = expected["until"]
        expected = Expectation(**{**expected, "until": date.fromisoformat(until) if until else None})
    texts = {name: tuple(known[name]) for name in ("requirements", "constraints")}
    return Cell(**{**known, **texts, "expectation": expected})
