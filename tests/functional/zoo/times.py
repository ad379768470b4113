"""Dates and times, with every kind of zone."""

from __future__ import annotations

import datetime as dt
from typing import Any


def values() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for day in (
        dt.date.min,
        dt.date(1, 1, 2),
        dt.date(1582, 10, 15),
        dt.date(1969, 12, 31),
        dt.date(1970, 1, 1),
        dt.date(2024, 2, 29),
        dt.date.max,
    ):
        found[f"date {day}"] = day
    for time in (
        dt.time(),
        dt.time(23, 59, 59, 999999),
        dt.time(1, 2, 3),
        dt.time(12, 0, 0, 1),
        dt.time(2, 30, fold=1),
    ):
        found[f"time {time} {time.fold}"] = time
    east = dt.timezone(dt.timedelta(hours=2))
    named = dt.timezone(dt.timedelta(hours=-3, minutes=-30), "NST")
    odd = dt.timezone(dt.timedelta(hours=1, seconds=7))
    odder = dt.timezone(dt.timedelta(microseconds=-1))
    named_utc = dt.timezone(dt.timedelta(0), "GMT")
    for zone in (dt.timezone.utc, east, named, odd, odder, named_utc, dt.timezone.max, dt.timezone.min):
        found[f"time in {zone}"] = dt.time(1, 2, 3, 4, zone)
        found[f"datetime in {zone}"] = dt.datetime(2024, 5, 6, 7, 8, 9, 10, zone)
        found[f"datetime in {zone} fold"] = dt.datetime(2024, 5, 6, 7, 8, 9, 0, zone, fold=1)
    for when in (
        dt.datetime.min,
        dt.datetime.max,
        dt.datetime(1970, 1, 1),
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999),
        dt.datetime(2024, 1, 1, 12),
        dt.datetime(2024, 10, 27, 2, 30, fold=1),
    ):
        found[f"datetime {when} {when.fold}"] = when
    for delta in (
        dt.timedelta(),
        dt.timedelta.min,
        dt.timedelta.max,
        dt.timedelta(microseconds=-1),
        dt.timedelta(days=1, seconds=2, microseconds=3),
    ):
        found[f"timedelta {delta}"] = delta
    return found
