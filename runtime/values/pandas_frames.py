"""DataFrame, Series, Index and MultiIndex as `[kind, meta, columns, index, body]`, and made of it."""

from __future__ import annotations

from typing import Any

from .errors import ConversionError
from .pandas_arrays import Level
from .pandas_columns import Body, Fields, build_column, pack_column
from .pandas_dtypes import freq_word, offset
from .parts import describe, library, pack_object, part
from .protocols import Coder

_LONG = ("str", "object", "ArrowDtype(")
"""What goes into the body of a Series or an Index: an array says as much about the rest, in less."""


def pack_frame(codec: Coder, frame: Any) -> list[Any]:
    import pandas

    rows, labels = len(frame), list(frame.columns)
    meta = _meta(frame, rows)
    named = _plain(pandas, frame.columns, labels)
    if not named:
        meta["labels"] = frame.columns
    body = Body()
    columns = [
        pack_column(codec, body, label, label if named else str(i), frame._ixs(i, axis=1).array)
        for i, label in enumerate(labels)
    ]
    return ["pandas.DataFrame", meta, columns, _index(pandas, frame.index, rows), body.pack(codec)]


def pack_series(codec: Coder, series: Any) -> list[Any]:
    import pandas

    rows, body = len(series), Body(_LONG)
    columns = [pack_column(codec, body, series.name, "0", series.array)]
    index = _index(pandas, series.index, rows)
    return ["pandas.Series", _meta(series, rows), columns, index, body.pack(codec)]


def pack_index(codec: Coder, index: Any) -> list[Any]:
    meta = {"rows": len(index), "class": type(index).__name__}
    if meta["class"] == "RangeIndex":
        data = range(index.start, index.stop, index.step)
        return ["pandas.Index", meta, [[index.name, "int64", data]], None, None]
    if getattr(index, "freq", None) is not None and meta["class"] != "PeriodIndex":
        meta["freq"] = freq_word(codec, index.freq)
    body = Body(_LONG)
    columns = [pack_column(codec, body, index.name, "0", index.array)]
    return ["pandas.Index", meta, columns, None, body.pack(codec)]


def pack_multi_index(codec: Coder, index: Any) -> list[Any]:
    columns = [
        [name, "category", pack_object(codec, *_level(level, codes))]
        for name, level, codes in zip(index.names, index.levels, index.codes)
    ]
    return ["pandas.MultiIndex", {"rows": len(index)}, columns, None, None]


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
    labels = meta.get("labels")
    if labels is None:
        labels = pandas.Index([column[0] for column in columns], tupleize_cols=False)
    frame.columns = labels
    return _finish(frame, meta)


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
    made = pandas.Index(values, dtype=values.dtype, name=name, tupleize_cols=False, copy=False)
    if meta.get("freq") is not None:
        made.freq = offset(meta["freq"])
    return made


def _multi_index(pandas: Any, meta: Any, columns: Any, index: Any, fields: Fields) -> Any:
    rows = part(meta, "rows", int)
    for _name, _words, data in columns:
        if type(data) not in (pandas.Categorical, Level) or len(data) != rows:
            raise ConversionError(f"a level of a MultiIndex is a Categorical of {rows} rows, not {describe(data)}")
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
    return pandas.Series(values, dtype=values.dtype, index=index, copy=False)


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


def _meta(frame: Any, rows: int) -> dict[str, Any]:
    meta: dict[str, Any] = {"rows": rows}
    if frame.attrs:
        meta["attrs"] = frame.attrs
    if not frame.flags.allows_duplicate_labels:
        meta["unique"] = True
    return meta


def _finish(frame: Any, meta: Any) -> Any:
    if "attrs" in meta:
        frame.attrs = part(meta, "attrs", dict)
    if meta.get("unique"):
        frame.flags.allows_duplicate_labels = False
    return frame


def _index(pandas: Any, index: Any, rows: int) -> Any:
    usual = type(index) is pandas.RangeIndex and index.name is None
    return None if usual and (index.start, index.stop, index.step) == (0, rows, 1) else index


def _plain(pandas: Any, columns: Any, labels: list[Any]) -> bool:
    """Whether these labels, and nothing else, make this Index, and can be names of Arrow's fields."""
    if type(columns) is not pandas.Index or columns.name is not None or set(map(type, labels)) - {str}:
        return False
    try:
        "".join(labels).encode()
    except UnicodeEncodeError:
        return False
    return len(set(labels)) == len(labels) and bool(pandas.Index(labels).dtype == columns.dtype)


def _level(level: Any, codes: Any) -> tuple[str, dict[str, Any]]:
    odd = type(level).__name__ == "CategoricalIndex" or level.hasnans or not level.is_unique
    parts = {"codes": codes, "categories": level.rename(None)}
    return ("pandas.level", parts) if odd else ("pandas.Categorical", {**parts, "ordered": False})
