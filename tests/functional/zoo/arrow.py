"""pyarrow."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import pyarrow as pa

STAYS = [f"run_end_encoded<run_ends: int32, values: string> {which}" for which in ("scalar", "null")]
"""pyarrow makes no array of these scalars."""


def values() -> dict[str, Any]:
    kinds: dict[Any, list[Any]] = {
        pa.null(): [None, None],
        pa.bool_(): [True, None],
        pa.int8(): [1, None],
        pa.uint64(): [2**64 - 1, None],
        pa.float16(): [1.5, None],
        pa.float64(): [float("nan"), None],
        pa.string(): ["ä", None],
        pa.large_string(): ["x", None],
        pa.binary(): [b"\xff", None],
        pa.binary(3): [b"abc", None],
        pa.large_binary(): [b"", None],
        pa.date32(): [dt.date(1, 1, 1), None],
        pa.date64(): [dt.date(2024, 1, 1), None],
        pa.time32("s"): [dt.time(1), None],
        pa.time64("ns"): [dt.time(1, 2, 3, 4), None],
        pa.timestamp("s"): [dt.datetime(1, 1, 1), None],
        pa.timestamp("ns", "UTC"): [dt.datetime(2024, 1, 1), None],
        pa.timestamp("us", "Europe/Berlin"): [dt.datetime(2024, 1, 1), None],
        pa.timestamp("ms", "+05:30"): [dt.datetime(2024, 1, 1), None],
        pa.duration("us"): [dt.timedelta(5), None],
        pa.month_day_nano_interval(): [(1, 2, 3), None],
        pa.decimal128(38, 10): [decimal.Decimal("1.5"), None],
        pa.decimal256(50, 0): [decimal.Decimal(10**45), None],
        pa.list_(pa.int32()): [[1, None], None],
        pa.list_(pa.int32(), 2): [[1, 2], None],
        pa.large_list(pa.string()): [["a"], None],
        pa.struct([("a", pa.int8()), ("b", pa.list_(pa.string()))]): [{"a": 1, "b": ["x"]}, None],
        pa.map_(pa.string(), pa.int8()): [[("a", 1)], None],
        pa.dictionary(pa.int8(), pa.string()): ["a", None],
        pa.dictionary(pa.int32(), pa.string(), ordered=True): ["a", None],
        pa.run_end_encoded(pa.int32(), pa.string()): ["a", "a"],
        pa.string_view(): ["a", "x" * 40],
        pa.binary_view(): [b"a", None],
    }
    found: dict[str, Any] = {}
    for kind, items in kinds.items():
        array = pa.array(items, kind)
        found.update(
            {
                f"{kind} array": array,
                f"{kind} chunked": pa.chunked_array([array, array]),
                f"{kind} no chunks": pa.chunked_array([], kind),
                f"{kind} empty": array[:0],
                f"{kind} sliced": array[1:],
                f"{kind} table": pa.table({"x": array}),
                f"{kind} batch": pa.record_batch({"x": array}),
                f"{kind} scalar": array[0],
                f"{kind} null": array[1],
            }
        )
    table = pa.table({"i": list(range(10_000)), "s": [f"text {i}" for i in range(10_000)]})
    found.update(
        {
            "table": table,
            "table slice": table.slice(10, 20),
            "table chunks": pa.concat_tables([table, table]),
            "table empty": pa.table({}),
            "table no rows": table[:0],
            "table metadata": table.replace_schema_metadata({"a": "b"}),
            "table field metadata": pa.table(
                [[1]], pa.schema([pa.field("x", pa.int64(), nullable=False, metadata={"k": "v"})])
            ),
            "table duplicates": pa.table([[1], [2]], names=["a", "a"]),
            "table large": pa.table({"x": list(range(200_000))}),
            "in list": [table, {"a": pa.array([1])}, (pa.scalar("x"),)],
            "union sparse": pa.UnionArray.from_sparse(
                pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])]
            ),
        }
    )
    return found
