"""What is known of a matrix's cells beside their results: `.envmgr/matrix/NAME/notes.json`.

Which of the project's files a cell's checks were seen to read, which checks have timed tests, and of what its times
were taken. Lost notes cost a run of the cells.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from envmgr.environments import files
from envmgr.environments.layout import Layout

READ = "read"
TIMED = "timed"
SAMPLED = "sampled"
WRITTEN = "written"


class Notes:
    """Not for several threads at once."""

    def __init__(self, layout: Layout, matrix: str) -> None:
        self._path = layout.matrices / matrix / "notes.json"
        self._cells: dict[str, dict[str, Any]] = {}
        self._sets: list[list[str]] = []
        self.written = ""
        """Digest of the file of results, as it was written last."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            known = json.loads(self._path.read_bytes())
            self._cells, self._sets = dict(known["cells"]), list(known["sets"])
            self.written = str(known[WRITTEN])

    def read_by(self, cell: str) -> Sequence[str]:
        """Paths from the root."""
        number = self._cells.get(cell, {}).get(READ)
        return self._sets[number] if isinstance(number, int) and number < len(self._sets) else ()

    def timed_in(self, cell: str) -> Sequence[str]:
        """Names of checks with timed tests."""
        return tuple(self._cells.get(cell, {}).get(TIMED, ()))

    def sampled(self, cell: str) -> str:
        return str(self._cells.get(cell, {}).get(SAMPLED, ""))

    def tried(self, cell: str, read: Iterable[str], timed: Iterable[str]) -> None:
        """Note what a run of the cell showed. `read` are paths from the root."""
        inside = sorted(set(read))
        if inside not in self._sets:
            self._sets.append(inside)
        self._cells[cell] = {READ: self._sets.index(inside), TIMED: sorted(timed)}
        self.save()

    def was_sampled(self, cell: str, of: str) -> None:
        self._cells.setdefault(cell, {})[SAMPLED] = of
        self.save()

    def keep_only(self, cells: Iterable[str]) -> None:
        self._cells = {cell: self._cells[cell] for cell in cells if cell in self._cells}

    def save(self) -> None:
        """Without a word where that is not possible."""
        used = sorted({found[READ] for found in self._cells.values() if READ in found})
        places = {old: new for new, old in enumerate(used)}
        for found in self._cells.values():
            if READ in found:
                found[READ] = places[found[READ]]
        self._sets = [self._sets[old] for old in used]
        known = {"cells": self._cells, "sets": self._sets, WRITTEN: self.written}
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.write(self._path, json.dumps(known).encode(), flush=False)
