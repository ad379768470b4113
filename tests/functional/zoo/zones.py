"""Times in zones that have names."""

from __future__ import annotations

import datetime as dt
from typing import Any

import zoneinfo


def values() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, moments in {
        "Europe/Berlin": [
            (2024, 1, 1),
            (2024, 7, 1),
            (2024, 3, 31, 2, 30),
            (2024, 10, 27, 2, 30),
            (1800, 1, 1),
            (1945, 5, 24, 3),
        ],
        "America/New_York": [
            (2024, 11, 3, 1, 30),
            (2024, 3, 10, 2, 30),
            (9999, 12, 31, 23, 59, 59, 999999),
            (1, 1, 1),
        ],
        "Asia/Kolkata": [(2024, 1, 1), (1900, 1, 1)],
        "Australia/Lord_Howe": [(2024, 4, 7, 1, 45), (2024, 1, 1)],
        "Africa/Monrovia": [(1960, 1, 1)],
        "UTC": [(2024, 1, 1)],
        "Etc/GMT+5": [(2024, 1, 1)],
        "Europe/Dublin": [(2024, 1, 1), (2024, 7, 1)],
    }.items():
        zone = zoneinfo.ZoneInfo(key)
        found[f"time in zone {key}"] = dt.time(3, 4, tzinfo=zone)
        for moment in moments:
            for fold in (0, 1):
                found[f"{key} {moment} {fold}"] = dt.datetime(*moment, tzinfo=zone, fold=fold)
    return found
