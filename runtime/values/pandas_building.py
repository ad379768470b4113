"""DataFrame, Series, Index and MultiIndex made of `[kind, meta, columns, index, body]`."""

from __future__ import annotations

from typing import Any

from .errors import ConversionError
from .pandas_categories import Level
from .pandas_columns import Fields, build_column
from .pandas_dtypes import offset
from .parts import describe, library, part


def build(kind: str, meta: Any, columns: Any, index: Any, body: Any) -> Any:
    """The object of this kind. Raises `ConversionError`, and what pandas raises."""
    fields = Fields(body)
    if columns is None:
        columns = [[name, None, i] for i, name in enumerate(fields.names())]
    if type(columns) is not list or any(type(column) is not list or len(column) != 3 for column in columns):
        raise ConversionError("the columns of a frame are a list of [label, dtype, data]")
    if "rows" not in meta:
        meta["rows"] = fields.rows(columns)
    return _BUILD[kind](library("pandas", f"a {kind}"), meta, columns, index, fields)


def _frame(pandas: Any, meta: Any, columns: Any, index: Any, fields: Fields) -> Any:
    rows = part(meta, "rows", int)
    index = _rows_index(pandas, index, rows)
    found = {i: _series(pandas, fields, column, rows, index) for i, column in enumerate(columns)}
    frame = pandas.DataFrame(found, index=index, copy=False)
    frame.columns = _labels(pandas, meta, columns)
    return _finish(frame, meta)


def _labels(pandas: Any, meta: Any, columns: Any) -> Any:
    if "labels" not in meta:
        labels = [column[0] for column in columns]
        hash(tuple(labels))  # pandas takes any, and fails later
        return pandas.Index(labels, tupleize_cols=False)
    if not isinstance(meta["labels"], pandas.Index):
        raise ConversionError(f"labels are a frame of kind pandas.Index, not {describe(meta['labels'])}")
    return meta["labels"]


def _one_series(pandas: Any, meta: Any, columns: Any, index: Any, fields: Fields) -> Any:
    rows = part(meta, "rows", int)
    column = _only(columns)
    series = _series(pandas, fields, column, rows, _rows_index(pandas, index, rows))
    series.name = column[0]
    return _finish(series, meta)


def _index_of(pandas: Any, meta: Any, columns: Any, index: Any, fields: Fields) -> Any:
    name, words, data = _only(columns)
    values = build_column(fields, words, data, part(meta, "rows", int))
    if isinstance(values, pandas.RangeIndex):
        return values.rename(name)
    made = pandas.Index(values, dtype=_dtype(values), name=name, tupleize_cols=False, copy=False)
    if meta.get("freq") is not None:
        if not isinstance(made, (pandas.DatetimeIndex, pandas.TimedeltaIndex)):
            raise ConversionError(f"a {type(made).__name__} has no frequency of its own")
        made.freq = offset(meta["freq"])
    return made


def _multi_index(pandas: Any, meta: Any, columns: Any, index: Any, fields: Fields) -> Any:
    rows = part(meta, "rows", int)
    for _name, _words, data in columns:
        if type(data) not in (pandas.Categorical, Level) or len(data) != rows:
            raise ConversionError(f"a level of a MultiIndex is a Categorical of {rows}, not {describe(data)}")
    return pandas.MultiIndex(
        levels=[data.categories for _name, _words, data in columns],
        codes=[data.codes for _name, _words, data in columns],
        names=[name for name, _words, _data in columns],
        verify_integrity=False,
    )


_BUILD = {
    "pandas.DataFrame": _frame,
    "pandas.Series": _one_series,
    "pandas.Index": _index_of,
    "pandas.MultiIndex": _multi_index,
}


def _series(pandas: Any, fields: Fields, column: Any, rows: int, index: Any) -> Any:
    values = build_column(fields, column[1], column[2], rows)
    return pandas.Series(values, dtype=_dtype(values), index=index, copy=False)


def _dtype(values: Any) -> Any:
    """Told to pandas, so that it does not make of objects what they look like."""
    return object if values.dtype == object else None


def _only(columns: Any) -> Any:
    if len(columns) != 1:
        raise ConversionError(f"a Series or an Index has one column, not {len(columns)}")
    return columns[0]


def _rows_index(pandas: Any, index: Any, rows: int) -> Any:
    if index is None:
        return pandas.RangeIndex(rows)
    if not isinstance(index, pandas.Index) or len(index) != rows:
        raise ConversionError(f"the index of a frame with {rows} rows is no {describe(index)}")
    return index


def _finish(frame: Any, meta: Any) -> Any:
    if "attrs" in meta:
        frame.attrs = part(meta, "attrs", dict)
    if meta.get("unique"):
        frame.flags.allows_duplicate_labels = False
    return frame
