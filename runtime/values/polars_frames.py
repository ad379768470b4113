"""polars DataFrame and Series as an Arrow IPC stream, which polars writes and reads itself."""

from __future__ import annotations

import io
from typing import Any

from . import codes
from .errors import ConversionError
from .parts import describe, library
from .protocols import Coder


def pack_frame(codec: Coder, frame: Any) -> list[Any]:
    return ["polars.DataFrame", {"rows": frame.height}, *_columns(codec, frame)]


def pack_series(codec: Coder, series: Any) -> list[Any]:
    return ["polars.Series", {"rows": len(series)}, *_columns(codec, series.to_frame())]


def build(kind: str, meta: Any, columns: Any, index: Any, body: Any) -> Any:
    """The DataFrame or Series. Raises `ConversionError`, and what polars finds wrong."""
    polars = library("polars", f"a {kind}")
    fields = [] if body is None else _read(polars, body).get_columns()
    if columns is None:
        columns = [[field.name, None, i] for i, field in enumerate(fields)]
    series = [_series(polars, fields, *column) for column in columns]
    if kind == "polars.DataFrame":
        return polars.DataFrame(series)
    if len(series) != 1:
        raise ConversionError(f"a Series has one column, not {len(series)}")
    return series[0]


def _columns(codec: Coder, frame: Any) -> tuple[list[Any], None, Any]:
    polars = library("polars", "a frame")
    columns: list[Any] = []
    names: list[str] = []
    for series in frame.iter_columns():
        if series.dtype == polars.Object:  # Arrow has no type for it
            data = series.to_list()
        else:
            data = len(names)
            names.append(series.name)
        columns.append([series.name, str(series.dtype), data])
    if not names:
        return columns, None, None
    stream = io.BytesIO()
    frame.select(names).write_ipc_stream(stream, compat_level=polars.CompatLevel.oldest())
    body = codec.raw(codes.FRAME, b"", stream.getbuffer())
    return columns, None, body if body.code == codes.LANE else body.data


def _read(polars: Any, body: Any) -> Any:
    try:
        return polars.read_ipc_stream(io.BytesIO(body))
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # polars' Rust: no Exception, and no reason to end
            raise
        raise ConversionError(f"polars cannot read this Arrow IPC stream: {error}") from error


def _series(polars: Any, fields: Any, label: Any, words: Any, data: Any) -> Any:
    if type(data) is int:
        if not 0 <= data < len(fields):
            raise ConversionError(f"the body has no field {data}")
        return fields[data].rename(label)
    if type(data).__name__ not in ("list", "ndarray"):
        raise ConversionError(f"a column is no {describe(data)}")
    return polars.Series(label, data, dtype=polars.Object if words == "Object" else None)
