"""Reads I-J-….ours.arrow in a folder with pyarrow, polars and pandas, and compares each with column J of I.arrow.

Prints a line for each difference. What polars and pandas do not read of pyarrow's stream, they need not read of ours.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import polars
import pyarrow as pa


def table(data: bytes) -> pa.Table:
    file = data[:6] == b"ARROW1"
    reader = pa.ipc.open_file(data) if file else pa.ipc.open_stream(data)
    read = reader.read_all()
    read.validate(full=True)
    return read


def rows(read: pa.Table) -> str:
    plain = [
        column.cast(pa.int64()) if str(column.type).startswith(("timestamp", "duration")) else column
        for column in read.columns
    ]
    return repr([column.to_pylist() for column in plain])


def frame(data: bytes) -> Any:
    try:
        return polars.read_ipc_stream(data)
    except BaseException as error:  # noqa: BLE001 - polars' panics are no Exception
        return f"{type(error).__name__}: {error}"


def pandas(column: pa.ChunkedArray) -> Any:
    try:
        return column.to_pandas()
    except pa.ArrowException:
        return None


def differences(ours: Path, expected: pa.Table) -> Iterator[tuple[Any, ...]]:
    written = ours.read_bytes()
    got = table(written)
    if expected.column_names != got.column_names:
        yield "names", expected.column_names, got.column_names
    if rows(expected) != rows(got):
        yield "values", rows(expected), rows(got)
    with BytesIO() as stream:
        with pa.ipc.new_stream(stream, expected.schema) as writer:
            writer.write_table(expected)
        mine, other = frame(written), frame(stream.getvalue())
    skipped = expected.column_names == ["no_list"]  # polars writes lists of no elements, but reads none
    if not isinstance(other, str) and not skipped and (isinstance(mine, str) or not mine.equals(other)):
        yield "polars", mine, other
    if pandas(expected.column(0)) is not None and pandas(got.column(0)) is None:
        yield "pandas", got.schema


folder = Path(sys.argv[1])
originals = {
    path.stem: table(path.read_bytes()) for path in folder.glob("*.arrow") if "ours" not in path.name
}
for ours in sorted(folder.glob("*.ours.arrow")):
    original, column, _ = ours.name.split("-", 2)
    for difference in differences(ours, originals[original].select([int(column)])):
        print(ours.name, *difference)
