"""Frames and objects that are not as docs/types.md says: each is a ConversionError that says what is wrong."""

from __future__ import annotations

import random
import sys

import pytest

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import arrow, codes
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError, StaleRef
from envmgr_runtime.wire.packing import ExtType, packb

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")


def sent(code, value):
    """Decoded by a codec of its own, after another has encoded the parts."""
    data = ExtType(code, Codec(RefTable()).encode(value))
    return Codec(RefTable()).decode(packb(data))


def frame(columns, index=None, body=None, kind="pandas.DataFrame", **meta):
    return [kind, {"rows": 2, **meta}, columns, index, body]


ONES = np.ones(2)
FRAMES = {
    "no array": 7,
    "too short": ["pandas.DataFrame", {}, []],
    "a kind that is no word": [7, {}, [], None, None],
    "an unknown kind": ["pandas.Panel", {"rows": 0}, [], None, None],
    "another library": ["os.system", {"rows": 0}, [], None, None],
    "meta is no map": ["pandas.DataFrame", [], [], None, None],
    "rows are no number": frame([], rows="2"),
    "negative rows": frame([["a", "float64", ONES]], rows=-1),
    "columns are no list": frame({"a": ONES}),
    "a column too short": frame([["a", ONES]]),
    "a column without data": frame([["a", "float64", None]]),
    "another length": frame([["a", "float64", np.ones(3)]]),
    "lengths that differ": frame([["a", "float64", ONES], ["b", "float64", np.ones(1)]]),
    "two dimensions": frame([["a", "float64", np.ones((2, 1))]]),
    "another dtype": frame([["a", "int64", ONES]]),
    "a dtype that is none": frame([["a", "float65", ONES]]),
    "a dtype that is no word": frame([["a", 64, ONES]]),
    "a zone that is none": frame([["a", "datetime64[ns, Middle/Earth]", np.zeros(2, "M8[ns]")]]),
    "a list that is no integers": frame([["a", "int64", ["x", None]]]),
    "a list that is no dates": frame([["a", "datetime64[ns]", ["x", None]]]),
    "a list of categories": frame([["a", "period[nonsense]", ["2020", "2021"]]]),
    "a field without a body": frame([["a", "float64", 0]]),
    "a body that is no bytes": frame([["a", "float64", 0]], body="text"),
    "a body that is no stream": frame([["a", "float64", 0]], body=b"ARROW1"),
    "an empty body": frame([["a", "float64", 0]], body=b""),
    "a label that cannot be hashed": frame([[["a"], "float64", ONES]]),
    "labels that are no index": frame([["a", "float64", ONES]], labels=["a"]),
    "labels of another number": frame([["a", "float64", ONES]], labels=pd.Index(["a", "b"])),
    "labels twice where they are not to be": frame([["a", "float64", ONES]] * 2, unique=True),
    "an index that is none": frame([["a", "float64", ONES]], index=[0, 1]),
    "an index of another length": frame([["a", "float64", ONES]], index=pd.Index([1, 2, 3])),
    "attributes that are no dict": frame([["a", "float64", ONES]], attrs=[1]),
    "a series of two columns": frame([["a", "float64", ONES]] * 2, kind="pandas.Series"),
    "a series of none": frame([], kind="pandas.Series"),
    "an index of none": frame([], kind="pandas.Index"),
    "a frequency that is none": frame([["a", "datetime64[ns]", np.array([0, 1], "M8[ns]")]], kind="pandas.Index", freq="D"),
    "a frequency that is no word": frame([["a", "datetime64[ns]", np.array([0, 1], "M8[D]")]], kind="pandas.Index", freq=7),
    "a frequency of numbers": frame([["a", "float64", ONES]], kind="pandas.Index", freq="D"),
    "levels that are none": frame([["a", "float64", ONES]], kind="pandas.MultiIndex"),
    "no levels": frame([], kind="pandas.MultiIndex"),
    "levels of another length": frame([["a", "category", pd.Categorical(["a"])]], kind="pandas.MultiIndex"),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name):
    with pytest.raises(ConversionError) as caught:
        sent(codes.FRAME, FRAMES[name])
    assert str(caught.value)


INDEX = pd.Index(["a", "b"])
OBJECTS = {
    "no array": 7,
    "an unknown type": ["pandas.read_pickle", {}],
    "no parts": ["pandas.Timestamp", {}],
    "parts that are no map": ["pandas.Timestamp", [0, "ns"]],
    "a stamp that is no number": ["pandas.Timestamp", {"value": "0", "unit": "ns", "zone": None, "fold": 0}],
    "a stamp of no unit": ["pandas.Timestamp", {"value": 0, "unit": "D", "zone": None, "fold": 0}],
    "a stamp beyond 64 bits": ["pandas.Timestamp", {"value": 2**63, "unit": "ns", "zone": None, "fold": 0}],
    "a stamp that is NaT": ["pandas.Timestamp", {"value": -(2**63), "unit": "ns", "zone": None, "fold": 0}],
    "a zone that is none": ["pandas.Timestamp", {"value": 0, "unit": "ns", "zone": "Middle/Earth", "fold": 0}],
    "an offset beyond a day": ["pandas.Timestamp", {"value": 0, "unit": "ns", "zone": 10**12, "fold": 0}],
    "a zone of floats": ["pandas.Timestamp", {"value": 0, "unit": "ns", "zone": 1.5, "fold": 0}],
    "a fold that is none": ["pandas.Timestamp", {"value": 0, "unit": "ns", "zone": None, "fold": 7}],
    "a timedelta of floats": ["pandas.Timedelta", {"value": 0.5, "unit": "ns"}],
    "a period of nothing": ["pandas.Period", {"ordinal": 1, "freq": "fortnight"}],
    "a period without a number": ["pandas.Period", {"ordinal": None, "freq": "D"}],
    "an interval backwards": ["pandas.Interval", {"left": 2, "right": 1, "closed": "left"}],
    "an interval of words": ["pandas.Interval", {"left": "a", "right": [], "closed": "left"}],
    "an interval closed otherwise": ["pandas.Interval", {"left": 1, "right": 2, "closed": "half"}],
    "codes out of bounds": ["pandas.Categorical", {"codes": np.array([2]), "categories": INDEX, "ordered": False}],
    "codes that are floats": ["pandas.Categorical", {"codes": ONES, "categories": INDEX, "ordered": False}],
    "categories that are none": ["pandas.Categorical", {"codes": np.array([0]), "categories": ["a"], "ordered": False}],
    "categories twice": ["pandas.Categorical", {"codes": np.array([0]), "categories": INDEX[[0, 0]], "ordered": False}],
    "an order of words": ["pandas.Categorical", {"codes": np.array([0]), "categories": INDEX, "ordered": "yes"}],
    "a level out of bounds": ["pandas.level", {"codes": np.array([-2]), "categories": INDEX}],
    "an array of no dtype": ["pandas.array", {"values": ONES}],
    "an array of an unknown dtype": ["pandas.array", {"dtype": "int65", "values": ONES}],
    "a mask of another length": ["pandas.array", {"dtype": "Float64", "values": ONES, "mask": np.zeros(3, bool)}],
    "a mask of numbers": ["pandas.array", {"dtype": "Float64", "values": ONES, "mask": ONES}],
    "values of another dtype": ["pandas.array", {"dtype": "Int64", "values": ONES, "mask": np.zeros(2, bool)}],
    "strings that are no list": ["pandas.array", {"dtype": "string[python]", "values": "abc"}],
    "ipc that is none": ["pandas.array", {"dtype": "ArrowDtype(int64)", "ipc": b"?"}],
    "times of floats": ["pandas.array", {"dtype": "datetime64[ns]", "values": ONES, "freq": None}],
    "periods of floats": ["pandas.array", {"dtype": "period[D]", "values": ONES}],
    "intervals backwards": ["pandas.array", {"dtype": "interval[int64, right]", "left": pd.Index([2]), "right": pd.Index([1]), "closed": "right"}],
    "intervals of nothing": ["pandas.array", {"dtype": "interval", "left": None, "right": None, "closed": "right"}],
    "sparse beyond its length": ["pandas.array", {"dtype": "Sparse[float64, 0]", "values": ONES, "indices": np.array([0, 9], "int32"), "length": 2, "fill": 0.0, "kind": "integer"}],
    "sparse without values": ["pandas.array", {"dtype": "Sparse[float64, 0]", "values": ONES[:1], "indices": np.array([0, 1], "int32"), "length": 2, "fill": 0.0, "kind": "integer"}],
}  # fmt: skip


@pytest.mark.parametrize("name", OBJECTS)
def test_objects(name):
    with pytest.raises(ConversionError) as caught:
        sent(codes.OBJECT, OBJECTS[name])
    assert str(caught.value)


def test_a_body_where_there_is_no_pyarrow_says_what_to_add(monkeypatch):
    monkeypatch.setattr(arrow, "pyarrow", lambda: None)
    for name in ("pyarrow", "pyarrow.ipc"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConversionError, match=r'needs pyarrow.*add `with = \["pyarrow"\]`'):
        sent(codes.FRAME, frame([["a", "float64", 0]], body=b"ARROW1"))


def test_a_library_that_is_not_there_is_named(monkeypatch):
    for name in ("polars", "pandas"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConversionError, match="needs polars"):
        sent(codes.FRAME, ["polars.DataFrame", {}, [], None, None])
    with pytest.raises(ConversionError, match="needs pandas"):
        sent(codes.OBJECT, ["pandas.Timedelta", {"value": 0, "unit": "ns"}])


def good():
    n = 20
    table = pd.DataFrame(
        {
            "i": range(n),
            "s": [f"x{i}" for i in range(n)],
            "b": [True, False] * 10,
            "t": pd.date_range("2020", periods=n, tz="Europe/Berlin"),
            "c": pd.Categorical(["u", "v"] * 10),
            "g": pd.array([1, None] * 10, dtype="Int64"),
            "o": [1, "x"] * 10,
        },
        index=pd.period_range("2020", periods=n, freq="M"),
    )
    return [
        table,
        table.set_index(["s", "i"])[["b"]],
        pd.MultiIndex.from_product([[1, 2], ["a", "b"]]),
        pd.interval_range(0, n).array,
        pd.arrays.SparseArray([0, 1] * 10),
        pd.Timestamp("2020", tz="Europe/Berlin"),
        pd.Period("2020", "M"),
    ]


@pytest.mark.filterwarnings("ignore")
def test_changed_bytes_are_refused_or_something_else():
    chance = random.Random(7)
    sent = [Codec(RefTable()).encode(value) for value in good()]
    refused = 0
    for _ in range(3000):
        data = bytearray(chance.choice(sent))
        for _ in range(chance.choice([1, 1, 3])):
            place = min(len(data) - 1, int(chance.expovariate(1 / 300)))
            if chance.random() < 0.7:
                data[place] = chance.randrange(256)
            else:
                del data[place : place + chance.randrange(4)]
        try:
            Codec(RefTable()).decode(bytes(data))
        except (ConversionError, StaleRef):
            refused += 1
    assert refused > 1000


@pytest.mark.parametrize(
    "kind", ["frame", "pandas.DataFrame", "pandas.Series", "polars.DataFrame", "pyarrow.Table"]
)
def test_a_range_of_any_length_is_the_data_of_an_index_alone(kind):
    codec = Codec(RefTable())
    frame = [kind, {"rows": 10**15}, [["a", "int64", range(10**15)]], None, None]
    with pytest.raises(ConversionError, match="a range is the data of"):
        codec.decode(packb(ExtType(codes.FRAME, codec.nested(frame))))
    index = codec.decode(packb(ExtType(codes.FRAME, codec.nested(["pandas.Index", *frame[1:]]))))
    assert len(index) == 10**15
