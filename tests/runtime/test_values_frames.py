"""pandas DataFrame, Series, Index and MultiIndex, both ways."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest
from frame_cases import assert_same, assert_writable

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")

INFINITE = float("inf")
WORDS = ["a", "", "ünï", "a longer one", "b"]
DAYS = ["2020-01-01", "1969-12-31 23:59:59", "2262-01-01", "2020-10-25 00:30", "2020-10-25 01:30"]
TICKS = [0, 1, -1, 86_400, 10**9]

COLUMNS = {
    "bool": [True, False, True, True, False],
    **{f"{sign}int{bits}": [0, 1, 2, 127, 100] for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "uint64": [0, 2**64 - 1, 1, 2, 3],
    "int64": [-(2**63), 2**63 - 1, 0, 1, -1],
    **{f"float{bits}": [0.0, -0.0, 1.5, INFINITE, -INFINITE] for bits in (16, 32, 64)},
    "longdouble": [0.1, 1, 2, 3, 4],
    "complex64": [1j, 2, 3, 4, -5j],
    "complex128": [1j, 2, 3, 4, -5j],
    ">i4": [1, 2, 3, 4, 5],
    "object": [1, "a", None, 2.5, [1, {"b": (3,)}]],
    **{f"datetime64[{unit}]": DAYS for unit in ("ns", "us", "ms", "s")},
    **{f"timedelta64[{unit}]": TICKS for unit in ("ns", "us", "ms", "s")},
    **{f"datetime64[ns, {zone}]": DAYS for zone in ("UTC", "Europe/Berlin", "America/New_York", "Etc/UTC")},
    "datetime64[s, Europe/Berlin]": DAYS,
    **{f"{sign}Int{bits}": [0, 1, 2, 127, 100] for sign in ("", "U") for bits in (8, 16, 32, 64)},
    "Float32": [0.0, 1.5, INFINITE, 2, 3],
    "Float64": [0.0, 1.5, INFINITE, 2, 3],
    "boolean": [True, False, True, True, False],
    "string[python]": WORDS,
    "string[pyarrow]": WORDS,
    "str": WORDS,
    "category": ["x", "y", "x", "", "y"],
    "period[D]": DAYS,
    "period[M]": DAYS,
    "period[Q-NOV]": DAYS,
    "Sparse[float64, nan]": [0.0, 1.5, 2, 3, 0],
    "Sparse[int64, 0]": [0, 1, 0, 0, 5],
    "Sparse[bool, False]": [True, False, True, False, False],
}
MISSING = (
    "float",
    "complex",
    "datetime",
    "timedelta",
    "Int",
    "UInt",
    "Float",
    "boolean",
    "str",
    "category",
    "period",
    "object",
)
"""Dtypes that have a way to say it."""


def column(dtype, values):
    if dtype.startswith("datetime64[") and "," in dtype:
        unit, zone = dtype[len("datetime64[") : -1].split(", ")
        try:
            naive = pd.Series(pd.to_datetime(values)).astype(f"datetime64[{unit}]")
            return naive.dt.tz_localize("UTC").dt.tz_convert(zone)
        except (TypeError, ValueError) as error:
            pytest.skip(str(error))
    if dtype.startswith("timedelta64["):
        return pd.Series(
            np.array(
                [np.timedelta64("NaT", "s") if x is None else x for x in values],
                dtype.replace("timedelta64", "m8"),
            )
        )
    if dtype.startswith("Sparse") and not values:
        return pd.Series(pd.arrays.SparseArray([], dtype=dtype))
    if dtype.startswith("period"):
        return pd.Series(pd.PeriodIndex(values, freq=dtype[len("period[") : -1]))
    try:
        return pd.Series(values, dtype=dtype)
    except ImportError as error:
        pytest.skip(str(error))


def fillings(dtype):
    values = COLUMNS[dtype]
    yield "full", values
    yield "empty", []
    if dtype.startswith(MISSING):
        yield "some missing", [values[0], None, *values[2:]]
        yield "all missing", [None] * 3


CASES = [
    pytest.param(dtype, values, id=f"{dtype}, {name}")
    for dtype in COLUMNS
    for name, values in fillings(dtype)
]


@pytest.mark.parametrize(("dtype", "values"), CASES)
def test_a_column_of_each_dtype(round_trip, dtype, values):
    value = pd.DataFrame({"a": column(dtype, values), "b": range(len(values))})
    found = round_trip(value)
    assert_same(found, value)
    assert_writable(found)


@pytest.mark.parametrize(("dtype", "values"), CASES)
def test_a_series_and_an_index_of_each_dtype(round_trip, dtype, values):
    series = column(dtype, values).rename("name")
    assert_same(round_trip(series), series)
    try:
        index = pd.Index(series, name=("a", 1))
    except (NotImplementedError, TypeError) as error:
        pytest.skip(str(error))
    assert_same(round_trip(index), index)
    assert_same(
        round_trip(pd.DataFrame({"x": range(len(index))}, index=index)),
        pd.DataFrame({"x": range(len(index))}, index=index),
    )


def days(**more):
    return pd.date_range("2020-03-28", periods=4, **{"freq": "D", **more})


def interval_index(closed="left"):
    return pd.interval_range(0, 3, closed=closed)


INDEXES = {
    "range": lambda: pd.RangeIndex(3),
    "range with a name": lambda: pd.RangeIndex(3, name="n"),
    "range with steps": lambda: pd.RangeIndex(10, -10, -3),
    "empty": lambda: pd.Index([]),
    "strings": lambda: pd.Index(["b", "a", "b"], name="k"),
    "objects": lambda: pd.Index([1, "a", None, (1, 2)], dtype=object),
    "objects that are dates": lambda: pd.Index([pd.Timestamp("2020"), pd.Timestamp("2021")], dtype=object),
    "floats": lambda: pd.Index([1.5, float("nan")]),
    "unsigned": lambda: pd.Index(np.array([1, 2], "uint64")),
    "booleans": lambda: pd.Index([True, False]),
    "days": days,
    "days in a zone": lambda: days(tz="Europe/Berlin"),
    "hours in a fixed offset": lambda: pd.DatetimeIndex(["2020-01-01 00:00+02:00", "2020-01-02 00:00+02:00"]),
    "an offset of seconds": lambda: (
        days(tz=dt.timezone(dt.timedelta(seconds=-3661))) if pd.__version__ >= "2" else days()
    ),
    "weeks": lambda: days(freq="W-SUN"),
    "business days": lambda: days(freq="B"),
    "month ends": lambda: pd.date_range("2020", periods=3, freq=pd.offsets.MonthEnd()),
    "backwards": lambda: days()[::-1],
    "every other day": lambda: days()[::2],
    "no frequency": lambda: pd.DatetimeIndex(["2020-01-01", None, "2020-01-05"], name="t"),
    "timedeltas": lambda: pd.timedelta_range("1D", periods=3, freq="6h" if pd.__version__ >= "2" else "6H"),
    "timedeltas, no frequency": lambda: pd.TimedeltaIndex(["1D", None, "5D"]),
    "periods": lambda: pd.period_range("2020", periods=3, freq="M", name="p"),
    "periods with missing": lambda: pd.PeriodIndex(["2020-01-01", None], freq="D"),
    "intervals": interval_index,
    "intervals, both closed": lambda: interval_index("both"),
    "intervals of floats with missing": lambda: pd.IntervalIndex.from_tuples([(0.5, 1.5), None]),
    "intervals of times": lambda: pd.IntervalIndex.from_breaks(days(tz="UTC")),
    "categories": lambda: pd.CategoricalIndex(
        ["a", "b", None, "a"], ordered=True, categories=["b", "a", "c"]
    ),
    "categories of numbers": lambda: pd.CategoricalIndex([1, 2, 1]),
    "two levels": lambda: pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", None]),
    "three levels": lambda: pd.MultiIndex.from_arrays([[1, None, 1], days()[:3], ["c", "c", None]]),
    "levels with more labels than used": lambda: pd.MultiIndex.from_product([["a", "b"], days(tz="UTC")])[:2],
    "levels of categories": lambda: pd.MultiIndex.from_arrays(
        [pd.Categorical(["u", "v"]), interval_index()[:2]]
    ),
    "empty levels": lambda: pd.MultiIndex.from_arrays([[], []], names=["a", "a"]),
}


@pytest.mark.parametrize("name", INDEXES)
def test_an_index_of_each_kind_alone_and_on_both_axes(round_trip, name):
    index = INDEXES[name]()
    assert_same(round_trip(index), index)
    series = pd.Series(range(len(index)), index=index, dtype="int16")
    assert_same(round_trip(series), series)
    rows = series.to_frame()
    assert_same(round_trip(rows), rows)
    columns = pd.DataFrame([range(len(index))] * 2, columns=index, dtype="float32")
    assert_same(round_trip(columns), columns)


def with_attributes(value, **attributes):
    value.attrs = attributes
    return value


FRAMES = {
    "nothing": lambda: pd.DataFrame(),
    "no columns": lambda: pd.DataFrame(index=["a", "b"]),
    "no columns, range": lambda: pd.DataFrame(index=range(5)),
    "no rows": lambda: pd.DataFrame({"a": [1], "b": ["x"], "c": [None]})[:0],
    "labels twice": lambda: pd.DataFrame([[1, "x", 2.5]] * 2, columns=["a", "a", "b"]),
    "labels of any kind": lambda: pd.DataFrame([[1, 2, 3, 4, 5]], columns=[1, "1", None, (1, 2), 2.5]),
    "numbered": lambda: pd.DataFrame([[1, "a"], [2, "b"]]),
    "named labels": lambda: pd.DataFrame([[1, "a"]], columns=pd.Index(["x", "y"], name="k")),
    "labels with surrogates": lambda: pd.DataFrame([["x\ud800"]], columns=pd.Index(["\udcff"], dtype=object), dtype=object),
    "attributes": lambda: with_attributes(pd.DataFrame({"a": [1]}), source="here", version=(1, 2)),
    "no label twice": lambda: pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False),
    "a two-dimensional block": lambda: pd.DataFrame(np.arange(12.0).reshape(3, 4), columns=list("abcd")),
    "a slice": lambda: pd.DataFrame(np.arange(12).reshape(6, 2), columns=list("ab"))[::2],
    "columns of pieces": lambda: pd.concat([pd.DataFrame({"s": ["a", None], "i": [1, 2]})] * 3, ignore_index=True),
    "bytes": lambda: pd.DataFrame({"b": [b"a", b"\xff", None]}, dtype=object),
    "decimals": lambda: pd.DataFrame({"d": [decimal.Decimal("1.10"), None]}),
    "strings with both kinds of missing": lambda: pd.DataFrame({"s": ["a", None, float("nan")]}, dtype=object),
    "objects that are times": lambda: pd.DataFrame({"t": pd.Series([dt.datetime(2020, 1, 1)], dtype=object)}),
    "frames in a frame": lambda: pd.DataFrame({"f": [pd.Timedelta(1), pd.NaT, pd.NA]}, dtype=object),
    "lists of one length": lambda: pd.DataFrame({"x": [[1, 2], [3, 4]]}),
    "categories that are times": lambda: pd.DataFrame({"c": pd.Categorical(days()[[1, 0, 1]])}),
    "categories in an order": lambda: pd.DataFrame({"c": pd.Categorical(["b", None], categories=["b", "a"], ordered=True)}),
    "categories with a name": lambda: pd.DataFrame({"c": pd.Categorical(["b"], categories=pd.Index(["b"], name="n"))}),
    "categories of objects": lambda: pd.DataFrame({"c": pd.Categorical([1, "b"], categories=[1, "b", 2.5])}),
    "no categories": lambda: pd.DataFrame({"c": pd.Categorical([None, None])}),
    "NaN and NA": lambda: pd.DataFrame({"f": pd.arrays.FloatingArray(np.array([np.nan, 1.0]), np.array([False, True]))}),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_of_each_shape(round_trip, name):
    value = FRAMES[name]()
    assert_same(round_trip(value), value)


def test_series_keep_attributes_and_flags(round_trip):
    value = with_attributes(pd.Series([1, 2], name=("a", None)), unit="m").set_flags(
        allows_duplicate_labels=False
    )
    assert_same(round_trip(value), value)


def test_a_frame_inside_other_values(round_trip):
    frame = pd.DataFrame({"a": [1, 2]}, index=days()[:2])
    found = round_trip({"frames": [(frame,)], "n": 1})
    assert_same(found["frames"][0][0], frame)


def test_a_large_frame(round_trip):
    n = 50_000
    value = pd.DataFrame(
        {"i": np.arange(n), "f": np.linspace(0, 1, n), "s": [f"row {i}" for i in range(n)], "c": pd.Categorical(["a", "b"] * (n // 2))},
        index=pd.date_range("2020", periods=n, freq="s" if pd.__version__ >= "2" else "S", tz="UTC"),
    )  # fmt: skip
    found = round_trip(value)
    assert_same(found, value)
    assert_writable(found)


def test_what_cannot_be_sent_inside_a_frame_goes_as_a_ref():
    from envmgr_runtime.execution.refs import RefTable
    from envmgr_runtime.values.codec import Codec

    kept = object()
    refs = RefTable()
    codec = Codec(refs)
    found = codec.decode(codec.encode(pd.DataFrame({"o": [1, kept], "n": [1, 2]})))
    assert found["o"][1] is kept
    assert found["n"].tolist() == [1, 2]
    assert len(refs) == 1


def test_a_frequency_without_a_name_goes_as_a_ref():
    from envmgr_runtime.execution.refs import RefTable
    from envmgr_runtime.values.codec import Codec

    index = pd.date_range("2020-01-31", periods=3, freq=pd.DateOffset(months=1))
    refs = RefTable()
    codec = Codec(refs)
    assert_same(codec.decode(codec.encode(index)), index)
    assert len(refs) == 1


def test_subclasses_stay_in_python():
    from envmgr_runtime.execution.refs import RefTable
    from envmgr_runtime.values.codec import Codec

    class Mine(pd.DataFrame):
        pass

    value = Mine({"a": [1]})
    codec = Codec(RefTable())
    assert codec.decode(codec.encode(value)) is value
