"""polars."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import polars as pl


def values() -> dict[str, Any]:
    columns: dict[str, Any] = {
        "bool": [True, None],
        "str": ["ä", None],
        "bytes": [b"\xff", None],
        "date": [dt.date(2024, 1, 1), None],
        "time": [dt.time(1, 2), None],
        "datetime": [dt.datetime(2024, 1, 1), None],
        "duration": [dt.timedelta(5), None],
        "list": [[1, None], None],
        "struct": [{"a": 1, "b": "x"}, None],
        "null": [None, None],
    }
    series = {name: pl.Series(name, items) for name, items in columns.items()}
    for kind in (
        pl.Int8,
        pl.Int16,
        pl.Int32,
        pl.Int64,
        pl.UInt8,
        pl.UInt16,
        pl.UInt32,
        pl.UInt64,
        pl.Float32,
        pl.Float64,
    ):
        series[str(kind)] = pl.Series(str(kind), [1, None], kind)
    series.update(
        {
            "int128": pl.Series("int128", [2**100, None], pl.Int128),
            "decimal": pl.Series("decimal", [decimal.Decimal("1.50"), None]),
            "category": pl.Series("category", ["a", None], pl.Categorical),
            "enum": pl.Series("enum", ["a", None], pl.Enum(["a", "b"])),
            "zone": pl.Series("zone", [dt.datetime(2024, 1, 1), None], pl.Datetime("us", "Europe/Berlin")),
            "ns": pl.Series("ns", [dt.datetime(2024, 1, 1), None], pl.Datetime("ns")),
            "array": pl.Series("array", [[1, 2], None], pl.Array(pl.Int8, 2)),
            "nan": pl.Series("nan", [float("nan"), -0.0]),
            "nested": pl.Series("nested", [[{"a": [1]}], []]),
        }
    )
    found: dict[str, Any] = {}
    for name, one in series.items():
        found.update(
            {
                f"{name} series": one,
                f"{name} empty": one[:0],
                f"{name} frame": pl.DataFrame([one]),
                f"{name} large": pl.concat([one] * 20_000),
            }
        )
    found.update(
        {
            "frame": pl.DataFrame(list(series.values())),
            "frame empty": pl.DataFrame(),
            "frame no rows": pl.DataFrame({"a": []}),
            "frame chunks": pl.concat([pl.DataFrame({"a": [1]}), pl.DataFrame({"a": [2]})], rechunk=False),
            "in dict": {"f": pl.DataFrame({"a": [1]}), "s": [pl.Series([1])]},
            "no name": pl.Series([1, 2]),
        }
    )
    return found
