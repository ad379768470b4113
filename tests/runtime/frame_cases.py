"""What the tests of frames share: a codec with both ends, and when two pandas objects are the same."""

from __future__ import annotations

import pytest

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import arrow, encoding
from envmgr_runtime.values.codec import Codec

WAYS = ["as it is", "without pyarrow", "second lane"]


class Beside:
    """A second lane whose buffers arrive as they do from a socket: writable, and nobody else's."""

    def __init__(self):
        self.buffers = []

    def put(self, view):
        import numpy as np

        self.buffers.append(np.frombuffer(bytes(view), np.uint8).copy())
        return len(self.buffers) - 1

    def take(self, index, size):
        assert len(self.buffers[index]) == size
        return self.buffers[index]

    def mark(self):
        return len(self.buffers)

    def back(self, mark):
        del self.buffers[mark:]


@pytest.fixture(params=WAYS)
def round_trip(request, monkeypatch):
    """Encodes and decodes; fails where a part of the value went as a ref."""
    lane = None
    if request.param == "without pyarrow":
        monkeypatch.setattr(arrow, "pyarrow", lambda: None)
    if request.param == "second lane":
        monkeypatch.setattr(encoding, "LARGE", 1)
        lane = Beside()
    return lambda value: there_and_back(value, lane)


def there_and_back(value, lane=None):
    refs = RefTable()
    codec = Codec(refs, lane=lane)
    found = codec.decode(codec.encode(value))
    assert len(refs) == 0, f"it should go as a value: {codec.warnings}"
    return found


def assert_same(found, value):
    """The same to pandas' own tests, and in what they do not look at."""
    import pandas as pd

    assert type(found) is type(value)
    if isinstance(value, pd.DataFrame):
        exact = {"check_exact": True, "check_freq": True, "check_flags": True, "check_column_type": "exact"}
        pd.testing.assert_frame_equal(found, value, check_index_type="exact", **exact)
        assert_same(found.columns, value.columns)
        assert_same(found.index, value.index)
        for i in range(len(value.columns)):
            assert_same_values(found.iloc[:, i], value.iloc[:, i])
    elif isinstance(value, pd.Series):
        pd.testing.assert_series_equal(
            found, value, check_exact=True, check_freq=True, check_index_type="exact"
        )
        assert found.flags == value.flags
        assert_same(found.index, value.index)
        assert_same_values(found, value)
    elif isinstance(value, pd.MultiIndex):
        pd.testing.assert_index_equal(found, value, exact=True, check_exact=True)
        assert [x.tolist() for x in found.codes] == [x.tolist() for x in value.codes]
        for one, two in zip(found.levels, value.levels):
            assert_same(one, two)
    elif isinstance(value, pd.Index):
        pd.testing.assert_index_equal(found, value, exact=True, check_exact=True)
        assert getattr(found, "freq", None) == getattr(value, "freq", None)
        assert_same_values(found, value)
    else:
        assert found.dtype == value.dtype
        pd.testing.assert_extension_array_equal(found, value, check_exact=True)
    assert getattr(found, "attrs", None) == getattr(value, "attrs", None)


def assert_same_values(found, value):
    assert (found.dtype, repr(found.dtype)) == (value.dtype, repr(value.dtype))
    assert type(found.array) is type(value.array)
    if value.dtype == object:
        assert [(type(x), repr(x)) for x in found] == [(type(x), repr(x)) for x in value]


def assert_writable(frame):
    for i, dtype in enumerate(frame.dtypes if len(frame) else []):
        if not str(dtype).startswith(("Sparse", "object")):
            frame.iloc[0, i] = frame.iloc[-1, i]
