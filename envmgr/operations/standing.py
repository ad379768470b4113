"""Libraries of an environment that stands in a store, as releases that can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from envmgr.environments.layout import Layout, python_of, site_packages
from envmgr.environments.modules import Resolved
from envmgr.operations.releases import Release

Launch = dict[str, Any]


def of_launch(launch: Launch) -> dict[str, Release]:
    """Those of a launch manifest that came from a distribution, by name; none where the entry is gone."""
    home = Path(launch["store"])
    try:
        site = site_packages(home)
    except FileNotFoundError:
        return {}
    return {
        name: Release(
            name,
            library["distribution"],
            library["version"] or "",
            library["module"],
            launch["python"]["version"],
            python_of(home),
            site,
            Path(library["catalog"]),
        )
        for name, library in launch["libraries"].items()
        if library["distribution"] is not None
    }


def of_entry(layout: Layout, entry: str, libraries: Iterable[Resolved], python: str) -> dict[str, Release]:
    """Those of an entry that was built; `python` is its interpreter's version."""
    home = layout.entry(entry)
    return {
        found.library.name: Release(
            found.library.name,
            found.distribution,
            found.version or "",
            found.module,
            python,
            python_of(home),
            site_packages(home),
            layout.catalog_of(entry, found.module),
        )
        for found in libraries
        if found.distribution is not None
    }
