"""pandas dtypes and time zones as words. A word names one dtype: where pandas' own names two, ours says more."""

from __future__ import annotations

import datetime
import re
from typing import Any, Callable

from .errors import ConversionError
from .parts import Inexact, library
from .protocols import Coder

UNITS = ("s", "ms", "us", "ns")
"""Of pandas' times."""
_STRING = re.compile(r"(string|str)(?:\[(\w+)\])?")
_ZONED = re.compile(r"datetime64\[(s|ms|us|ns), (.+)\]")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{6}))?)?")
_FIXED = frozenset(["timezone", "tzoffset", "_FixedOffset"])
_MICROSECOND = datetime.timedelta(microseconds=1)


def word(dtype: Any) -> str:
    """The word for a dtype. Raises `Inexact` for a zone that has no name."""
    make: Callable[[Any], str] = _WORDS.get(type(dtype).__name__, str)
    return make(dtype)


def dtype(word: Any) -> Any:
    """The dtype that `word` names. Raises `ConversionError`, and what pandas raises."""
    if type(word) is not str:
        raise ConversionError(f"a dtype is a word, not {type(word).__name__}")
    pandas = library("pandas", "a frame")
    found = _STRING.fullmatch(word)
    if found:
        return _string_dtype(pandas, *found.groups())
    found = _ZONED.fullmatch(word)
    if found:
        return pandas.DatetimeTZDtype(found[1], tz(_offset(found[2])))
    return pandas.api.types.pandas_dtype(word)


def zone(tz: Any) -> str | int | None:
    """nil, a name that pandas makes the same zone of, or a fixed offset in µs. Raises `Inexact`."""
    if tz is None:
        return None
    kind = type(tz).__name__
    if tz == datetime.timezone.utc or kind == "tzutc":
        return "UTC"
    if kind in _FIXED:
        return int(tz.utcoffset(None) // _MICROSECOND)
    name = getattr(tz, "key", None) or getattr(tz, "zone", None)
    if type(name) is str:
        return name
    if kind == "tzfile" and "zoneinfo/" in str(tz._filename):
        return "dateutil/" + str(tz._filename).split("zoneinfo/")[-1]
    raise Inexact(f"the time zone {tz!r} has no name")


def tz(zone: str | int | None) -> Any:
    """The zone as pandas makes it. Raises what pandas raises."""
    if zone is None:
        return None
    pandas = library("pandas", "a time zone")
    if type(zone) is int:
        if pandas.__version__ < "2" and zone % 60_000_000 == 0:
            return library("pytz", "pandas 1").FixedOffset(zone // 60_000_000)
        return datetime.timezone(datetime.timedelta(microseconds=zone))
    return pandas.DatetimeTZDtype("ns", zone).tz


def freq_word(codec: Coder, freq: Any) -> Any:
    """The name of an offset, or, where its name does not make it again, a ref to it."""
    if freq is None:
        return None
    try:
        named = offset(freq.freqstr) == freq
    except Exception:  # noqa: BLE001 - whatever pandas finds wrong with the name
        named = False
    return freq.freqstr if named else codec.ref(freq)


def offset(freq: Any) -> Any:
    """The offset that `freq_word` was given. Raises `ConversionError`, and what pandas raises."""
    pandas = library("pandas", "a frequency")
    if type(freq) is str:
        return pandas.tseries.frequencies.to_offset(freq)
    if isinstance(freq, pandas.offsets.BaseOffset):
        return freq
    raise ConversionError(f"a frequency is its name or a pandas offset, not {type(freq).__name__}")


def zone_word(tz: Any) -> str:
    """A zone inside a dtype's word: its name, or `+02:00`."""
    found = zone(tz)
    if type(found) is not int:
        return str(found)
    seconds, micros = divmod(abs(found), 1_000_000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}"
    if seconds % 60 or micros:
        clock += f":{seconds % 60:02}" + (f".{micros:06}" if micros else "")
    return ("-" if found < 0 else "+") + clock


def _offset(word: str) -> str | int:
    found = _OFFSET.fullmatch(word)
    if not found:
        return word
    hours, minutes, seconds, micros = (int(digits or 0) for digits in found.groups()[1:])
    size = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros
    return -size if found[1] == "-" else size


def _string_word(dtype: Any) -> str:
    if type(dtype.na_value) is not float:
        return f"string[{dtype.storage}]"
    usual = _string_dtype(library("pandas", "a string dtype"), "str", None)
    if dtype.storage == getattr(usual, "storage", None):
        return "str"
    return f"str[{dtype.storage}]"


def _string_dtype(pandas: Any, name: str, storage: str | None) -> Any:
    if name == "string":
        return pandas.StringDtype(storage)
    if storage == "pyarrow_numpy":
        return pandas.StringDtype(storage)
    try:
        return pandas.StringDtype(storage, na_value=float("nan"))
    except TypeError:
        return pandas.api.types.pandas_dtype("object")


_WORDS: dict[str, Callable[[Any], str]] = {
    "StringDtype": _string_word,
    "DatetimeTZDtype": lambda dtype: f"datetime64[{dtype.unit}, {zone_word(dtype.tz)}]",
    "ArrowDtype": lambda dtype: f"ArrowDtype({dtype.pyarrow_dtype})",
    "CategoricalDtype": lambda dtype: "category",
    **dict.fromkeys(("NumpyEADtype", "PandasDtype"), lambda dtype: str(dtype.numpy_dtype)),
}
