"""pandas."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd

STAYS = ["freq offset"]
"""No name makes this offset again."""


def _columns() -> dict[str, Any]:
    """Arrays of three elements that a Series, an Index and a column may have."""
    found: dict[str, Any] = {}
    for name in (
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float32",
        "float64",
    ):
        found[name] = np.array([1, 0, 3], name)
    found.update(
        {
            "float16": np.array([1, 2, 3], "f2"),
            "complex128": np.array([1j, 2, -0.0]),
            "float nan": np.array([1.5, np.nan, -0.0]),
            "big-endian": np.array([1, 2, 3], ">i4"),
            "strings": pd.array(["a", None, "äöü"], "str")
            if pd.__version__ >= "3"
            else np.array(["a", None, "ä"], object),
            "string python": pd.array(["a", pd.NA, ""], "string[python]"),
            "objects": np.array([1, "a", None], object),
            "objects nan": np.array(["a", np.nan, None], object),
            "objects strings": np.array(["a", "b", None], object),
            "objects decimals": np.array([decimal.Decimal("1.50"), None, decimal.Decimal(2)], object),
            "objects dates": np.array([dt.date(2024, 1, 1), None, dt.date(1, 1, 1)], object),
            "objects lists": _objects([[1], {"a": 1}, (2,)]),
            "objects arrays": _objects([np.arange(2), np.eye(2), pd.Timestamp("2024-01-01")]),
            "objects surrogates": np.array(["a", "\ud800", ""], object),
            "objects bytes": np.array([b"a", b"\xff", None], object),
            "objects na": np.array([pd.NA, pd.NaT, np.nan], object),
            "objects bools": np.array([True, False, None], object),
            "objects big": np.array([2**70, -1, 0], object),
            "datetime ns": pd.array(["2024-01-01", None, "1700-01-01T00:00:00.123456789"], "M8[ns]"),
            "timedelta": pd.array([1, None, -5], "m8[ns]"),
            "timedelta s": pd.array(np.array([1, 2, -5], "m8[s]")),
            "category": pd.Categorical(["a", None, "b"], ["b", "a", "unused"], ordered=True),
            "category ints": pd.Categorical([1, 2, 1]),
            "category times": pd.Categorical(pd.to_datetime(["2024-01-01", None, "2024-01-01"])),
            "category intervals": pd.cut([1, 5, 9], 3),
            "category mixed": pd.Categorical([1, "a", None]),
            "category empty": pd.Categorical([None, None, None]),
            "category nested": pd.Categorical([("a", 1), ("b", 2), ("a", 1)]),
            "Boolean": pd.array([True, None, False], "boolean"),
            "Int8": pd.array([1, None, 3], "Int8"),
            "Int64": pd.array([2**62 + 1, None, -1], "Int64"),
            "UInt64": pd.array([2**64 - 1, None, 0], "UInt64"),
            "Float32": pd.array([1.5, None, 0.1], "Float32"),
            "Float64": pd.array([1.5, None, -0.0], "Float64"),
            "Int64 full": pd.array([1, 2, 3], "Int64"),
            "period D": pd.array(["2024-01-01", None, "2024-01-03"], "period[D]"),
            "period Q": pd.period_range("2024Q1", periods=3, freq="Q-MAR").array,
            "interval": pd.arrays.IntervalArray.from_tuples([(0, 1), None, (2, 3)], closed="both"),
            "interval ints": pd.arrays.IntervalArray.from_breaks([0, 1, 2, 3]),
            "interval times": pd.arrays.IntervalArray.from_breaks(pd.date_range("2024-01-01", periods=4)),
            "sparse": pd.arrays.SparseArray([0, 0, 5]),
            "sparse nan": pd.arrays.SparseArray([np.nan, 1.5, np.nan]),
            "sparse fill": pd.arrays.SparseArray([7, 7, 1], fill_value=7, kind="block"),
            "sparse bool": pd.arrays.SparseArray([True, False, False]),
        }
    )
    for zone in (
        "UTC",
        "Europe/Berlin",
        dt.timezone.utc,
        dt.timezone(dt.timedelta(hours=5, minutes=30)),
        dt.timezone(dt.timedelta(hours=-3)),
    ):
        found[f"zone {zone!r}"] = pd.DatetimeIndex(["2024-01-01", None, "2024-07-01"]).tz_localize(zone).array
    if pd.__version__ >= "2":
        for unit in ("s", "ms", "us"):
            found[f"datetime {unit}"] = pd.array(np.array(["2024-01-01", "NaT", "0500-01-01"], f"M8[{unit}]"))
            found[f"timedelta {unit}"] = pd.array(np.array([1, "NaT", -5], f"m8[{unit}]"))
            found[f"zone {unit}"] = pd.DatetimeIndex(
                np.array(["2024-01-01", "NaT", "2024-10-27T01:30"], f"M8[{unit}]"), tz="Europe/Berlin"
            ).array
    try:
        import pyarrow as pa
    except ImportError:
        return found
    found["string pyarrow"] = pd.array(["a", pd.NA, ""], "string[pyarrow]")
    for kind, items in {
        pa.int64(): [1, None, 3],
        pa.float32(): [1.5, None, 2],
        pa.string(): ["a", None, ""],
        pa.large_string(): ["a", None, ""],
        pa.bool_(): [True, None, False],
        pa.timestamp("us"): [dt.datetime(2024, 1, 1), None, dt.datetime(1, 1, 1)],
        pa.timestamp("ns", "Europe/Berlin"): [dt.datetime(2024, 1, 1), None, None],
        pa.date32(): [dt.date(2024, 1, 1), None, None],
        pa.time64("us"): [dt.time(1), None, None],
        pa.duration("ms"): [dt.timedelta(1), None, None],
        pa.decimal128(10, 2): [decimal.Decimal("1.50"), None, None],
        pa.binary(): [b"x", None, b""],
        pa.list_(pa.int8()): [[1], None, []],
        pa.struct([("a", pa.int8())]): [{"a": 1}, None, {"a": None}],
        pa.dictionary(pa.int8(), pa.string()): ["a", None, "a"],
        pa.map_(pa.string(), pa.int8()): [[("a", 1)], None, []],
        pa.null(): [None, None, None],
    }.items():
        found[f"arrow {kind}"] = pd.arrays.ArrowExtensionArray(pa.array(items, kind))
    return found


def values() -> dict[str, Any]:
    found: dict[str, Any] = {}
    columns = _columns()
    for name, array in columns.items():
        series = pd.Series(array, dtype=array.dtype, name=name)
        found[f"series {name}"] = series
        found[f"array {name}"] = series.array
        found[f"series empty {name}"] = series[:0]
        found[f"series labelled {name}"] = pd.Series(
            array, dtype=array.dtype, index=["x", "y", "x"], name=("a", 1)
        )
        found[f"series strided {name}"] = pd.Series(array, dtype=array.dtype, copy=True)[::2]
        found[f"frame {name}"] = pd.DataFrame({"x": series, 1: series})
        found[f"large series {name}"] = pd.concat([series] * 3000, ignore_index=True)
        try:
            index = pd.Index(array, dtype=array.dtype, name=name)
            hash(tuple(index))
            found[f"index {name}"] = index
            found[f"frame by {name}"] = pd.DataFrame({"v": [1, 2, 3]}, index=index)
            found[f"frame columns {name}"] = pd.DataFrame([[1, 2, 3]], columns=index)
            found[f"multi {name}"] = pd.MultiIndex.from_arrays([index, ["a", "b", "a"]], names=["n", None])
            found[f"frame multi {name}"] = pd.DataFrame({"v": [1, 2, 3]}, index=found[f"multi {name}"])
        except (TypeError, ValueError, NotImplementedError):
            pass
    everything = pd.DataFrame({name: pd.Series(array, dtype=array.dtype) for name, array in columns.items()})
    mixed = pd.DataFrame(
        {
            "i": [1, 2, 3],
            "f": [0.5, np.nan, 1],
            "s": ["a", "b", None],
            "t": pd.date_range("2024-01-01", periods=3),
        }
    )
    labelled = mixed.set_index("t")
    attributed = mixed.copy()
    attributed.attrs = {"source": "test", "n": [1, (2,)], 5: np.arange(2)}
    attributed_series = mixed["i"].copy()
    attributed_series.attrs["unit"] = "m"
    lines = pd.date_range("2024-01-01", periods=5, freq="B", tz="Europe/Berlin")
    multi = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"])
    found.update(
        {
            "everything": everything,
            "everything transposed": everything.T,
            "mixed": mixed,
            "labelled": labelled,
            "transposed": mixed.T,
            "block": pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=list("abc")),
            "block fortran": pd.DataFrame(np.asfortranarray(np.arange(12).reshape(4, 3))),
            "strided rows": pd.DataFrame(np.arange(12.0).reshape(4, 3))[::2],
            "reversed": mixed[::-1],
            "filtered": mixed[mixed["i"] > 1],
            "frame empty": pd.DataFrame(),
            "frame no rows": mixed[:0],
            "frame no columns": pd.DataFrame(index=[1, 2, 3]),
            "frame no columns range": pd.DataFrame(index=range(5)),
            "frame columns only": pd.DataFrame(columns=["a", "b"]),
            "duplicate columns": pd.DataFrame([[1, "x"], [2, "y"]], columns=["a", "a"]),
            "integer columns": pd.DataFrame(np.eye(2)),
            "none column": pd.DataFrame({None: [1]}),
            "mixed labels": pd.DataFrame([[1, 2, 3]], columns=["a", 1, (1, 2)]),
            "named columns": mixed.rename_axis(columns="things"),
            "multi columns": pd.DataFrame(np.eye(4), columns=multi),
            "multi both": pd.DataFrame(np.eye(4), index=multi, columns=multi),
            "multi sliced": pd.DataFrame(np.eye(4), index=multi).loc[["a"]],
            "multi unsorted": pd.DataFrame({"v": range(4)}, index=multi[[3, 0, 2, 1]]),
            "multi empty": multi[:0],
            "multi one level": pd.MultiIndex.from_arrays([[1, 2]]),
            "multi missing": pd.MultiIndex.from_arrays([["a", None], [1, 2]]),
            "multi of times": pd.MultiIndex.from_arrays(
                [pd.date_range("2024-01-01", periods=2, tz="UTC"), pd.interval_range(0, 2)]
            ),
            "multi duplicates": pd.MultiIndex.from_tuples([("a", 1), ("a", 1)]),
            "time columns": pd.DataFrame(
                np.eye(3), columns=pd.date_range("2024-01-01", periods=3, freq="MS")
            ),
            "category columns": pd.DataFrame(np.eye(2), columns=pd.CategoricalIndex(["a", "b"])),
            "attrs": attributed,
            "series attrs": attributed_series,
            "no duplicates allowed": mixed.set_flags(allows_duplicate_labels=False),
            "series no duplicates": mixed["i"].set_flags(allows_duplicate_labels=False),
            "range index": pd.RangeIndex(5),
            "range index steps": pd.RangeIndex(10, 0, -3, name="r"),
            "range index empty": pd.RangeIndex(0),
            "range labelled": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(5, 9, 2, name="r")),
            "named range": pd.DataFrame({"a": [1, 2]}, index=pd.RangeIndex(2, name="r")),
            "freq D": pd.date_range("2024-01-01", periods=3),
            "freq B zone": lines,
            "freq 15min": pd.date_range("2024-01-01", periods=3, freq="15min"),
            "freq MS": pd.date_range("2024-01-01", periods=3, freq="MS"),
            "freq W-WED": pd.date_range("2024-01-01", periods=3, freq="W-WED"),
            "freq QS-FEB": pd.date_range("2024-01-01", periods=3, freq="QS-FEB"),
            "freq 2D": pd.date_range("2024-01-01", periods=3, freq="2D"),
            "freq offset": pd.date_range("2024-01-01", periods=3, freq=pd.DateOffset(months=1, days=2)),
            "freq negative": pd.date_range("2024-01-01", periods=3, freq="-1D"),
            "freq timedelta": pd.timedelta_range("1h", periods=3, freq="90s"),
            "freq frame": pd.DataFrame({"v": range(5)}, index=lines),
            "freq lost": lines[[0, 2, 3]],
            "across dst": pd.date_range("2024-10-27", periods=6, freq="h", tz="Europe/Berlin"),
            "periods": pd.period_range("2024-01", periods=3, freq="M", name="p"),
            "intervals": pd.interval_range(0, 3, closed="left", name="i"),
            "interval times": pd.interval_range(pd.Timestamp("2024-01-01", tz="UTC"), periods=2),
            "category index": pd.CategoricalIndex(["a", "b", "a"], ordered=True, name="c"),
            "NaT": pd.NaT,
            "NA": pd.NA,
            "in list": [pd.NaT, pd.NA, {"k": pd.NA}, mixed, (mixed["s"],), np.nan],
            "timestamp": pd.Timestamp("2024-01-01 12:00:00.123456789"),
            "timestamp zone": pd.Timestamp("2024-01-01", tz="Europe/Berlin"),
            "timestamp utc": pd.Timestamp("2024-01-01", tz="UTC"),
            "timestamp fixed": pd.Timestamp("2024-01-01T00:00:00+05:30"),
            "timestamp fold": pd.Timestamp("2024-10-27 02:30").tz_localize("Europe/Berlin", ambiguous=False),
            "timestamp old": pd.Timestamp("1700-01-01"),
            "timedelta": pd.Timedelta("1 days 02:03:04.000000005"),
            "timedelta negative": pd.Timedelta(-1),
            "period": pd.Period("2024-03", "M"),
            "period hour": pd.Period("2024-03-01 05:00", "3h"),
            "period week": pd.Period("2024-03-01", "W-TUE"),
            "interval scalar": pd.Interval(0, 1.5, closed="neither"),
            "interval of times": pd.Interval(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02")),
            "keys": {
                pd.Timestamp("2024-01-01"): 1,
                pd.Timedelta(5): 2,
                pd.Period("2024", "Y"): 3,
                pd.Interval(0, 1): 4,
                pd.NaT: 5,
                pd.NA: 6,
            },
            "set": {pd.Timestamp("2024-01-01"), pd.NaT},
            "frame in frame": pd.DataFrame({"o": _objects([mixed, mixed["i"], None])}),
            "series of series": pd.Series(_objects([pd.Series([1]), pd.Index([2])])),
            "large": pd.DataFrame(
                {
                    "i": np.arange(100_000),
                    "f": np.arange(100_000) / 3,
                    "s": [f"text {i % 1000}" for i in range(100_000)],
                    "c": pd.Categorical(["a", "b"] * 50_000),
                }
            ),
            "large wide": pd.DataFrame(np.arange(200_000.0).reshape(200, 1000)),
            "large index": pd.Index(np.arange(100_000) * 2),
            "large strings": pd.Series(["x" * 1000] * 1000),
            "series named by time": pd.Series([1], name=pd.Timestamp("2024-01-01")),
            "grouped": mixed.groupby("i").count(),
            "described": mixed.describe(),
            "pivot": pd.DataFrame({"a": [1, 1, 2], "b": ["x", "y", "x"], "v": [1.0, 2, 3]}).pivot(
                index="a", columns="b", values="v"
            ),
        }
    )
    if pd.__version__ >= "2":
        found["timestamp s"] = pd.Timestamp("0500-01-01").as_unit("s")
        found["timedelta s"] = pd.Timedelta(5, "s").as_unit("s")
    return found


def _objects(items: list[Any]) -> Any:
    made = np.empty(len(items), object)
    for place, item in enumerate(items):
        made[place] = item
    return made
