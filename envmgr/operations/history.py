"""`envmgr history`: every activation of an environment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from envmgr.environments.layout import Layout, entry_name
from envmgr.environments.state import read_state
from envmgr.model.outcomes import GenerationRecord
from envmgr.operations.selection import unknown_names


def history(root: Path, environment: str) -> tuple[GenerationRecord, ...]:
    """Newest first. Raises E-UNKNOWN-ENVIRONMENT for one that was never activated."""
    layout = Layout(root)
    with read_state(layout) as state:
        records = () if state is None else state.history(environment)
        known = () if state is None else state.environments()
    if not records:
        raise unknown_names("E-UNKNOWN-ENVIRONMENT", "activated environment", [environment], known)
    return tuple(
        replace(record, freed=not layout.entry(entry_name(environment, record.key)).is_dir())
        for record in records
    )
