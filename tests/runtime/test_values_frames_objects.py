"""pandas' scalars, Categorical and bare extension arrays, both ways."""

from __future__ import annotations

import datetime as dt

import pytest
from frame_cases import assert_same, there_and_back

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")

NEW = pd.__version__ >= "2"
NIGHT = "2020-10-25 00:30", "2020-10-25 01:30"
"""In UTC; on the clocks of Berlin both are 02:30."""


def stamp(value, unit):
    return pd.Timestamp(np.datetime64(value, unit))


STAMPS = {
    "a day": lambda: pd.Timestamp("2020-01-01"),
    "nanoseconds": lambda: pd.Timestamp("2020-01-01 02:03:04.123456789"),
    "before 1970": lambda: pd.Timestamp("1900-01-01 00:00:00.000000001"),
    "the first": lambda: pd.Timestamp.min,
    "the last": lambda: pd.Timestamp.max,
    **{unit: lambda unit=unit: stamp(1_600_000_000, unit) for unit in ("s", "ms", "us", "ns")},
    "the year 9999 in seconds": lambda: stamp(253402300799 if NEW else 0, "s"),
    "UTC": lambda: pd.Timestamp("2020-01-01", tz="UTC"),
    "Etc/UTC": lambda: pd.Timestamp("2020-01-01", tz="Etc/UTC"),
    "a zone": lambda: pd.Timestamp("2020-07-01 12:00:00.000000007", tz="America/New_York"),
    "before the clocks go back": lambda: pd.Timestamp(NIGHT[0], tz="UTC").tz_convert("Europe/Berlin"),
    "after the clocks go back": lambda: pd.Timestamp(NIGHT[1], tz="UTC").tz_convert("Europe/Berlin"),
    "a fixed offset": lambda: pd.Timestamp("2020-01-01 00:00-05:30"),
    "an offset of seconds": lambda: pd.Timestamp("2020-01-01", tz=dt.timezone(dt.timedelta(seconds=3661))),
    "fold without a zone": lambda: pd.Timestamp("2020-10-25 02:30").replace(fold=1),
}


@pytest.mark.parametrize("name", STAMPS)
def test_timestamps(name):
    value = STAMPS[name]()
    found = there_and_back(value)
    assert type(found) is pd.Timestamp
    assert (found, found.tz, found.fold, str(found)) == (value, value.tz, value.fold, str(value))
    assert getattr(found, "unit", None) == getattr(value, "unit", None)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("count", [0, 1, -1, 123_456_789, -(10**9)])
def test_timedeltas(unit, count):
    value = pd.Timedelta(np.timedelta64(count, unit))
    found = there_and_back(value)
    assert type(found) is pd.Timedelta
    assert (found, repr(found.asm8.dtype)) == (value, repr(value.asm8.dtype))


@pytest.mark.parametrize("freq", ["D", "2D", "M", "Q-NOV", "W-SUN", "W-TUE", "s" if NEW else "S", "min" if NEW else "T", "ns" if NEW else "N"])  # fmt: skip
def test_periods(freq):
    for text in ("2020-02-29 13:14:15", "1969-12-31"):
        value = pd.Period(text, freq=freq)
        found = there_and_back(value)
        assert type(found) is pd.Period
        assert (found, found.freq, found.ordinal) == (value, value.freq, value.ordinal)


INTERVALS = {
    "integers": lambda: pd.Interval(1, 2, closed="both"),
    "floats": lambda: pd.Interval(-0.5, float("inf"), closed="left"),
    "stamps": lambda: pd.Interval(
        pd.Timestamp("2020", tz="UTC"), pd.Timestamp("2021", tz="UTC"), closed="neither"
    ),
    "timedeltas": lambda: pd.Interval(pd.Timedelta("1D"), pd.Timedelta("2D")),
}


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals(name):
    value = INTERVALS[name]()
    found = there_and_back(value)
    assert type(found) is pd.Interval
    assert (found, repr(found)) == (value, repr(value))


def test_what_is_missing_is_the_same_object():
    assert there_and_back(pd.NaT) is pd.NaT
    assert there_and_back([pd.NA, {"a": pd.NaT}])[0] is pd.NA


def frequency(freq="D", **more):
    return pd.date_range("2020-03-28", periods=4, freq=freq, **more)


ARRAYS = {
    "integers": lambda: pd.array([1, None, 3], dtype="Int8"),
    "floats": lambda: pd.array([1.5, None], dtype="Float32"),
    "no floats": lambda: pd.array([], dtype="Float64"),
    "NaN beside NA": lambda: pd.arrays.FloatingArray(np.array([np.nan, 1.0]), np.array([False, True])),
    "booleans": lambda: pd.array([True, None, False], dtype="boolean"),
    "strings": lambda: pd.array(["a", None, "ü"], dtype="string[python]"),
    "strings by default": lambda: pd.array(["a", None, "ü"], dtype="string"),
    "usual strings": lambda: pd.Series(["a", None]).array,
    "times": lambda: pd.array(np.array([0, 1], "M8[ns]")),
    "times with a frequency": lambda: frequency().array,
    "times in a zone": lambda: frequency(tz="Europe/Berlin").array,
    "times in a fixed offset": lambda: pd.DatetimeIndex(["2020-01-01 00:00+02:00", None]).array,
    "timedeltas": lambda: pd.timedelta_range("1D", periods=3).array,
    "periods": lambda: pd.array([pd.Period("2020-01", "M"), pd.NaT]),
    "intervals": lambda: pd.interval_range(0, 3, closed="both").array,
    "intervals with missing": lambda: pd.arrays.IntervalArray.from_tuples([(0.5, 1.0), None]),
    "intervals of times": lambda: pd.arrays.IntervalArray.from_breaks(frequency(tz="UTC")),
    "no intervals": lambda: pd.arrays.IntervalArray.from_tuples([], dtype="interval[int64, right]"),
    "sparse floats": lambda: pd.arrays.SparseArray([0.0, 1.5, 0, float("nan")]),
    "sparse integers in blocks": lambda: pd.arrays.SparseArray([0, 1, 0, 2, 3], fill_value=0, kind="block"),
    "sparse with another fill": lambda: pd.arrays.SparseArray([7, 1, 7], fill_value=7),
    "sparse without elements": lambda: pd.arrays.SparseArray([], dtype="Sparse[int64, 0]"),
    "an ndarray in disguise": lambda: pd.Series([1, 2], dtype="int16").array,
    "objects in disguise": lambda: pd.Series([1, "a", None], dtype=object).array,
    "categories": lambda: pd.Categorical(["b", None, "a"]),
    "categories in an order": lambda: pd.Categorical([2, 1], categories=[3, 2, 1], ordered=True),
    "categories that are times": lambda: pd.Categorical(frequency(tz="UTC")),
    "categories that are intervals": lambda: pd.cut([1, 5, 9], bins=[0, 3, 6, 10]),
    "no categories": lambda: pd.Categorical([None]),
    "many categories": lambda: pd.Categorical([f"c{i}" for i in range(300)]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_extension_arrays(round_trip, name):
    value = ARRAYS[name]()
    found = round_trip(value)
    assert_same(found, value)
    assert repr(found) == repr(value)
    assert getattr(found, "freq", None) == getattr(value, "freq", None)
    if name.startswith("sparse"):
        assert (found.kind, repr(found.fill_value)) == (value.kind, repr(value.fill_value))
        assert found.sp_index.equals(value.sp_index)
    elif len(found):
        found[0] = found[-1]


def test_arrays_and_types_that_are_not_pandas_own_stay_in_python():
    from envmgr_runtime.execution.refs import RefTable
    from envmgr_runtime.values.codec import Codec

    class Type(pd.api.extensions.ExtensionDtype):
        name = "mine"
        type = int

        @classmethod
        def construct_array_type(cls):
            return Mine

    class Mine(pd.api.extensions.ExtensionArray):
        dtype = Type()

        def __len__(self):
            return 2

        def copy(self):
            return self

        def __getitem__(self, item):
            return self if isinstance(item, slice) else 7

        def isna(self):
            return np.zeros(2, bool)

    refs = RefTable()
    codec = Codec(refs)
    array = Mine()
    found = codec.decode(codec.encode(pd.DataFrame({"a": array, "b": [1, 2]})))
    assert found["a"].array is array
    assert found["b"].tolist() == [1, 2]
    assert len(refs) == 1
    assert codec.decode(codec.encode(array)) is array
