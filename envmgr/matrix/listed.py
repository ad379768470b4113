"""What an index said of distributions, kept in `.envmgr/matrix/.index/` for when it cannot be reached."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

from envmgr.environments import files, projectlock
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.tools.index import Index, Release
from envmgr.tools.index_pages import File


class KeptIndex(Index):
    """Asks the index each time. Where that fails, what it said last counts, unless `strict`, and `notes` say so."""

    def __init__(self, layout: Layout, *, strict: bool = False) -> None:
        super().__init__()
        self._layout = layout
        self._place = layout.matrices / ".index"
        self._strict = strict
        self.notes: list[str] = []

    def releases(self, distribution: str) -> tuple[Release, ...]:
        """As `Index.releases`. Raises E-NETWORK where nothing is kept either."""
        try:
            found = super().releases(distribution)
        except EnvmgrError as problem:
            kept = None if self._strict or problem.code != "E-NETWORK" else self._kept(distribution)
            if kept is None:
                raise
            return kept
        self._keep(distribution, found)
        return found

    def _keep(self, distribution: str, found: tuple[Release, ...]) -> None:
        rows = [
            [
                release.version,
                [
                    [
                        file.filename,
                        file.uploaded and file.uploaded.isoformat(),
                        file.requires_python,
                        file.yanked,
                    ]
                    for file in release.files
                ],
            ]
            for release in found
        ]
        said = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "releases": rows}
        with contextlib.suppress(OSError):
            projectlock.prepare(self._layout)
            self._place.mkdir(parents=True, exist_ok=True)
            files.write(self._place / f"{distribution}.json", json.dumps(said).encode(), flush=False)

    def _kept(self, distribution: str) -> tuple[Release, ...] | None:
        try:
            said = json.loads((self._place / f"{distribution}.json").read_bytes())
            found = tuple(
                Release(
                    distribution,
                    version,
                    tuple(
                        File(name, at and datetime.fromisoformat(at), needs, yanked)
                        for name, at, needs, yanked in rows
                    ),
                )
                for version, rows in said["releases"]
            )
            since = f"{said['at']:.10}"
        except (OSError, ValueError, KeyError, TypeError):
            return None
        note = f"the package index cannot be reached: releases of {distribution} as of {since}"
        if note not in self.notes:
            self.notes.append(note)
        return found
