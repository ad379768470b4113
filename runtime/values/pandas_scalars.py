"""pandas' scalars: a count of units (or the ends of an interval), and what gives it its meaning."""

from __future__ import annotations

from typing import Any

from .errors import ConversionError
from .pandas_dtypes import UNITS, tz, zone
from .parts import library, part
from .protocols import Coder

_NONE = type(None)
_NAT = -(1 << 63)


def timestamp_parts(codec: Coder, value: Any) -> dict[str, Any]:
    return {**_units(value.asm8), "zone": zone(value.tz), "fold": value.fold}


def timestamp(parts: Any) -> Any:
    pandas = library("pandas", "a Timestamp")
    stamp = pandas.Timestamp(_moment(parts, "datetime64"))
    place = part(parts, "zone", str, int, _NONE)
    if place is not None:
        return stamp.tz_localize("UTC").tz_convert(tz(place))
    fold = part(parts, "fold", int)
    if fold not in (0, 1):
        raise ConversionError(f"a fold is 0 or 1, not {fold}")
    return stamp.replace(fold=fold) if fold else stamp


def timedelta_parts(codec: Coder, value: Any) -> dict[str, Any]:
    return _units(value.asm8)


def timedelta(parts: Any) -> Any:
    return library("pandas", "a Timedelta").Timedelta(_moment(parts, "timedelta64"))


def period_parts(codec: Coder, value: Any) -> dict[str, Any]:
    return {"ordinal": value.ordinal, "freq": value.freqstr}


def period(parts: Any) -> Any:
    pandas = library("pandas", "a Period")
    return pandas.Period(ordinal=part(parts, "ordinal", int), freq=part(parts, "freq", str))


def interval_parts(codec: Coder, value: Any) -> dict[str, Any]:
    return {"left": value.left, "right": value.right, "closed": value.closed}


def interval(parts: Any) -> Any:
    pandas = library("pandas", "an Interval")
    return pandas.Interval(part(parts, "left"), part(parts, "right"), part(parts, "closed", str))


def _units(moment: Any) -> dict[str, Any]:
    import numpy

    return {"value": int(moment.view("i8")), "unit": numpy.datetime_data(moment.dtype)[0]}


def _moment(parts: Any, kind: str) -> Any:
    import numpy

    value, unit = part(parts, "value", int), part(parts, "unit", str)
    if not _NAT < value < -_NAT:
        raise ConversionError(f"{value} is no count of units in 64 bits; pandas.NaT is a singleton (ext 35)")
    if unit not in UNITS:
        raise ConversionError(f"a unit is s, ms, us or ns, not {unit!r}")
    return getattr(numpy, kind)(value, unit)
