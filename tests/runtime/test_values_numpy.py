"""NumPy arrays and scalars."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import arrays
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError

np = pytest.importorskip("numpy")

DTYPES = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
    "float64", "complex64", "complex128", ">i2", ">i8", ">f4", ">f8", ">c16", "<M8[ns]", "<M8[D]", ">M8[s]",
    "<m8[us]", "<U3", ">U2", "|S3", "longdouble",
]  # fmt: skip

LAYOUTS = {
    "flat": lambda a: a,
    "2 by 6": lambda a: a.reshape(2, 6),
    "3 dimensions": lambda a: a.reshape(2, 3, 2),
    "Fortran order": lambda a: np.asfortranarray(a.reshape(3, 4)),
    "every other": lambda a: a[::2],
    "backwards": lambda a: a[::-1],
    "a column": lambda a: a.reshape(3, 4)[:, 1],
    "broadcast": lambda a: np.broadcast_to(a[:1], (4, 3)),
    "transposed": lambda a: a.reshape(3, 4).T,
    "read-only": lambda a: a.copy(),
    "empty": lambda a: a[:0],
    "empty, 0 by 3": lambda a: a[:0].reshape(0, 3),
    "no dimension": lambda a: a[3].reshape(()) if isinstance(a[3], np.ndarray) else np.array(a[3], a.dtype),
}


def twelve(dtype):
    dtype = np.dtype(dtype)
    if dtype.kind in "US":
        return np.array(["a", "", "bcd", "xy"] * 3).astype(dtype)
    return np.arange(12).astype(np.int64 if dtype.kind in "mM" else dtype).astype(dtype)


def round_trip(value):
    refs = RefTable()
    codec = Codec(refs)
    found = codec.decode(codec.encode(value))
    assert len(refs) == 0, "it should go as a value"
    return found


def same(one, two):
    return (type(one), one.dtype, one.shape, one.tobytes()) == (
        type(two),
        two.dtype,
        two.shape,
        two.tobytes(),
    )


@pytest.mark.parametrize("layout", list(LAYOUTS.values()), ids=list(LAYOUTS))
@pytest.mark.parametrize("dtype", DTYPES)
def test_array(dtype, layout):
    array = layout(twelve(dtype))
    if layout is LAYOUTS["read-only"]:
        array.flags.writeable = False
    found = round_trip(array)
    assert same(found, array)
    assert found.flags.writeable
    assert found.flags.c_contiguous
    assert found.base is None


@pytest.mark.parametrize("dtype", DTYPES)
def test_scalar(dtype):
    value = twelve(dtype)[2]
    found = round_trip(value)
    if type(value) in (np.float64, np.str_, np.bytes_):
        plain = {np.float64: float, np.str_: str, np.bytes_: bytes}[type(value)]
        assert type(found) is plain
        assert found == plain(value)
    else:
        assert type(found) is type(value)
        assert found == value


@pytest.mark.parametrize(
    "value", [np.float64("nan"), np.float32("nan"), np.datetime64("NaT"), np.timedelta64(3), np.bool_(True)]
)
def test_odd_scalars(value):
    found = round_trip(value)
    assert repr(found) == repr(float(value) if type(value) is np.float64 else value)


@pytest.mark.parametrize(
    "value",
    [
        np.array([object(), None]),
        np.zeros(2, [("a", "i4"), ("b", "f8")]),
        np.zeros(2, [("a", "i4")])[0],
        np.zeros(2, "V4"),
        np.ma.masked_array([1, 2], [0, 1]),
        np.zeros(2, np.dtype("i4", metadata={"unit": "m"})),
        np.arange(3).view(type("Own", (np.ndarray,), {})),
        np.dtype("i4"),
        np.sin,
    ],
    ids=lambda value: f"{type(value).__name__} {getattr(value, 'dtype', '')}",
)
def test_what_its_bytes_do_not_hold_stays(value):
    refs = RefTable()
    codec = Codec(refs)
    found = codec.decode(codec.encode([value]))
    assert found[0] is value


def test_inside_other_values():
    value = {"a": [np.int64(1), (np.arange(2),)], np.float64(0.5): {np.int8(3)}}
    found = round_trip(value)
    assert found["a"][0].dtype == np.int64
    assert found["a"][1][0].tolist() == [0, 1]
    assert found[0.5] == {3}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=4), st.sampled_from(DTYPES))
def test_any_shape(shape, dtype):
    array = np.zeros(shape, dtype)
    assert same(round_trip(array), array)


BROKEN = {
    "too few bytes": ("int64", [3], bytes(23), "24 bytes, not 23"),
    "too many bytes": ("int8", [1], bytes(2), "1 bytes, not 2"),
    "unknown dtype": ("nothing", [1], b"", "no dtype 'nothing'"),
    "bad list of dtypes": (",", [1], b"", "dtype"),
    "objects": ("O", [1], bytes(8), "do not cross"),
    "structured": ("i4,f8", [1], bytes(12), "do not cross"),
    "no string": (None, [1], bytes(8), "a dtype is a string"),
    "negative extents": ("int8", [-1, -2], bytes(2), "."),
    "extents too large": ("int8", [0, 2**62, 2**62], b"", "."),
    "no shape": ("int8", 3, bytes(3), "."),
    "extents no integers": ("int8", ["a"], bytes(1), "."),
}


@pytest.mark.parametrize(("dtype", "shape", "data", "words"), list(BROKEN.values()), ids=list(BROKEN))
def test_broken(dtype, shape, data, words):
    from msgpack import ExtType, packb

    with pytest.raises(ConversionError, match=words):
        Codec(RefTable()).decode(packb(ExtType(14, packb([dtype, shape]) + data)))


def test_strings_of_no_length():
    from msgpack import ExtType, packb

    found = Codec(RefTable()).decode(packb(ExtType(14, packb(["<U0", [2]]))))
    assert found.tolist() == ["", ""]


def test_without_numpy(monkeypatch):
    data = Codec(RefTable()).encode(np.arange(3))
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(ConversionError, match="not in this library's environment"):
        Codec(RefTable()).decode(data)
    assert Codec(RefTable()).encode([1]) == b"\x91\x01"


def test_another_module_called_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", type(sys)("numpy"))
    value = object()
    refs = RefTable()
    assert Codec(refs).decode(Codec(refs).encode(value)) is value


def test_a_machine_of_the_other_byte_order(monkeypatch):
    monkeypatch.setattr(sys, "byteorder", "big")
    assert arrays.dtype_name(np.dtype("i4")) == "<i4"
