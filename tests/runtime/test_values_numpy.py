"""NumPy arrays and scalars."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import dtypes
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
    fortran = array.flags.f_contiguous and not array.flags.c_contiguous
    assert found.flags.f_contiguous if fortran else found.flags.c_contiguous
    found[...] = found


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


class Own(np.ndarray):
    pass


STAY = {
    "a dtype with metadata": lambda: np.zeros(2, np.dtype("i4", metadata={"unit": "m"})),
    "a field with metadata": lambda: np.zeros(2, [("a", np.dtype("i4", metadata={"unit": "m"}))]),
    "objects in fields": lambda: np.zeros(2, [("a", object)]),
    "a title that is no text": lambda: np.zeros(2, {"names": ["a"], "formats": ["i4"], "titles": [(1,)]}),
    "a class of one's own": lambda: np.arange(3).view(Own),
    "records in a plain array": lambda: np.zeros(2, [("a", "i4")]).view(np.recarray).view(np.ndarray),
    "a record": lambda: np.zeros(2, [("a", "i4")]).view(np.recarray)[0],
    "a dtype": lambda: np.dtype("i4"),
    "a ufunc": lambda: np.sin,
    "characters": lambda: np.char.array(["a"]),
    "objects with metadata": lambda: np.zeros(2, np.dtype(object, metadata={"a": 1})),
}


@pytest.mark.parametrize("make", list(STAY.values()), ids=list(STAY))
def test_what_its_bytes_do_not_hold_stays(make):
    value = make()
    refs = RefTable()
    codec = Codec(refs)
    found = codec.decode(codec.encode([value]))
    assert found[0] is value
    assert codec.warnings == []


STRUCTURES = {
    "plain": [("a", "i4"), ("b", "f8")],
    "big-endian": [("a", ">i4"), ("b", ">U2")],
    "aligned": np.dtype([("a", "i1"), ("b", "f8")], align=True),
    "titles": [(("why", "a"), "i4"), ("b", "S2")],
    "offsets, overlapping and backwards": {
        "names": ["b", "a", "c"], "formats": ["i2", "i4", "u1"], "offsets": [4, 0, 1], "itemsize": 12,
    },
    "nested": [("a", [("x", "f4"), ("y", "M8[us]")]), ("b", "bool")],
    "subarrays": [("a", "i2", (2, 3)), ("b", [("x", "u1", 2)], (1,))],
    "empty name and text of no length": {"names": ["", "é"], "formats": ["U0", "m8"], "itemsize": 8},
    "no fields": [],
    "void": "V3",
}  # fmt: skip


@pytest.mark.parametrize("dtype", list(STRUCTURES.values()), ids=list(STRUCTURES))
def test_structured_arrays_and_scalars(dtype):
    dtype = np.dtype(dtype)
    data = np.frombuffer(bytes(range(1, 1 + 3 * dtype.itemsize)).replace(b"\x02", b"\x01"), np.uint8)
    array = np.zeros(3, dtype)
    if dtype.itemsize and "U" not in str(dtype):
        array.view(np.uint8)[:] = data
    for value in (array, array[::2], array[:0], array.reshape(3, 1)[:, 0]):
        found = round_trip(value)
        assert (type(found), found.shape, repr(found)) == (np.ndarray, value.shape, repr(value))
        assert repr(found.dtype) == repr(value.dtype)
        assert found.flags.writeable
    scalar = array[1]
    found = round_trip(scalar)
    assert (type(found), found.dtype, found.tobytes()) == (np.void, dtype, scalar.tobytes())


CLASSES = {
    "matrix": lambda: np.matrix([[1, 2], [3, 4]]),
    "matrix in Fortran order": lambda: np.matrix(np.asfortranarray([[1, 2], [3, 4]])),
    "matrix of objects": lambda: np.matrix([[1, None]], dtype=object),
    "record array": lambda: np.rec.array([(1, 2.5), (3, 4.5)], dtype=[("a", "i4"), ("b", "f8")]),
    "record array without records": lambda: np.rec.array(np.arange(3)),
}


@pytest.mark.parametrize("make", list(CLASSES.values()), ids=list(CLASSES))
def test_classes_of_arrays(make):
    value = make()
    found = round_trip(value)
    assert same(found, value) or value.dtype == object
    assert repr(found) == repr(value)


def test_a_memory_map_is_an_array(tmp_path):
    value = np.memmap(tmp_path / "data", "i4", "w+", shape=(2, 3))
    value[:] = 5
    found = round_trip(value)
    assert type(found) is np.ndarray
    assert found.tolist() == [[5] * 3] * 2


def test_objects_are_values():
    inner = np.arange(2)
    value = np.empty((2, 3), object)
    value[:] = [[1, "a", None], [[1, [2]], inner, np.array(5)]]
    found = round_trip(value)
    assert (found.dtype, found.shape) == (object, (2, 3))
    assert found[0].tolist() == [1, "a", None]
    assert found[1, 0] == [1, [2]]
    assert [type(x) for x in found[1]] == [list, np.ndarray, np.ndarray]
    assert found[1, 1].tolist() == [0, 1]
    assert found[1, 2].shape == ()
    assert round_trip(np.array(None)).tolist() is None
    assert round_trip(np.asfortranarray(value)).tolist()[0] == [1, "a", None]


def test_objects_that_stay():
    refs = RefTable()
    codec = Codec(refs)
    value = np.array([object(), 1])
    found = codec.decode(codec.encode(value))
    assert found[0] is value[0]
    assert len(refs) == 1


MASKED = {
    "some": lambda: np.ma.array([1, 2, 3], mask=[0, 1, 0]),
    "none": lambda: np.ma.array([1.5, 2.5]),
    "none, by an array": lambda: np.ma.array([1, 2], mask=[0, 0]),
    "all": lambda: np.ma.masked_all((2, 2), "M8[D]"),
    "hard, filled": lambda: np.ma.array([1, 2], mask=[0, 1], hard_mask=True, fill_value=7),
    "no dimension": lambda: np.ma.array(5, mask=True),
    "fields": lambda: np.ma.array([(1, 2.0)], dtype=[("a", int), ("b", float)], mask=[(0, 1)]),
    "fields, filled": lambda: np.ma.array([(1, 2.0)], dtype=[("a", int), ("b", float)], fill_value=(3, 4.0)),
    "objects": lambda: np.ma.array([None, "a"], mask=[1, 0], dtype=object),
    "matrix": lambda: np.ma.array(np.matrix([[1, 2]]), mask=[[0, 1]]),
    "text": lambda: np.ma.array(["a", "b"], mask=[0, 1], fill_value="zz"),
}


@pytest.mark.parametrize("make", list(MASKED.values()), ids=list(MASKED))
def test_masked_arrays(make):
    value = make()
    found = round_trip(value)
    assert type(found) is np.ma.MaskedArray
    assert repr(found) == repr(value)
    assert found.dtype == value.dtype
    assert type(found.data) is type(value.data)
    assert np.asarray(found.mask).tobytes() == np.asarray(value.mask).tobytes()
    assert (found.mask is np.ma.nomask, found.hardmask) == (value.mask is np.ma.nomask, value.hardmask)
    if found.dtype != object:
        assert found.data.tobytes() == value.data.tobytes()


def test_a_masked_array_says_what_fills_its_gaps_only_when_it_was_told():
    assert round_trip(np.ma.array([1, 2]))._fill_value is None
    assert round_trip(np.ma.array([1, 2], fill_value=9)).fill_value == 9


STRINGS = getattr(getattr(np, "dtypes", None), "StringDType", None)


@pytest.mark.skipif(STRINGS is None, reason="StringDType came with NumPy 2")
@pytest.mark.parametrize("na", ["nothing", None, float("nan"), "<NA>"])
def test_strings_of_any_length(na):
    dtype = STRINGS() if na == "nothing" else STRINGS(na_object=na)
    elements = ["a", "", "é" * 50, *([] if na == "nothing" else [na])]
    value = np.array(elements, dtype)
    for array in (value, value[::-1], value[:0], np.array("x", dtype), value[:2].reshape(2, 1)):
        found = round_trip(array)
        assert (str(found.dtype), found.shape) == (str(array.dtype), array.shape)
        assert repr(found.tolist()) == repr(array.tolist())
    assert round_trip(value[0]) == "a"


@pytest.mark.skipif(STRINGS is None, reason="StringDType came with NumPy 2")
def test_strings_that_make_text_of_everything_are_not_sent():
    refs = RefTable()
    Codec(refs).encode(np.array(["a"], STRINGS(coerce=False)))
    assert len(refs) == 1


@pytest.mark.parametrize("dtype", ["<U1", ">U1"])
def test_text_of_no_code_points(dtype):
    from msgpack import ExtType, packb

    bad = np.full(3, 0x110000, dtype[0] + "u4").view(dtype)
    codec = Codec(RefTable())
    values = (bad, bad.reshape(3, 1), np.asfortranarray(bad[:2].reshape(1, 2)), bad[::2])
    packed = [codec.encode(value) for value in values]
    fields = np.zeros(3, [("a", "i1"), ("b", dtype, (1,))])
    fields["b"][:, 0] = bad
    packed += [codec.encode(fields), packb(ExtType(31, packb(dtype) + bad[:1].tobytes()))]
    for data in packed:
        with pytest.raises(ConversionError, match="code points"):
            codec.decode(data)


def test_text_with_surrogates():
    assert round_trip(np.str_("a\udc80")) == "a\udc80"
    assert round_trip(np.array(["a\udc80"])).tolist() == ["a\udc80"]


@pytest.mark.parametrize(
    "unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "10ms"]
)
def test_times_of_every_unit(unit):
    for kind in "Mm":
        value = np.array([1, -5, "NaT"], f"{kind}8[{unit}]")
        assert same(round_trip(value), value)
        assert repr(round_trip(value[0])) == repr(value[0])


def test_a_list_for_an_array():
    from msgpack import ExtType, packb

    decode = Codec(RefTable()).decode
    found = decode(packb(ExtType(26, packb([[1, 2], [3, 4.5]]))))
    assert (type(found), found.dtype, found.tolist()) == (np.ndarray, np.float64, [[1, 2], [3, 4.5]])
    assert found.flags.writeable
    with pytest.raises(ConversionError, match="the room of the longest"):
        decode(packb(ExtType(26, packb(["x" * 10**6] + ["y"] * 10**3))))


def test_an_array_whose_elements_share_memory_is_not_spread_out():
    codec = Codec(RefTable())
    value = [np.broadcast_to(np.arange(3.0), (10**9, 3))]
    assert codec.decode(codec.encode(value))[0] is value[0]
    assert codec.warnings == [
        "value[0]: stays in Python because its 24000000000 bytes are views of far fewer"
    ]


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
    "objects": ("O", [1], bytes(8), "no dtype 'O' on the wire"),
    "objects in brackets": ("|O8", [1], bytes(8), "no dtype"),
    "objects as fields": (["struct", 8, False, [["a", "object", 0, None]]], [1], bytes(8), "no dtype"),
    "structured": ("i4,f8", [1], bytes(12), "no dtype"),
    "a unit that is none": ("<M8[1000000000000ns]", [1], bytes(8), "no dtype"),
    "no string": (None, [1], bytes(8), "a dtype is a string"),
    "fields beyond the item": (
        ["struct", 4, False, [["a", "int64", 0, None]]],
        [1],
        bytes(4),
        "knows no dtype",
    ),
    "fields twice": (["struct", 8, False, [["a", "int8", 0, None]] * 2], [1], bytes(8), "knows no dtype"),
    "fields that are none": (["struct", 8, False, [["a"]]], [1], bytes(8), "."),
    "a name that is none": (["struct", 8, False, [[1, "int8", 0, None]]], [1], bytes(8), "are strings"),
    "a vast subarray": (
        ["struct", 8, False, [["a", ["sub", "int64", [2**31]], 0, None]]],
        [1],
        bytes(8),
        ".",
    ),
    "no struct": (["strict", 8, False, []], [1], bytes(8), "a dtype is a string or"),
    "billions of nothing": ("<U0", [2**40], b"", "of no size"),
    "billions of dimensions": ("int8", [1] * 100, bytes(1), "no array of shape"),
    "true for an extent": ("int8", [True], bytes(1), "a shape is a list"),
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


HEADS = {
    "three": ["int8", [1], "C"],
    "another order": ["int8", [1], "K", None],
    "another class": ["int8", [1], "C", "chararray"],
    "a flat matrix": ["int8", [1], "C", "matrix"],
    "a matrix of three dimensions": ["int8", [1, 1, 1], "C", "matrix"],
    "too few objects": ["object", [2], "C", None],
    "strings of numbers": [["string", None], [1], "C", None],
    "a map": {},
}


@pytest.mark.parametrize("head", list(HEADS.values()), ids=list(HEADS))
def test_broken_heads(head):
    from msgpack import ExtType, packb

    data = packb([1]) if "object" in head or ["string", None] in list(head) else b"\x01"
    with pytest.raises(ConversionError, match=r"[a-z ]{7}"):
        Codec(RefTable()).decode(packb(ExtType(14, packb(head) + data)))


def test_an_older_numpy_has_no_strings(monkeypatch):
    from msgpack import ExtType, packb

    monkeypatch.setattr(np, "dtypes", None, raising=False)
    with pytest.raises(ConversionError, match="needs NumPy 2"):
        Codec(RefTable()).decode(packb(ExtType(14, packb([["string", None], [0]]) + b"\x90")))


MASKS = {
    "no array": [[1], None, None, False],
    "a mask of another shape": ["array", "longer", None, False],
    "a mask that is a list": ["array", [True], None, False],
    "too few": ["array"],
}


@pytest.mark.parametrize("parts", list(MASKS.values()), ids=list(MASKS))
def test_broken_masks(parts):
    from msgpack import ExtType, packb

    arrays = {"array": ["bool", [1]], "longer": ["bool", [2]]}
    made = [
        ExtType(14, packb(arrays[p]) + bytes(arrays[p][1][0])) if isinstance(p, str) else p for p in parts
    ]
    with pytest.raises(ConversionError, match="mask"):
        Codec(RefTable()).decode(packb(ExtType(32, packb(made))))


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


def test_numpy_that_cannot_be_imported(monkeypatch, tmp_path):
    data = Codec(RefTable()).encode(np.arange(3))
    monkeypatch.delitem(sys.modules, "numpy")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "numpy.py").write_text("import envmgr_nowhere")
    with pytest.raises(ConversionError, match="NumPy cannot be imported: No module named 'envmgr_nowhere'"):
        Codec(RefTable()).decode(data)


def test_another_module_called_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", type(sys)("numpy"))
    value = object()
    refs = RefTable()
    assert Codec(refs).decode(Codec(refs).encode(value)) is value


def test_dtypes_that_were_parsed_are_forgotten_some_time():
    dtypes._parsed.clear()
    for size in range(1, 600):
        assert dtypes.parse(f"|S{size}").itemsize == size
    assert len(dtypes._parsed) <= 256


FIELDS = st.sampled_from(
    ["bool", "i1", ">u2", "<f4", ">f8", "c8", "U3", ">U2", "S2", "V3", "M8[ns]", ">m8[D]", "g"]
)


@st.composite
def any_dtype(draw, depth=0):
    if depth == 2 or draw(st.booleans()):
        return np.dtype(draw(FIELDS))
    names = draw(
        st.lists(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=3), min_size=1, max_size=3, unique=True
        )
    )
    fields = [(name, draw(any_dtype(depth + 1)), draw(st.sampled_from([(), (2,), (1, 2)]))) for name in names]
    return np.dtype(fields, align=draw(st.booleans()))


@settings(max_examples=200, deadline=None)
@given(
    any_dtype(), st.lists(st.integers(0, 3), max_size=3), st.integers(0, 2**32 - 1), st.sampled_from("CFTr")
)
def test_any_array(dtype, shape, seed, layout):
    count = int(np.prod(shape, dtype=int)) * dtype.itemsize
    data = np.random.RandomState(seed).randint(0, 2, count).astype(np.uint8)
    array = np.zeros(shape, dtype)
    if count and "U" not in str(dtype):
        array = data.view(dtype).reshape(shape)
    array = {
        "C": array,
        "F": np.asfortranarray(array),
        "T": array.T,
        "r": array[..., ::-1] if shape else array,
    }[layout]
    found = round_trip(array)
    assert (type(found), found.dtype, repr(found.dtype), found.shape) == (
        np.ndarray,
        array.dtype,
        repr(array.dtype),
        array.shape,
    )
    assert repr(found.tolist()) == repr(array.tolist())
    assert found.flags.writeable
    if array.size:
        scalar = array.reshape(-1)[0]
        again = round_trip(scalar)
        assert repr(again) == repr(scalar) or isinstance(scalar, (float, str, bytes))
