"""Time zones by name: `zoneinfo`'s, on Python 3.8 `dateutil`'s or `pytz`'s. Looked up when a value has one."""

from __future__ import annotations

import datetime
import re
import sys
from typing import Any

from .errors import ConversionError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*")
"""Nothing that leads out of a zone database."""
UTC = datetime.timezone.utc


def zone_of(zone: Any) -> str | None:
    """The zone's IANA name; empty for a fixed offset; None where the zone cannot be named."""
    if zone is UTC:
        return "Etc/UTC"
    kind = type(zone)
    if kind is datetime.timezone:
        return ""
    top = kind.__module__.partition(".")[0]
    if top == "zoneinfo":
        return zone.key if type(zone.key) is str else None
    if top == "pytz":
        return "" if kind.__name__ == "_FixedOffset" else zone.zone
    if top == "dateutil":
        return _of_dateutil(zone, kind.__name__)
    return None


def _of_dateutil(zone: Any, kind: str) -> str | None:
    if kind == "tzutc":
        return "Etc/UTC"
    if kind == "tzoffset":
        return ""
    if kind == "tzfile" and type(zone._filename) is str:
        name = zone._filename.rpartition("zoneinfo/")[2]
        return None if name.startswith("/") else name
    return None


def zone_named(name: str) -> Any:
    """The zone; None where this Python (3.8) has no zones. Raises `ConversionError`."""
    if name == "Etc/UTC":
        return UTC
    if _NAME.fullmatch(name) is None:
        raise ConversionError(f"{name!r:.60} is no name of a time zone")
    if sys.version_info >= (3, 9):
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ConversionError(
                f"there is no time zone {name!r:.60} here; where that is its name, add tzdata to the"
                " library's environment"
            ) from None
    return _zone_of_38(name)


def _zone_of_38(name: str) -> Any:
    try:
        from dateutil.tz import gettz
    except ImportError:
        try:
            from pytz import UnknownTimeZoneError, timezone
        except ImportError:
            return None
        try:
            return timezone(name)
        except UnknownTimeZoneError:
            raise ConversionError(f"there is no time zone {name!r:.60} in pytz") from None
    found = gettz(name)
    if found is None:
        raise ConversionError(f"there is no time zone {name!r:.60} in dateutil")
    return found


def offset_name(offset: datetime.timedelta) -> str:
    """What a fixed offset without a name is called: `UTC+02:00`."""
    return datetime.timezone(offset).tzname(None)


def fixed(offset: datetime.timedelta, name: Any) -> datetime.timezone:
    if type(name) is not str or name == offset_name(offset):
        return datetime.timezone(offset)
    return datetime.timezone(offset, name)
