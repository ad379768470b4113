"""scipy.sparse matrices and arrays, both ways."""

from __future__ import annotations

import pytest
from frame_cases import there_and_back

from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.values.frames import _built

np = pytest.importorskip("numpy")
sparse = pytest.importorskip("scipy.sparse")

FORMATS = ["csr", "csc", "bsr", "coo", "dia", "lil", "dok"]
ARRAYS = ("data", "indices", "indptr", "row", "col", "offsets")
DENSE = np.array([[1, 0, 2.5, 0], [0, 0, 3, 0], [0, 0, 0, 0], [4, 0, 0, 1]])
CONTENTS = {
    "floats": DENSE,
    "complex": DENSE * 1j,
    "small integers": DENSE.astype("int8"),
    "booleans": DENSE[:2] > 0,
    "nothing": np.zeros((3, 2)),
    "no rows": np.zeros((0, 2), "float32"),
}


def assert_same(found, value):
    assert type(found) is type(value)
    assert (found.dtype, found.shape, found.nnz) == (value.dtype, value.shape, value.nnz)
    assert np.array_equal(found.toarray(), value.toarray())
    for name in ARRAYS:
        if hasattr(value, name) and value.format not in ("lil", "dok"):
            one, two = getattr(found, name), getattr(value, name)
            assert (one.dtype, one.tolist()) == (two.dtype, two.tolist())
            assert one.flags.writeable or not two.flags.writeable


@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("content", CONTENTS)
def test_each_format(kind, form, content):
    if not hasattr(sparse, f"{form}_{kind}"):
        pytest.skip("SciPy is too old")
    dense = CONTENTS[content]
    if form in ("bsr", "dia") and not dense.size:
        pytest.skip("SciPy makes none of it")
    assert_same(
        there_and_back(getattr(sparse, f"{form}_{kind}")(dense)), getattr(sparse, f"{form}_{kind}")(dense)
    )


def test_what_is_stored_stays_as_it_is():
    twice = sparse.coo_matrix(([1, 2, 0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    assert_same(there_and_back(twice), twice)
    unsorted = sparse.csr_matrix(([1, 2], [1, 0], [0, 2, 2]), shape=(2, 2))
    assert_same(there_and_back(unsorted), unsorted)
    wide = sparse.csr_matrix(DENSE)
    wide.indices = wide.indices.astype("int64")
    assert_same(there_and_back(wide), wide)
    zero = sparse.lil_matrix((2, 2))
    zero.rows[0], zero.data[0] = [1], [0.0]
    assert_same(there_and_back(zero), zero)


@pytest.mark.parametrize("dense", [np.array([1, 0, 2]), np.arange(24).reshape(2, 3, 4) % 3])
def test_other_dimensions(dense):
    for form in ("coo", "csr", "dok"):
        try:
            value = getattr(sparse, f"{form}_array")(dense)
        except (AttributeError, TypeError, ValueError):
            continue
        if value.ndim == dense.ndim:
            assert_same(there_and_back(value), value)


GOOD = {
    "class": "csr_matrix",
    "shape": (2, 2),
    "data": np.array([1.0, 2.0]),
    "indices": np.array([0, 1], "int32"),
    "indptr": np.array([0, 1, 2], "int32"),
}
BROKEN = {
    "no class": {"class": None},
    "an unknown class": {"class": "csr_thing"},
    "another name in SciPy": {"class": "csgraph"},
    "no array": {"data": [1.0]},
    "two dimensions": {"data": np.zeros((2, 1))},
    "an index out of bounds": {"indices": np.array([0, 2], "int32")},
    "a negative index": {"indices": np.array([0, -1], "int32")},
    "pointers that fall": {"indptr": np.array([0, 2, 1], "int32")},
    "too few pointers": {"indptr": np.array([0, 2], "int32")},
    "pointers that are floats": {"indptr": np.array([0, 1, 2], "float64")},
    "a shape of words": {"shape": ("a", "b")},
    "no shape": {"shape": None},
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken(name):
    with pytest.raises(ConversionError):
        _built("sparse.build", "scipy.sparse", {**GOOD, **BROKEN[name]})


def test_what_is_not_broken():
    assert _built("sparse.build", "scipy.sparse", dict(GOOD)).toarray().tolist() == [[1, 0], [0, 2]]
