"""Dates and times. On the wire is what a clock on the wall shows, then the offset and the zone it hangs in."""

from __future__ import annotations

import datetime
import struct
from typing import Any

from ..wire.packing import ExtType
from . import codes
from .errors import ConversionError
from .plain import elements
from .protocols import Coder, Pack, Unpack
from .zones import UTC, fixed, offset_name, zone_named, zone_of

_DAY = struct.Struct(">i")
_CLOCK = struct.Struct(">qB")
_DELTA = struct.Struct(">iII")
_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = datetime.timedelta(microseconds=1)
_NONE = datetime.timedelta()
_A_DAY = 86_400_000_000


def _microseconds(value: Any) -> int:
    found: int = value // _MICROSECOND
    return found


def _pack_date(codec: Coder, value: datetime.date) -> Any:
    return ExtType(codes.DATE, _DAY.pack(value.toordinal() - _EPOCH_DAY))


def _unpack_date(codec: Coder, data: bytes) -> datetime.date:
    (days,) = _exactly(_DAY, data, "date")
    try:
        return datetime.date.fromordinal(days + _EPOCH_DAY)
    except (ValueError, OverflowError):
        raise _outside(f"day {days}") from None


def _pack_datetime(codec: Coder, value: datetime.datetime) -> Any:
    zone = value.tzinfo
    if zone is None:
        return ExtType(codes.DATETIME, _CLOCK.pack(_microseconds(value - _EPOCH), value.fold))
    name, offset = zone_of(zone), value.utcoffset()
    if name is None or offset is None:
        return codec.ref(value)
    clock = _microseconds(value.replace(tzinfo=None) - _EPOCH)
    place = [_microseconds(offset), _microseconds(value.dst() or _NONE), name or None]
    abbreviation = value.tzname() or offset_name(offset)
    # Of a time that the clock shows twice the offset tells the fold.
    fold = 1 if value.fold and value.replace(fold=0).utcoffset() == offset else 0
    return ExtType(codes.AWARE_DATETIME, codec.nested([clock, *place, abbreviation, fold]))


def _unpack_datetime(codec: Coder, data: bytes) -> datetime.datetime:
    return _on_clock(*_exactly(_CLOCK, data, "datetime"))


def _unpack_aware(codec: Coder, data: bytes) -> datetime.datetime:
    clock, offset, _, name, abbreviation, fold = elements(codec, data, "datetime with a zone", 6)
    if name is not None and type(name) is not str:
        raise ConversionError(f"a zone is a name, not {name!r:.60}")
    value, distance = _on_clock(clock, fold), _delta(offset)
    if name is None:
        return value.replace(tzinfo=fixed(distance, abbreviation))
    zone = zone_named(name)
    if zone is None:
        return value.replace(tzinfo=fixed(distance, abbreviation))
    for tried in (fold, 1 - fold):
        found = _in_zone(value.replace(fold=tried), zone, distance)
        if found.utcoffset() == distance:
            return found
    raise ConversionError(
        f"in {name} the clock showed {value} at an offset of {found.utcoffset()}, not {distance}"
        " (or the two sides have different time zone databases)"
    )


def _in_zone(value: datetime.datetime, zone: Any, distance: datetime.timedelta) -> datetime.datetime:
    localize = getattr(zone, "localize", None)
    if localize is None:
        return value.replace(tzinfo=zone)
    found: datetime.datetime = localize(value, is_dst=not value.fold)  # as pytz wants it, on Python 3.8 only
    return found


def _on_clock(clock: Any, fold: Any) -> datetime.datetime:
    if type(clock) is not int or fold not in (0, 1):
        raise ConversionError("a datetime is microseconds on the clock and a fold of 0 or 1")
    try:
        return (_EPOCH + datetime.timedelta(microseconds=clock)).replace(fold=fold)
    except OverflowError:
        raise _outside(f"{clock} µs after 1970") from None


def _delta(microseconds: Any) -> datetime.timedelta:
    if type(microseconds) is not int or not -_A_DAY < microseconds < _A_DAY:
        raise ConversionError(f"an offset is microseconds, less than a day, not {microseconds!r:.60}")
    return datetime.timedelta(microseconds=microseconds)


def _pack_time(codec: Coder, value: datetime.time) -> Any:
    clock = ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    zone = value.tzinfo
    offset, name = None, None
    if zone is not None:
        name = zone_of(zone)
        if name is None:
            return codec.ref(value)
        if type(zone) is datetime.timezone:
            distance = zone.utcoffset(None)
            offset = _microseconds(distance)
            if not name and zone.tzname(None) != offset_name(distance):
                name = zone.tzname(None)
        elif not name:
            return codec.ref(value)
    return ExtType(codes.TIME, codec.nested([clock, value.fold, offset, name or None]))


def _unpack_time(codec: Coder, data: bytes) -> datetime.time:
    clock, fold, offset, name = elements(codec, data, "time", 4)
    if type(clock) is not int or not 0 <= clock < _A_DAY or fold not in (0, 1):
        raise ConversionError("a time is microseconds since midnight and a fold of 0 or 1")
    seconds, microsecond = divmod(clock, 1_000_000)
    minutes, second = divmod(seconds, 60)
    zone: Any = None
    if offset is not None:
        zone = UTC if name == "Etc/UTC" else fixed(_delta(offset), name)
    elif name is not None:
        zone = zone_named(name) if type(name) is str else None
        if zone is None:
            raise ConversionError(f"this Python knows no time zone {name!r:.60}")
    return datetime.time(*divmod(minutes, 60), second, microsecond, zone, fold=fold)


def _pack_timedelta(codec: Coder, value: datetime.timedelta) -> Any:
    return ExtType(codes.TIMEDELTA, _DELTA.pack(value.days, value.seconds, value.microseconds))


def _unpack_timedelta(codec: Coder, data: bytes) -> datetime.timedelta:
    days, seconds, microseconds = _exactly(_DELTA, data, "timedelta")
    try:
        return datetime.timedelta(days, seconds, microseconds)
    except OverflowError:
        raise ConversionError(f"{days} days are too many for a timedelta") from None


def _exactly(form: struct.Struct, data: bytes, what: str) -> Any:
    if len(data) != form.size:
        raise ConversionError(f"a {what} is {form.size} bytes, not {len(data)}")
    return form.unpack(data)


def _outside(what: str) -> ConversionError:
    return ConversionError(f"{what} is outside of Python's years 1 to 9999")


PACKERS: dict[type, Pack] = {
    datetime.date: _pack_date,
    datetime.datetime: _pack_datetime,
    datetime.time: _pack_time,
    datetime.timedelta: _pack_timedelta,
}

UNPACKERS: dict[int, Unpack] = {
    codes.DATE: _unpack_date,
    codes.DATETIME: _unpack_datetime,
    codes.AWARE_DATETIME: _unpack_aware,
    codes.TIME: _unpack_time,
    codes.TIMEDELTA: _unpack_timedelta,
}
