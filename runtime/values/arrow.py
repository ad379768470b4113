"""Arrow IPC streams, where the environment has pyarrow: the body of frames, and pyarrow's own tables."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from typing import Any

from . import codes
from .errors import ConversionError
from .parts import Inexact, library, part
from .protocols import Coder

_BUFFERS = ("bytes", "bytearray", "memoryview", "ndarray")


@functools.lru_cache(maxsize=None)
def pyarrow() -> Any:
    """pyarrow, imported now if need be; None where the environment has none that can be imported."""
    try:
        if importlib.util.find_spec("pyarrow") is None:
            return None
        importlib.import_module("pyarrow.ipc")
        return importlib.import_module("pyarrow")
    except Exception:  # noqa: BLE001 - a broken pyarrow must not break frames, which do without
        return None


def write(codec: Coder, table: Any) -> Any:
    """The table as an IPC stream, for msgpack to pack: bytes, or what stands for them in the second lane."""
    ipc, pyarrow = library("pyarrow.ipc", "a table"), library("pyarrow", "a table")
    measure = pyarrow.MockOutputStream()
    _stream(ipc, measure, table)
    buffer = pyarrow.allocate_buffer(measure.size())  # a stream that grows takes three times as long
    _stream(ipc, pyarrow.FixedSizeBufferWriter(buffer), table)
    body = codec.raw(codes.FRAME, b"", memoryview(buffer))
    return body if body.code == codes.LANE else body.data


def _stream(ipc: Any, sink: Any, table: Any) -> None:
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def read(body: Any) -> Any:
    """The table of an IPC stream, without a copy: its columns lie in `body`.

    Raises `ConversionError`, and what pyarrow finds wrong.
    """
    if type(body).__name__ not in _BUFFERS:
        raise ConversionError(f"the body of a frame is an Arrow IPC stream, not {type(body).__name__}")
    ipc = library("pyarrow.ipc", "a frame with an Arrow body")
    with ipc.open_stream(library("pyarrow", "a frame").py_buffer(body)) as reader:
        table = reader.read_all()
    table.validate(full=True)
    return table


def write_column(codec: Coder, column: Any) -> Any:
    """One column (Array or ChunkedArray) as a stream of its own."""
    return write(codec, library("pyarrow", "a column").table([column], names=["0"]))


def read_column(body: Any) -> Any:
    table = read(body)
    if table.num_columns != 1:
        raise ConversionError(f"one column is wanted, not {table.num_columns}")
    return table.column(0)


def pack_table(codec: Coder, table: Any) -> list[Any]:
    """A pyarrow Table or RecordBatch as `[kind, meta, columns, index, body]`."""
    kind = type(table).__name__
    columns = [[field.name, str(field.type), i] for i, field in enumerate(table.schema)]
    if kind == "RecordBatch":
        table = library("pyarrow", "a table").Table.from_batches([table])
    return [f"pyarrow.{kind}", {"rows": table.num_rows}, columns, None, write(codec, table)]


def build_table(kind: str, meta: Any, columns: Any, index: Any, body: Any) -> Any:
    """The Table, or the RecordBatch. Raises `ConversionError`, and what pyarrow finds wrong."""
    table = _of_columns(columns) if body is None else read(body)
    if kind == "pyarrow.Table":
        return table
    batches = table.to_batches()
    if len(batches) > 1:
        raise ConversionError(f"a RecordBatch is one batch, not {len(batches)}")
    if batches:
        return batches[0]
    return library("pyarrow", f"a {kind}").RecordBatch.from_pylist([], schema=table.schema)


def _of_columns(columns: Any) -> Any:
    """For what comes from where there is no Arrow: lists and arrays."""
    make = library("pyarrow", "a table")
    if type(columns) is not list or any(type(column) is not list or len(column) != 3 for column in columns):
        raise ConversionError("the columns of a frame are a list of [label, dtype, data]")
    return make.table([make.array(data) for _, _, data in columns], names=[label for label, _, _ in columns])


def take_array(codec: Coder, value: Any) -> dict[str, Any]:
    """The parts of a pyarrow Array, ChunkedArray or Scalar."""
    kinds = library("pyarrow", "an array")
    if isinstance(value, kinds.Scalar):
        column = kinds.array([value], type=value.type) if value.is_valid else kinds.nulls(1, value.type)
        if not column[0].equals(value) and not _both_nan(column[0].as_py(), value.as_py()):
            raise Inexact(f"an Arrow scalar of type {value.type} has no exact form")
        return {"class": "Scalar", "ipc": write_column(codec, column)}
    kind = "ChunkedArray" if isinstance(value, kinds.ChunkedArray) else "Array"
    return {"class": kind, "ipc": write_column(codec, value)}


def _both_nan(one: Any, other: Any) -> bool:
    """Whether these are equal but for NaN, which is not, and may be anywhere in them."""
    return "nan" in repr(one) and repr(one) == repr(other)


def build_array(parts: Any) -> Any:
    """The Array, ChunkedArray or Scalar of these parts."""
    kind, column = part(parts, "class", str), read_column(part(parts, "ipc"))
    if kind == "ChunkedArray":
        return column
    if kind == "Scalar" and len(column) == 1:
        return column[0]
    if kind == "Array" and column.num_chunks < 2:
        return column.chunk(0) if column.num_chunks else library("pyarrow", "an array").array([], column.type)
    raise ConversionError(f"{column.num_chunks} chunks with {len(column)} elements are no pyarrow {kind!r}")
