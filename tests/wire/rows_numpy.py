"""Rows of NumPy's types. Their data is little-endian where the dtype does not say otherwise."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from hand import FALSE, NIL, TRUE, double, ext, integer, many, text


def dtype_of(dtype: object) -> bytes:
    """A dtype's description, packed."""
    if dtype is None:
        return NIL
    if isinstance(dtype, bool):
        return TRUE if dtype else FALSE
    if isinstance(dtype, str):
        return text(dtype)
    if isinstance(dtype, int):
        return integer(dtype)
    if isinstance(dtype, dict):
        return {"float": double(float("nan")), "none": NIL, "str": text(str(dtype.get("str")))}[
            next(iter(dtype))
        ]
    assert isinstance(dtype, list)
    return many(*map(dtype_of, dtype))


def array(
    dtype: object, shape: Sequence[int], data: bytes, order: str = "C", of: str | None = None
) -> tuple[object, bytes]:
    """By its bytes."""
    tagged = {"dtype": dtype, "shape": list(shape), "hex": data.hex()}
    return _array(tagged, data, order, of)


def items(dtype: object, shape: Sequence[int], *elements: tuple[object, bytes]) -> tuple[object, bytes]:
    """By its elements."""
    tagged = {"dtype": dtype, "shape": list(shape), "items": [value for value, _ in elements]}
    return _array(tagged, many(*(data for _, data in elements)))


def _array(
    tagged: dict[str, object], data: bytes, order: str = "C", of: str | None = None
) -> tuple[object, bytes]:
    head = [tagged["dtype"], tagged["shape"]]
    if (order, of) != ("C", None):
        tagged |= {"order": order, "class": of}
        head += [order, of]
    return {"array": tagged}, ext(14, dtype_of(head) + data)


def scalar(dtype: object, data: bytes) -> tuple[object, bytes]:
    return {"scalar": {"dtype": dtype, "hex": data.hex()}}, ext(31, dtype_of(dtype) + data)


def masked(
    data: tuple[object, bytes], mask: tuple[object, bytes], fill: tuple[object, bytes], hard: bool
) -> tuple[object, bytes]:
    tagged = {"data": data[0], "mask": mask[0], "fill": fill[0], "hard": hard}
    return {"masked-array": tagged}, ext(32, many(data[1], mask[1], fill[1], dtype_of(hard)))


NOTHING = ({"none": True}, NIL)
POINTS = ["struct", 16, True, [["x", "int32", 0, None], ["y", "float64", 8, "why"]]]
NESTED = [
    "struct",
    8,
    False,
    [["at", ["struct", 4, False, [["r", "uint8", 1, None]]], 0, None], ["v", ["sub", ">i2", [2]], 4, None]],
]
PLAIN = {
    "bool": b"\x01\x00", "int8": b"\x80\x7f", "int16": struct.pack("<2h", -2, 3), "int32": struct.pack("<2i", -2, 3),
    "int64": struct.pack("<2q", -2, 2**40), "uint8": b"\xff\x01", "uint16": struct.pack("<2H", 65535, 1),
    "uint32": struct.pack("<2I", 2**32 - 1, 1), "uint64": struct.pack("<2Q", 2**64 - 1, 1),
    "float16": struct.pack("<2e", 1.5, -0.0), "float32": struct.pack("<2f", 1.5, float("inf")),
    "float64": struct.pack("<2d", -0.0, float("inf")), "complex64": struct.pack("<4f", 1, -2, 0.5, 0),
    "complex128": struct.pack("<4d", 1, -2, 0.5, 0), ">f8": struct.pack(">2d", 1.5, -2), ">u4": struct.pack(">2I", 1, 2),
    "<f16": bytes.fromhex("00000000000000c0ff3f000000000000") * 2, "<c32": bytes.fromhex("00000000000000c0ff3f000000000000") * 4,
    "<M8[ns]": struct.pack("<2q", 10**18, -(2**63)), "<M8[D]": struct.pack("<2q", 19_000, -1), ">M8[s]": struct.pack(">2q", 1, 2),
    "<M8[25s]": struct.pack("<2q", 1, 2), "<M8": struct.pack("<2q", -(2**63), -(2**63)), "<m8[us]": struct.pack("<2q", 5, -5),
    "<U3": "abcdé\x00".encode("utf-32-le"), ">U1": "aé".encode("utf-32-be"), "|S3": b"ab\x00xyz", "|V2": b"\x00\x01\x02\x03",
}  # fmt: skip


def rows() -> list[tuple[str, str, object, bytes, bool]]:
    three = struct.pack("<3q", 0, 1, 2)
    made = [
        ("array", "array of three int64", array("int64", [3], three)),
        ("array", "array of float64, 2 by 2", array("float64", [2, 2], struct.pack("<4d", 1, 2, 3, 4))),
        *(("array", f"array of {dtype}", array(dtype, [2], data)) for dtype, data in PLAIN.items()),
        ("array", "array of NaN", array("float64", [1], double(float("nan"))[:0:-1])),
        ("array", "empty array", array("float32", [0], b"")),
        ("array", "empty array, 0 by 3", array("int8", [0, 3], b"")),
        ("array", "array of no dimension", array("int8", [], b"\x07")),
        ("array", "big-endian array", array(">i2", [2], b"\x00\x01\x00\x02")),
        ("array", "array in Fortran order", array("int8", [2, 3], bytes([1, 4, 2, 5, 3, 6]), order="F")),
        ("array", "matrix", array("int8", [1, 2], b"\x01\x02", of="matrix")),
        ("array", "record array", array(["struct", 3, False, [["a", "uint8", 0, None], ["b", "<U0", 1, None], ["c", "int16", 1, None]]], [1], b"\x01\x02\x03", of="recarray")),
        ("array", "structured array", array(POINTS, [1], struct.pack("<i4xd", 5, 1.5))),
        ("array", "structured array, nested and with subarrays", array(NESTED, [2], bytes(range(16)))),
        ("array", "array of objects", items("object", [2], ({"str": "a"}, text("a")), ({"list": [{"int": "1"}]}, b"\x91\x01"))),
        ("array", "array of objects, 2 by 1", items("object", [2, 1], NOTHING, ({"tuple": []}, ext(3, b"\x90")))),
        ("array", "array of strings of any length", items(["string", None], [2], ({"str": "a"}, text("a")), ({"str": "x" * 40}, text("x" * 40)))),
        ("array", "array of strings with NaN for none", items(["string", [{"float": "nan"}]], [2], ({"str": "a"}, text("a")), NOTHING)),
        *(("numpy-scalar", f"scalar {dtype}", scalar(dtype, data[: len(data) // 2])) for dtype, data in PLAIN.items() if dtype not in ("float64", "<U3", ">U1", "|S3", ">f8", ">u4", ">M8[s]")),
        ("numpy-scalar", "scalar with fields", scalar(POINTS, struct.pack("<i4xd", 5, 1.5))),
        ("masked-array", "masked array", masked(array("int64", [3], three), array("bool", [3], b"\x00\x01\x00"), NOTHING, False)),
        ("masked-array", "masked array without a mask", masked(array("float64", [1], bytes(8)), NOTHING, ({"float": "1.5"}, double(1.5)), True)),
    ]  # fmt: skip
    found = [(row, name, tagged, data, True) for row, name, (tagged, data) in made]
    name, tagged, data = (
        "list for an array",
        {"array-of": {"list": [{"int": "1"}, {"float": "2.5"}]}},
        many(integer(1), double(2.5)),
    )
    found.append(("array-of", name, tagged, ext(26, data), False))
    return found
