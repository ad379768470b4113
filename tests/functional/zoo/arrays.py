"""NumPy arrays and scalars."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np

_DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "longdouble",
    "complex64",
    "complex128",
    "clongdouble",
]
_TIMES = [
    f"{kind}8[{unit}]"
    for kind in "Mm"
    for unit in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as", "25s")
]


def values() -> dict[str, Any]:
    found: dict[str, Any] = {}
    rng = np.random.default_rng(4)
    for name in _DTYPES:
        dtype = np.dtype(name)
        line = (rng.normal(size=24) * 50).astype(dtype)
        block = line.reshape(2, 3, 4)
        found.update(
            {
                f"{name} line": line,
                f"{name} block": block,
                f"{name} fortran": np.asfortranarray(block),
                f"{name} transposed": block.T,
                f"{name} strided": line[::3],
                f"{name} backward": line[::-1],
                f"{name} inner": block[:, 1:, ::2],
                f"{name} swapped axes": block.swapaxes(0, 1),
                f"{name} broadcast": np.broadcast_to(line[:4], (3, 4)),
                f"{name} 0-d": np.array(line[1]),
                f"{name} empty": np.empty(0, dtype),
                f"{name} empty block": np.empty((3, 0, 2), dtype),
                f"{name} one": line[:1],
                f"{name} big-endian": line.astype(dtype.newbyteorder(">")),
                f"{name} big-endian fortran": np.asfortranarray(block.astype(dtype.newbyteorder(">"))),
                f"{name} scalar": line[2],
                f"{name} masked": np.ma.MaskedArray(line, np.arange(24) % 2 == 0),
            }
        )
    for name in _TIMES:
        ticks = np.array([0, 1, -1, 1000, np.iinfo("i8").min], "i8")
        found.update(
            {
                f"{name} line": ticks.view(name),
                f"{name} scalar": ticks.view(name)[1],
                f"{name} nat": ticks.view(name)[4],
            }
        )
        found[f"{name} big-endian"] = ticks.view(name).astype(">" + name)
    specials = np.array([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -1.5])
    found["float specials"] = specials
    found["float32 specials"] = specials.astype("f4")
    found["float16 specials"] = specials.astype("f2")
    found["complex specials"] = specials.view("c16")
    found["nan payload"] = np.array([0x7FF8000000000123, 0xFFF0000000000001], "u8").view("f8")
    found["float64 nan scalar"] = np.float32("nan")
    read_only = np.arange(5)
    read_only.flags.writeable = False
    unaligned = np.zeros(41, "u1")[1:].view("f8")
    with tempfile.TemporaryFile() as where:
        memmap = np.memmap(where, "i4", "w+", shape=(3, 4))
    memmap[:] = np.arange(12).reshape(3, 4)
    structured = np.dtype(
        [("a", "i4"), ("b", "<f8", (2, 2)), ("c", "U3"), ("d", [("e", ">i2"), ("f", "S2")])]
    )
    rows = np.zeros(3, structured)
    rows["a"] = [1, 2, 3]
    rows["c"] = ["x", "äöü", ""]
    aligned = np.zeros(4, np.dtype([("a", "u1"), ("b", "f8"), ("c", "i2")], align=True))
    titled = np.zeros(2, np.dtype([(("title", "name"), "i4"), ("x", "f4")]))
    offsets = np.ones(
        2, np.dtype({"names": ["x", "y"], "formats": ["i2", "f4"], "offsets": [1, 8], "itemsize": 16})
    )
    overlapping = np.ones(
        2, np.dtype({"names": ["x", "y"], "formats": ["i4", "i2"], "offsets": [0, 2], "itemsize": 4})
    )
    found.update(
        {
            "read-only": read_only,
            "unaligned": unaligned,
            "memmap": memmap,
            "memmap part": memmap[1:, ::2],
            "text": np.array(["a", "äöü", "", "\U0001d11e"]),
            "text big-endian": np.array(["a", "bc"]).astype(">U2"),
            "text empty": np.array([], "U5"),
            "text no size": np.zeros(3, "U0"),
            "text scalar": np.str_("xä"),
            "text nul inside": np.array(["a\0b", "\0"]),
            "text surrogate": np.array(["\ud800"]),
            "bytes": np.array([b"a", b"\xff\x00\x01", b""]),
            "bytes scalar": np.bytes_(b"a\xff"),
            "void": np.array([b"ab", b"\0c"], "V2"),
            "void scalar": np.void(b"xyz"),
            "structured": rows,
            "structured scalar": rows[1],
            "structured field": rows["d"],
            "structured view": rows[["a", "c"]],
            "structured strided": rows[::2],
            "structured empty": rows[:0],
            "aligned": aligned,
            "titled": titled,
            "offsets": offsets,
            "overlapping": overlapping,
            "no fields": np.zeros(3, np.dtype([])),
            "recarray": rows.view(np.recarray),
            "rec made": np.rec.fromarrays([[1, 2], ["a", "b"]], names="n,s"),
            "matrix": np.matrix([[1, 2], [3, 4]]),
            "matrix fortran": np.matrix([[1, 2, 3], [3, 4, 5]]).T,
            "object": np.array([1, "a", None, (1, 2), {"k": [1.5]}, 2**80], object),
            "object 2d": np.array([[1, "a"], [None, b"x"]], object),
            "object of arrays": _objects([np.arange(3), np.eye(2), np.array("x")]),
            "object of lists": _objects([[1], [1, 2]]),
            "object empty": np.array([], object),
            "object 0-d": np.array({"a": 1}, object),
            "object fortran": np.asfortranarray(np.array([[1, 2], ["x", None]], object)),
            "object strided": np.array([1, "a", None, 2.5], object)[::2],
            "masked none": np.ma.array([1, 2, 3]),
            "masked all": np.ma.masked_all(3),
            "masked fill": np.ma.array([1.5, 2.5], mask=[True, False], fill_value=-1.0),
            "masked hard": np.ma.array([1, 2], mask=[0, 1], hard_mask=True),
            "masked 0-d": np.ma.array(5, mask=True),
            "masked 2d": np.ma.array([[1, 2], [3, 4]], mask=[[0, 1], [1, 0]]),
            "masked text": np.ma.array(["a", "b"], mask=[0, 1]),
            "masked structured": np.ma.array(
                [(1, 2.0), (3, 4.0)], mask=[(0, 1), (1, 0)], dtype=[("a", "i4"), ("b", "f8")]
            ),
            "masked object": np.ma.array([1, "x"], mask=[0, 1], dtype=object),
            "many dimensions": np.arange(2**10, dtype="i2").reshape((2,) * 10),
            "32 dimensions": np.ones((1,) * 32),
            "nested in list": [np.arange(3), {"k": np.eye(2)}, (np.float32(1.5), np.int8(-1))],
            "in tuple in dict": {"a": (np.array("x"), [np.array([], "f4")])},
            "float64 scalar keys": {np.float32(1.5): 1, np.int64(7): 2, np.datetime64("2024-01-01"): 3},
            "set of scalars": {np.int8(3), np.float32(2.5), np.complex64(1j)},
            "nat": np.datetime64("NaT"),
            "timedelta nat": np.timedelta64("NaT"),
            "timedelta generic": np.timedelta64(5),
        }
    )
    if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):
        strings = np.dtypes.StringDType
        found.update(
            {
                "strings": np.array(["a", "äöü" * 20, ""], strings()),
                "strings 2d": np.array([["a"], ["b"]], strings()),
                "strings none": np.array(["a", None], strings(na_object=None)),
                "strings nan": np.array(["a", np.nan], strings(na_object=np.nan)),
                "strings text na": np.array(["a", "missing"], strings(na_object="missing")),
                "strings empty": np.array([], strings()),
                "strings large": np.array(["x" * 100_000, "y" * 300_000], strings()),
            }
        )
    for size in (131_071, 131_072, 262_143, 262_144, 262_152, 524_288, 4_000_000):
        found[f"u1 {size}"] = rng.integers(0, 256, size, "u1")
        found[f"f8 {size}"] = rng.normal(size=size // 8)
    large = rng.normal(size=(700, 300))
    found.update(
        {
            "large fortran": np.asfortranarray(large),
            "large strided": large[::2, ::3],
            "large broadcast": np.broadcast_to(large[0], (500, 300)),
            "large structured": np.zeros(30_000, structured),
            "large big-endian": large.astype(">f8"),
            "large text": np.full(50_000, "äbcd"),
            "large masked": np.ma.array(large, mask=large > 0),
            "large object": np.array([i if i % 2 else str(i) for i in range(30_000)], object),
            "large scalar": np.array(["x" * 200_000])[0],
            "large void scalar": np.zeros(1, "V300000")[0],
            "large read-only": _frozen(large),
            "large in list": [large, large, {"a": large.T}],
            "large bool": large > 0,
            "large recarray": np.zeros(30_000, [("a", "f8"), ("b", "i4")]).view(np.recarray),
            "large matrix": np.matrix(large),
            "large 0-size": np.empty((0, 10**9)),
        }
    )
    return found


def becomes() -> dict[str, Any]:
    """A memmap is sent as an array."""
    from zoo import value

    return {name: np.array(value("arrays", name)) for name in ("memmap", "memmap part")}


def _objects(items: list[Any]) -> Any:
    made = np.empty(len(items), object)
    for place, item in enumerate(items):
        made[place] = item
    return made


def _frozen(array: Any) -> Any:
    array = array.copy()
    array.flags.writeable = False
    return array
