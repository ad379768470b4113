"""Dates, times and zones."""

from __future__ import annotations

from typing import Any

from .case import Case
from .near import near
from .rules import rule

_STRUCT = "or pass ~D[…], ~N[…] or a DateTime, which need no parsing"


def _zone(case: Case, match: Any) -> str:
    try:
        from zoneinfo import available_timezones  # type: ignore[import-not-found, unused-ignore]

        found = near(match["zone"], available_timezones())
    except Exception:  # noqa: BLE001 - before 3.9 there is none
        found = None
    question = f'did you mean "{found}"? ' if found else ""
    return f'{question}Zones are named as "Europe/Berlin" or "UTC"; where the system has no zone files: with = ["tzdata"]'


RULES = (
    rule(
        "TypeError",
        r"tzinfo argument must be None or of a tzinfo subclass, not type 'str'",
        'a zone is an object: a ref to zoneinfo.ZoneInfo("Europe/Berlin") or datetime.timezone.utc, not its name',
    ),
    rule(
        "OSError OverflowError ValueError",
        r"Value too large for defined data type|year -?\d+ is out of range",
        "timestamps are in seconds: divide milliseconds by 1000",
    ),
    rule(
        "TypeError",
        r"offset-naive and offset-aware|tz-naive and tz-aware",
        "one has a time zone, the other has none: pass DateTime for both, or NaiveDateTime for both",
    ),
    rule(
        "ValueError",
        r"Invalid isoformat string: '(.*?)'",
        f"write 2024-01-31 or 2024-01-31T12:00:00, {_STRUCT}",
    ),
    rule(
        "TypeError",
        r"fromisoformat: argument must be str",
        "pass text; a date of Elixir's arrives as a date already",
    ),
    rule(
        "ValueError",
        r"time data '(?P<data>.*?)' does not match format '(?P<format>.*?)'",
        'the text "{data}" is not of the form "{format}": %Y year, %m month, %d day, %H %M %S time',
    ),
    rule(
        "ValueError", r"unconverted data remains: (.*)", 'the format ends before the text does: "{1}" is left'
    ),
    rule(
        "ValueError",
        r"'(.)' is a bad directive in format",
        "there is no %{1}: %Y year, %m month, %d day, %H hour, %M minute, %S second",
    ),
    rule(
        "ValueError",
        r"day is out of range for month|day \d+ must be in range|month must be in|hour must be in|minute must be in|second must be in|year \d+ is out of range",
        "there is no such date or time: look at the order of the arguments (year, month, day, hour, minute, second)",
    ),
    rule("zoneinfo.ZoneInfoNotFoundError", r"No time zone found with key (?P<zone>.*?)['\"]?$", _zone),
    rule("pytz.UnknownTimeZoneError", r"'?(?P<zone>[\w/+-]+)'?", _zone),
    rule(
        "TypeError",
        r"an integer is required.*datetime|argument must be (?:a )?(?:datetime|date|time)(?:\.\w+)?(?: instance)?",
        f"pass a date or time: {_STRUCT[3:]}",
    ),
    rule(
        "OverflowError",
        r"date value out of range|timestamp out of range|mktime argument out of range",
        "the year must lie between 1 and 9999",
    ),
    rule(
        "ValueError",
        r"year is out of range|timestamp out of range",
        "timestamps are in seconds: divide milliseconds by 1000",
    ),
    rule(
        "TypeError",
        r"descriptor '\w+' for 'datetime|unsupported type for timedelta \w+ component: (\w+)",
        "pass numbers",
    ),
)
