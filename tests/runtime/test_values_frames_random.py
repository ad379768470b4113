"""Random frames, both ways."""

from __future__ import annotations

import datetime as dt

import pytest
from frame_cases import Beside, assert_same, there_and_back
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")

NANOSECONDS = st.integers(-(2**62), 2**62)
NUMBERS = {
    name: (np.iinfo(name).min, np.iinfo(name).max) for name in ("int8", "uint16", "int32", "int64", "uint64")
}
TEXT = st.text(max_size=5)
"""Lone surrogates too."""
CLEAN = st.text(st.characters(exclude_categories=["Cs"]) if hasattr(st.characters, "exclude_categories") else st.characters(blacklist_categories=["Cs"]), max_size=5)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.binary(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=2) | st.tuples(inner, inner)
    ),
    max_leaves=5,
)


def maybe(values):
    return st.none() | values


def masked(name):
    lowest, highest = np.iinfo(name.lower()).min, np.iinfo(name.lower()).max
    return lambda n: lists(maybe(st.integers(lowest, highest)), n).map(lambda x: pd.array(x, dtype=name))


def lists(values, n):
    return st.lists(values, min_size=n, max_size=n)


def objects(values):
    array = np.empty(len(values), object)
    array[:] = values
    return pd.Series(array, dtype=object)


def times(zone):
    def make(n):
        naive = lists(NANOSECONDS | st.just(-(2**63)), n).map(
            lambda x: pd.Series(np.array(x, "i8").view("M8[ns]"))
        )
        return naive if zone is None else naive.map(lambda s: s.dt.tz_localize("UTC").dt.tz_convert(zone))

    return make


COLUMNS = [
    *(
        lambda n, name=name, bounds=bounds: lists(st.integers(*bounds), n).map(lambda x: np.array(x, name))
        for name, bounds in NUMBERS.items()
    ),
    lambda n: lists(st.floats(width=32), n).map(lambda x: np.array(x, "float32")),
    lambda n: lists(st.floats(), n).map(lambda x: np.array(x, "float64")),
    lambda n: lists(st.complex_numbers(), n).map(lambda x: np.array(x, "complex128")),
    lambda n: lists(st.booleans(), n).map(lambda x: np.array(x, bool)),
    masked("Int64"),
    masked("UInt8"),
    lambda n: lists(maybe(st.booleans()), n).map(lambda x: pd.array(x, dtype="boolean")),
    lambda n: lists(maybe(CLEAN), n).map(lambda x: pd.array(x, dtype="string")),
    lambda n: lists(maybe(CLEAN), n).map(pd.Series),
    lambda n: lists(maybe(TEXT), n).map(objects),
    lambda n: lists(ANYTHING, n).map(objects),
    lambda n: lists(maybe(st.sampled_from(["a", "b", "ü"])), n).map(pd.Categorical),
    lambda n: lists(maybe(st.integers(0, 5)), n).map(lambda x: pd.Categorical(x, ordered=True)),
    times(None),
    times("UTC"),
    times(dt.timezone(dt.timedelta(hours=-3))) if pd.__version__ >= "2" else times("UTC"),
    lambda n: lists(NANOSECONDS, n).map(lambda x: np.array(x, "m8[ns]")),
    lambda n: lists(st.integers(-1000, 1000), n).map(lambda x: pd.PeriodIndex(np.array(x, "M8[M]"), freq="M")),
    lambda n: lists(st.sampled_from([0.0, 1.5, float("nan")]), n).map(pd.arrays.SparseArray),
    lambda n: lists(st.integers(-5, 5), n).map(lambda x: pd.arrays.IntervalArray.from_arrays(x, [i + 2 for i in x]) if x else pd.arrays.IntervalArray.from_breaks([1])),
]  # fmt: skip
LABELS = CLEAN | st.integers(-5, 5) | st.none() | st.tuples(CLEAN, st.integers(0, 3))


@st.composite
def frames(draw):
    rows = draw(st.integers(0, 6))
    made = draw(st.lists(st.sampled_from(COLUMNS), max_size=5))
    labels = draw(lists(CLEAN, len(made)) | lists(LABELS, len(made)))
    frame = pd.DataFrame({i: pd.Series(draw(make(rows))) for i, make in enumerate(made)}, index=range(rows))
    frame.columns = pd.Index(labels, tupleize_cols=False, name=draw(maybe(CLEAN)))
    axes = draw(st.lists(st.sampled_from(COLUMNS[:13] + COLUMNS[16:]), max_size=2))
    if axes:
        values = [pd.Series(draw(make(rows))) for make in axes]
        names = draw(lists(maybe(CLEAN), len(axes)))
        frame.index = pd.Index(values[0], name=names[0]) if len(axes) == 1 else pd.MultiIndex.from_arrays(values, names=names)  # fmt: skip
    if draw(st.booleans()):
        frame.attrs = draw(st.dictionaries(CLEAN, CLEAN, max_size=2))
    return frame


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames(), st.sampled_from([None, Beside]))
def test_random_frames(frame, lane):
    found = there_and_back(frame, lane and lane())
    assert_same(found, frame)
    for i in range(frame.shape[1]):
        assert_same(there_and_back(frame.iloc[:, i]), frame.iloc[:, i])
