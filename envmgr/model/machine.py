"""What `doctor` found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """`name` is what was looked at: "uv", "disk", "environment data". `state`: "ok", "warning" (to know), "failed".
    `advice` is what to do, empty for "ok".
    """

    name: str
    state: str
    found: str
    advice: str = ""
