"""Writes `vectors.json` from the table below: `python tests/wire/make_vectors.py`.

The bytes are put together here by hand from the MessagePack specification and `docs/protocol.md`, by none of
the codecs that they check.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path


def ext(code: int, data: bytes) -> bytes:
    sizes = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}
    if len(data) in sizes:
        return bytes([sizes[len(data)], code]) + data
    if len(data) < 256:
        return bytes([0xC7, len(data), code]) + data
    return b"\xc8" + struct.pack(">H", len(data)) + bytes([code]) + data


def text(value: str) -> bytes:
    data = value.encode()
    if len(data) < 32:
        return bytes([0xA0 | len(data)]) + data
    if len(data) < 256:
        return bytes([0xD9, len(data)]) + data
    return b"\xda" + struct.pack(">H", len(data)) + data


def binary(data: bytes) -> bytes:
    if len(data) < 256:
        return bytes([0xC4, len(data)]) + data
    return b"\xc5" + struct.pack(">H", len(data)) + data


def double(value: float) -> bytes:
    return b"\xcb" + struct.pack(">d", value)


def big(value: int) -> bytes:
    magnitude = abs(value)
    return ext(1, bytes([value < 0]) + magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "big"))


def array(dtype: str, shape: list[int], data: bytes) -> bytes:
    return ext(14, b"\x92" + text(dtype) + bytes([0x90 | len(shape), *shape]) + data)


def integer(value: int) -> bytes:
    for low, high, head, form in (
        (0, 2**7 - 1, b"", ">B"),
        (-(2**5), -1, b"", ">b"),
        (0, 2**8 - 1, b"\xcc", ">B"),
        (0, 2**16 - 1, b"\xcd", ">H"),
        (0, 2**32 - 1, b"\xce", ">I"),
        (0, 2**64 - 1, b"\xcf", ">Q"),
        (-(2**7), -1, b"\xd0", ">b"),
        (-(2**15), -1, b"\xd1", ">h"),
        (-(2**31), -1, b"\xd2", ">i"),
        (-(2**63), -1, b"\xd3", ">q"),
    ):
        if low <= value <= high:
            return head + struct.pack(form, value)
    return big(value)


BOUNDARIES = sorted(
    {
        sign * (2**bits) + step
        for bits in (0, 5, 7, 8, 15, 16, 31, 32, 63, 64, 70)
        for sign in (1, -1)
        for step in (-1, 0, 1)
    }
    | {0, 15, 10**400, -(10**400)}
)


def rows() -> list[tuple[str, object, bytes, bool]]:
    """(name, tagged value, bytes, whether an encoder must give these bytes)."""
    found: list[tuple[str, object, bytes, bool]] = [
        ("none", {"none": True}, b"\xc0", True),
        ("true", {"bool": True}, b"\xc3", True),
        ("false", {"bool": False}, b"\xc2", True),
    ]
    found += [
        (f"integer {n if abs(n) < 10**30 else 'of 400 digits'}", {"int": str(n)}, integer(n), True)
        for n in BOUNDARIES
    ]
    for name in ("0.0", "-0.0", "1.5", "-2.25", "1e+308", "5e-324", "nan", "inf", "-inf"):
        value = struct.unpack(">d", b"\x7f\xf8" + bytes(6))[0] if name == "nan" else float(name)
        found.append((f"float {name}", {"float": name}, double(value), True))
    found.append(("float of 32 bits", {"float": "1.5"}, b"\xca" + struct.pack(">f", 1.5), False))
    for sample in (
        "",
        "a",
        "é",
        "日本",
        "\U0001f40d",
        "x" * 31,
        "x" * 32,
        "x" * 255,
        "x" * 256,
        "nul \x00 in it",
    ):
        found.append((f"str of {len(sample)}: {sample[:6]!r}", {"str": sample}, text(sample), True))
    for data in (b"", b"\x00\xff", bytes(255), bytes(256), b"\xff\xfe text"):
        found.append((f"bytes of {len(data)}", {"bytes": data.hex()}, binary(data), True))
    one, two = {"int": "1"}, {"int": "2"}
    found += [
        ("empty list", {"list": []}, b"\x90", True),
        ("list", {"list": [one, {"list": [two]}]}, b"\x92\x01\x91\x02", True),
        ("list of 16", {"list": [one] * 16}, b"\xdc\x00\x10" + b"\x01" * 16, True),
        ("empty tuple", {"tuple": []}, ext(3, b"\x90"), True),
        ("tuple", {"tuple": [one, two]}, ext(3, b"\x92\x01\x02"), True),
        ("nested tuple", {"tuple": [{"tuple": [one]}]}, ext(3, b"\x91" + ext(3, b"\x91\x01")), True),
        ("tuple in a list", {"list": [{"tuple": [one, two]}]}, b"\x91" + ext(3, b"\x92\x01\x02"), True),
        ("empty set", {"set": []}, ext(4, b"\x90"), True),
        ("set of one", {"set": [{"str": "a"}]}, ext(4, b"\x91\xa1a"), True),
        ("set of two", {"set": [one, two]}, ext(4, b"\x92\x01\x02"), False),
        ("empty dict", {"dict": []}, b"\x80", True),
        ("dict of strings", {"dict": [[{"str": "a"}, one]]}, b"\x81\xa1a\x01", True),
        ("dict with an integer key", {"dict": [[one, {"str": "a"}]]}, b"\x81\x01\xa1a", True),
        ("dict with a tuple key", {"dict": [[{"tuple": [one, two]}, {"str": "b"}]]}, b"\x81" + ext(3, b"\x92\x01\x02") + b"\xa1b", True),
        ("dict of mixed keys", {"dict": [[one, {"str": "a"}], [{"tuple": [one, two]}, {"str": "b"}]]}, b"\x82\x01\xa1a" + ext(3, b"\x92\x01\x02") + b"\xa1b", False),
        ("dict with a None key", {"dict": [[{"none": True}, {"float": "nan"}]]}, b"\x81\xc0" + double(float("nan")), True),
        ("dict with a bytes key", {"dict": [[{"bytes": "00ff"}, one]]}, b"\x81\xc4\x02\x00\xff\x01", True),
        ("atom", {"atom": "ok"}, ext(6, b"ok"), True),
        ("array of int64", {"array": {"dtype": "int64", "shape": [3], "hex": struct.pack("<3q", 0, 1, 2).hex()}}, array("int64", [3], struct.pack("<3q", 0, 1, 2)), True),
        ("array of float64, 2 by 2", {"array": {"dtype": "float64", "shape": [2, 2], "hex": struct.pack("<4d", 1, 2, 3, 4).hex()}}, array("float64", [2, 2], struct.pack("<4d", 1, 2, 3, 4)), True),
        ("array of bool", {"array": {"dtype": "bool", "shape": [2], "hex": "0100"}}, array("bool", [2], b"\x01\x00"), True),
        ("empty array", {"array": {"dtype": "float32", "shape": [0], "hex": ""}}, array("float32", [0], b""), True),
        ("array of no dimension", {"array": {"dtype": "int8", "shape": [], "hex": "07"}}, array("int8", [], b"\x07"), True),
        ("big-endian array", {"array": {"dtype": ">i2", "shape": [2], "hex": "00010002"}}, array(">i2", [2], b"\x00\x01\x00\x02"), True),
        ("array of times", {"array": {"dtype": "<M8[ns]", "shape": [1], "hex": struct.pack("<q", 10**18).hex()}}, array("<M8[ns]", [1], struct.pack("<q", 10**18)), True),
        ("scalar int64", {"scalar": {"dtype": "int64", "hex": struct.pack("<q", 7).hex()}}, ext(31, text("int64") + struct.pack("<q", 7)), True),
        ("scalar bool", {"scalar": {"dtype": "bool", "hex": "01"}}, ext(31, text("bool") + b"\x01"), True),
        ("scalar float32", {"scalar": {"dtype": "float32", "hex": struct.pack("<f", 1.5).hex()}}, ext(31, text("float32") + struct.pack("<f", 1.5)), True),
    ]  # fmt: skip
    return found


def main() -> None:
    lines = [
        json.dumps({"name": name, "value": value, "hex": data.hex(), "encode": encode}, ensure_ascii=True)
        for name, value, data, encode in rows()
    ]
    Path(__file__).with_name("vectors.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
