"""DataFrame, Series, Index and MultiIndex as `[kind, meta, columns, index, body]`."""

from __future__ import annotations

from typing import Any

from .pandas_columns import Body, pack_column
from .pandas_dtypes import freq_word
from .parts import pack_object
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


def _meta(frame: Any, rows: int) -> dict[str, Any]:
    meta: dict[str, Any] = {"rows": rows}
    if frame.attrs:
        meta["attrs"] = frame.attrs
    if not frame.flags.allows_duplicate_labels:
        meta["unique"] = True
    return meta


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
