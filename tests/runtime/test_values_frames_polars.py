"""polars DataFrame and Series, both ways."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest
from frame_cases import Beside, there_and_back

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.values.frames import _built

pl = pytest.importorskip("polars")

NOW = dt.datetime(2020, 10, 25, 2, 30, 1, 7)
DTYPES = {
    "Int64": [1, None],
    "Int8": [-128, None],
    "UInt64": [2**64 - 1, None],
    "Int128": [2**100, None],
    "UInt128": [2**127, None],
    "Float16": [1.5, None],
    "Float32": [1.5, None],
    "Float64": [float("nan"), None],
    "Boolean": [True, None],
    "String": ["ü", None],
    "Binary": [b"\xff", None],
    "Date": [NOW.date(), None],
    "Time": [NOW.time(), None],
    "Categorical": ["a", None],
    "Null": [None, None],
}
PARAMETERS = {
    "milliseconds": lambda: pl.Series("x", [NOW, None], dtype=pl.Datetime("ms")),
    "a zone": lambda: pl.Series("x", [NOW, None], dtype=pl.Datetime("ns", "Europe/Berlin")),
    "durations": lambda: pl.Series("x", [dt.timedelta(1), None], dtype=pl.Duration("ns")),
    "enums": lambda: pl.Series("x", ["a", None], dtype=pl.Enum(["b", "a"])),
    "decimals": lambda: pl.Series("x", [decimal.Decimal("1.50"), None], dtype=pl.Decimal(10, 2)),
    "lists": lambda: pl.Series("x", [[["a"], []], None]),
    "arrays": lambda: pl.Series("x", [[1, 2], None], dtype=pl.Array(pl.Int8, 2)),
    "structs": lambda: pl.Series("x", [{"a": 1, "b": [NOW]}, None]),
    "no name": lambda: pl.Series([1]),
}


def series():
    for name, values in DTYPES.items():
        if hasattr(pl, name):
            yield pytest.param(pl.Series("x", values, dtype=getattr(pl, name)), id=name)
    for name, make in PARAMETERS.items():
        yield pytest.param(make(), id=name)


@pytest.mark.parametrize("value", list(series()))
def test_each_dtype(value):
    from polars.testing import assert_frame_equal, assert_series_equal

    for each in (value, value[:0], value.clear(3)):
        found = there_and_back(each)
        assert (found.name, found.dtype) == (each.name, each.dtype)
        assert_series_equal(found, each, check_exact=True)
        frame = pl.DataFrame({"b": each, "a": range(len(each))})
        assert_frame_equal(there_and_back(frame), frame, check_exact=True)


def test_frames_without_columns_and_large_ones():
    assert there_and_back(pl.DataFrame()).shape == (0, 0)
    frame = pl.DataFrame({"n": range(10_000)})
    assert there_and_back(frame, Beside()).equals(frame)


def test_objects_go_one_by_one():
    kept = object()
    codec = Codec(RefTable())
    frame = pl.DataFrame([pl.Series("o", [kept, 1, (2,)], dtype=pl.Object), pl.Series("n", [1, 2, 3])])
    found = codec.decode(codec.encode(frame))
    assert found.schema == frame.schema
    assert found["o"].to_list() == [kept, 1, (2,)]
    assert found["n"].to_list() == [1, 2, 3]


@pytest.mark.parametrize(
    ("columns", "body"),
    [
        ([["a", "Int64", 0]], None),
        ([["a", "Int64", 0]], b"no stream"),
        (None, b"\xff\xff\xff\xff\x00\x00\x00\x00"),
        ([["a", "Int64", 1]], "text"),
        ([["a", "Int64"]], None),
        ([["a", "Int64", {}]], None),
        (7, None),
    ],
)
@pytest.mark.parametrize("kind", ["polars.DataFrame", "polars.Series"])
def test_what_is_broken(kind, columns, body):
    with pytest.raises(ConversionError):
        _built("polars_frames.build", kind, kind, {}, columns, None, body)
