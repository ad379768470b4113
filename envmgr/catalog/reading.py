"""Catalogs as they were written: what a library can be asked."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack


@dataclass(frozen=True, slots=True)
class Catalog:
    """One module's callables by path relative to the module."""

    module: str
    entries: dict[str, list[Any]]

    def near(self, path: str) -> list[str]:
        """Up to three paths that look like `path`, the nearest first."""
        return difflib.get_close_matches(path, self.entries, n=3, cutoff=0.6)


def read(path: Path) -> Catalog:
    """Raises OSError and msgpack's errors: a catalog is part of a verified store entry."""
    document = msgpack.unpackb(path.read_bytes())
    return Catalog(document["module"], {entry[0]: entry for entry in document["entries"]})
