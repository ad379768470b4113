"""envmgr.toml: schema, problems with their place in the file, edits that keep comments.

Imports model, errors. `load` and `find_root` are what other rooms use; `edit` is for the command line.
"""

from __future__ import annotations

from pathlib import Path

from envmgr.config.source import CONFIG_NAME, find_root, read
from envmgr.model.project import Project

__all__ = ["CONFIG_NAME", "find_root", "load"]


def load(root: Path, profile: str | None = None) -> Project:
    """Read `<root>/envmgr.toml`, with every default filled in.

    `profile` must be one that the file lists; this version does not apply it, and says so in
    `Project.warnings`.
    Raises E-NO-PROJECT, or E-CONFIG with every problem of the file in `details["problems"]`.
    """
    from envmgr.config import remembering

    path, content = read(root)
    project = remembering.recall(path, content) if profile is None else None
    if project is None:
        from envmgr.config.loading import load_project  # imports pydantic and packaging: 80 to 200 ms

        project = load_project(path, content, profile)
        if profile is None:
            remembering.keep(path, content, project)
    return project
