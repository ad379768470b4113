"""One pandas column as `[label, dtype, data]`, and the values of such a column."""

from __future__ import annotations

from typing import Any

from . import arrow
from .errors import ConversionError
from .pandas_arrays import NUMPY_ARRAYS, zoned
from .pandas_dtypes import dtype as dtype_of
from .pandas_dtypes import word
from .parts import Inexact, describe
from .protocols import Coder


class Body:
    """Columns that go as an Arrow IPC stream. `only`: how the words of their dtypes start; None: all that can."""

    def __init__(self, only: tuple[str, ...] | None = None) -> None:
        self._pyarrow = arrow.pyarrow()
        self._only = only
        self._names: list[str] = []
        self._columns: list[Any] = []

    def add(self, name: str, values: Any, words: str) -> int | None:
        """The field that the column has become; None where it is to go inline."""
        if self._pyarrow is None or (self._only is not None and not words.startswith(self._only)):
            return None
        from .arrow_columns import to_arrow

        column = to_arrow(self._pyarrow, values, words)
        if column is None:
            return None
        self._names.append(name)
        self._columns.append(column)
        return len(self._columns) - 1

    def pack(self, codec: Coder) -> Any:
        """What stands in the frame's place for the body: None without columns."""
        if not self._columns:
            return None
        return arrow.write(codec, self._pyarrow.Table.from_arrays(self._columns, names=self._names))


class Fields:
    """The columns of a body that came."""

    def __init__(self, body: Any) -> None:
        self._table = None if body is None else arrow.read(body)
        self._body = body

    def values(self, i: int, words: Any) -> Any:
        import numpy

        from .arrow_columns import from_arrow

        if self._table is None or not 0 <= i < self._table.num_columns:
            raise ConversionError(f"the body has no field {i}")
        memory = numpy.frombuffer(self._body, numpy.uint8)
        return from_arrow(arrow.pyarrow(), self._table.column(i), words, memory)

    def rows(self, columns: Any) -> int:
        """The rows of a frame that does not say."""
        if self._table is not None:
            return int(self._table.num_rows)
        return len(columns[0][2]) if columns else 0

    def names(self) -> list[str]:
        return [] if self._table is None else list(self._table.column_names)


def pack_column(codec: Coder, body: Body, label: Any, name: str, values: Any) -> list[Any]:
    """`values`: the `array` of a Series or Index. `name`: that of the field, should the column go into the body."""
    if type(values).__name__ in NUMPY_ARRAYS:
        values = values.to_numpy(copy=False)
    try:
        words = word(values.dtype)
    except Inexact as why:
        codec.warn(values, f"column {label!r} stays in Python because {why}")
        return [label, str(values.dtype), codec.ref(values)]
    field = body.add(name, values, words)
    return [label, words, _inline(values, words) if field is None else field]


def build_column(fields: Fields, words: Any, data: Any, rows: int) -> Any:
    """What a Series or Index is made of: `rows` values. Raises `ConversionError`, and what pandas raises."""
    values = fields.values(data, words) if type(data) is int else _values(words, data)
    if len(values) != rows:
        raise ConversionError(f"a column of a frame with {rows} rows has {len(values)} values")
    return values


def _inline(values: Any, words: str) -> Any:
    import numpy

    if words == "object":
        return values.tolist()
    if words.startswith(("string", "str")):
        return values.to_numpy(object, na_value=None).tolist()
    if words.startswith("datetime64[") and hasattr(values.dtype, "tz"):
        return values.asi8.view(f"M8[{values.dtype.unit}]")
    return numpy.asarray(values) if isinstance(values.dtype, numpy.dtype) else values


def _values(words: Any, data: Any) -> Any:
    import numpy
    import pandas

    if type(data) is range:
        return pandas.RangeIndex(data.start, data.stop, data.step)
    if isinstance(data, pandas.api.extensions.ExtensionArray):
        return data
    if type(data) is list:
        return _from_list(pandas, words, data)
    if type(data) is not numpy.ndarray or data.ndim != 1:
        raise ConversionError(f"a column is no {describe(data)}")
    if words is None or str(data.dtype) == words:
        return data
    dtype = dtype_of(words)
    if hasattr(dtype, "tz") and data.dtype == f"M8[{dtype.unit}]":
        return zoned(data, dtype.tz)
    if data.dtype == dtype:
        return data
    raise ConversionError(f"a column of dtype {words} is no array of dtype {data.dtype}")


def _from_list(pandas: Any, words: Any, data: list[Any]) -> Any:
    import numpy

    if words is None:
        return pandas.Series(data).array
    if words == "object":
        values: Any = numpy.empty(len(data), object)
        values[:] = data
        return values
    dtype = dtype_of(words)
    series = pandas.Series(data, dtype=dtype)
    if series.dtype != dtype:  # pandas 1 says nothing where it cannot
        raise ConversionError(f"this list does not make a column of dtype {words}")
    return series.array
