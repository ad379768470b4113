"""envmgr.toml and what is laid over it: schema, layers, problems with their place, edits that keep comments.

Imports model, errors. `load`, `Layers` and `find_root` are what other rooms use; `edit`, `migration`,
`json_schema` and `provenance` are for the command line.
"""

from __future__ import annotations

from pathlib import Path

from envmgr.config.layers import Layers
from envmgr.config.source import CONFIG_NAME, find_root, read
from envmgr.model.project import Project

__all__ = ["CONFIG_NAME", "Layers", "find_root", "load"]

NO_LAYERS = Layers()


def load(root: Path, layers: Layers = NO_LAYERS) -> Project:
    """Read `<root>/envmgr.toml` with `layers` laid over it and every default filled in.

    Raises E-NO-PROJECT; E-CONFIG with every problem of the file and the layers in `details["problems"]`;
    E-USAGE when the file has no such profile.
    """
    from envmgr.config import remembering

    path, content = read(root)
    project = remembering.recall(path, content, layers)
    if project is None:
        from envmgr.config.loading import load_project  # imports pydantic and packaging: 80 to 200 ms

        project = load_project(path, content, layers)
        remembering.keep(path, content, layers, project)
    return project
