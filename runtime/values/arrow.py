"""Arrow IPC streams, where the environment has pyarrow: the body of frames, and pyarrow's own tables."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from typing import Any

from . import codes
from .errors import ConversionError
from .parts import library
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
    ipc = library("pyarrow.ipc", "a table")
    sink = library("pyarrow", "a table").BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body = codec.raw(codes.FRAME, b"", memoryview(sink.getvalue()))
    return body if body.code == codes.LANE else body.data


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
    """The Table, or the RecordBatch, of a body. Raises `ConversionError`, and what pyarrow finds wrong."""
    table = read(body)
    if kind != "pyarrow.RecordBatch":
        return table
    batches = table.to_batches()
    if len(batches) > 1:
        raise ConversionError(f"a RecordBatch is one batch, not {len(batches)}")
    if batches:
        return batches[0]
    return library("pyarrow", "a frame").RecordBatch.from_pylist([], schema=table.schema)
