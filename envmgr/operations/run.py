"""One call of `sync`, or of a repair: its project, its options, and the open state."""

from __future__ import annotations

from dataclasses import dataclass

from envmgr.environments.layout import Layout
from envmgr.environments.state import State
from envmgr.model.outcomes import Report
from envmgr.model.project import Project


@dataclass(frozen=True, slots=True)
class Run:
    project: Project
    layout: Layout
    state: State
    frozen: bool
    offline: bool
    report: Report
    reason: str = "sync"
