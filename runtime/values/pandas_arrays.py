"""pandas' extension arrays taken into parts and put together again, each by a row of one table."""

from __future__ import annotations

import re
from typing import Any, Callable, NamedTuple

from . import arrow
from .errors import ConversionError
from .pandas_dtypes import dtype, freq_word, offset, word
from .parts import Inexact, array, library, part
from .protocols import Coder

NUMPY_ARRAYS = ("NumpyExtensionArray", "PandasArray")
"""What pandas 2 and pandas 1 call an ndarray that is to look like an extension array."""


class Form(NamedTuple):
    """`take` gives the parts beside the dtype; `make` gets the dtype's word and the parts."""

    words: Any
    take: Callable[[Any, Any], Any]
    make: Callable[[str, Any], Any]


def take(codec: Coder, value: Any) -> dict[str, Any]:
    """The parts of an extension array. Raises `Inexact` for one that is not pandas' own."""
    name = word(value.dtype)
    if not type(value).__module__.startswith("pandas."):
        raise Inexact(f"{name} is no dtype of pandas")
    return {"dtype": name, **_form(name).take(codec, value)}


def make(parts: Any) -> Any:
    """The extension array of these parts. Raises `ConversionError`, and what pandas raises."""
    name = part(parts, "dtype", str)
    library("pandas", "an extension array")
    return _form(name).make(name, parts)


def zoned(values: Any, zone: Any) -> Any:
    """A DatetimeArray in this zone of an array of UTC."""
    import pandas

    return pandas.array(values, copy=False).tz_localize("UTC").tz_convert(zone)


def _form(name: str) -> Form:
    return next(form for form in _FORMS if form.words.fullmatch(name))


def _take_masked(codec: Coder, value: Any) -> Any:
    return {"values": value._data, "mask": value._mask}


def _make_masked(name: str, parts: Any) -> Any:
    kind = dtype(name)
    values, mask = array(part(parts, "values"), kind.numpy_dtype), array(part(parts, "mask"), bool)
    return kind.construct_array_type()(values, mask)


def _take_strings(codec: Coder, value: Any) -> Any:
    if value.dtype.storage == "python":
        return {"values": value.to_numpy(object, na_value=None).tolist()}
    return _take_arrow(codec, value)


def _make_strings(name: str, parts: Any) -> Any:
    if "ipc" in parts:
        return dtype(name).__from_arrow__(_arrow(parts))
    return library("pandas", "a string array").array(part(parts, "values", list), dtype=dtype(name))


def _take_arrow(codec: Coder, value: Any) -> Any:
    return {"ipc": arrow.write_column(codec, value.__arrow_array__())}


def _make_arrow(name: str, parts: Any) -> Any:
    return library("pandas", "an Arrow array").arrays.ArrowExtensionArray(_arrow(parts))


def _arrow(parts: Any) -> Any:
    return arrow.read_column(part(parts, "ipc"))


def _take_times(codec: Coder, value: Any) -> Any:
    unit = getattr(value.dtype, "unit", None)
    values = value.asi8.view(f"M8[{unit}]" if unit else value.dtype)
    return {"values": values, "freq": freq_word(codec, getattr(value, "freq", None))}


def _make_times(name: str, parts: Any) -> Any:
    pandas = library("pandas", "an array of times")
    kind, values = dtype(name), array(part(parts, "values"))
    zone = getattr(kind, "tz", None)
    array(values, f"M8[{kind.unit}]" if zone is not None else kind)
    made = pandas.array(values, copy=False) if zone is None else zoned(values, zone)
    freq = parts.get("freq")
    if freq is not None:
        made.freq = offset(freq)
    return made


def _take_period(codec: Coder, value: Any) -> Any:
    return {"values": value.asi8}


def _make_period(name: str, parts: Any) -> Any:
    ordinals = array(part(parts, "values"), "int64")
    return library("pandas", "periods").arrays.PeriodArray(ordinals, dtype=dtype(name))


def _take_interval(codec: Coder, value: Any) -> Any:
    return {"left": value.left, "right": value.right, "closed": value.closed}


def _make_interval(name: str, parts: Any) -> Any:
    make = library("pandas", "intervals").arrays.IntervalArray.from_arrays
    left, right = part(parts, "left"), part(parts, "right")
    return make(left, right, part(parts, "closed", str), copy=True)  # an Index is read-only


def _take_sparse(codec: Coder, value: Any) -> Any:
    indices = value.sp_index.indices
    return {
        "values": value.sp_values,
        "indices": indices,
        "length": value.sp_index.length,
        "fill": value.fill_value,
        "kind": value.kind,
    }


def _make_sparse(name: str, parts: Any) -> Any:
    pandas = library("pandas", "a sparse array")
    integers = type(pandas.arrays.SparseArray([0], kind="integer").sp_index)
    values, indices = array(part(parts, "values")), array(part(parts, "indices"), "int32")
    index = integers(part(parts, "length", int), indices)
    if len(values) != len(indices):
        raise ConversionError(f"a sparse array has {len(indices)} indices and {len(values)} values")
    if part(parts, "kind", str) == "block":
        index = index.to_block_index()
    kind = pandas.SparseDtype(values.dtype, part(parts, "fill"))
    return pandas.arrays.SparseArray._simple_new(values, index, kind)  # the public way goes with pandas 4


def _take_numpy(codec: Coder, value: Any) -> Any:
    if type(value).__name__ not in NUMPY_ARRAYS:
        raise Inexact(f"{type(value).__name__} is no array of pandas that has a form")
    return {"values": value.to_numpy(copy=False)}


def _make_numpy(name: str, parts: Any) -> Any:
    arrays = library("pandas", "an extension array").arrays
    make = getattr(arrays, "NumpyExtensionArray", None) or arrays.PandasArray
    return make(array(part(parts, "values"), dtype(name)))


_FORMS = [
    Form(re.compile(words), take_, make_)
    for words, take_, make_ in (
        (r"U?Int(8|16|32|64)|Float(32|64)|boolean", _take_masked, _make_masked),
        (r"(string|str)(\[\w+\])?", _take_strings, _make_strings),
        (r"ArrowDtype\(.*\)", _take_arrow, _make_arrow),
        (r"datetime64\[.*\]|timedelta64\[\w+\]", _take_times, _make_times),
        (r"period\[.*\]", _take_period, _make_period),
        (r"interval(\[.*\])?", _take_interval, _make_interval),
        (r"Sparse\[.*\]", _take_sparse, _make_sparse),
        (r"(?s).*", _take_numpy, _make_numpy),
    )
]
