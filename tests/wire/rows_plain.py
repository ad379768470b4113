"""Rows of MessagePack's own, and of what holds other values: `[row, name, tagged value, bytes, exact]`."""

from __future__ import annotations

import struct

from hand import FALSE, NIL, TRUE, binary, double, ext, integer, many, pairs, text

BOUNDARIES = sorted(
    {
        sign * (2**bits) + step
        for bits in (0, 5, 7, 8, 15, 16, 31, 32, 63, 64, 70)
        for sign in (1, -1)
        for step in (-1, 0, 1)
    }
    | {0, 15, 10**400, -(10**400)}
)
STRINGS = ("", "a", "é", "日本", "\U0001f40d", "x" * 31, "x" * 32, "x" * 255, "x" * 256, "nul \x00 in it")
FLOATS = ("0.0", "-0.0", "1.5", "-2.25", "1e+308", "5e-324", "nan", "inf", "-inf")
ONE, TWO = {"int": "1"}, {"int": "2"}
TUPLE = ext(3, b"\x92\x01\x02")
SURROGATE = b"\xed\xb2\x80"


def rows() -> list[tuple[str, str, object, bytes, bool]]:
    found: list[tuple[str, str, object, bytes, bool]] = [
        ("nil", "none", {"none": True}, NIL, True),
        ("boolean", "true", {"bool": True}, TRUE, True),
        ("boolean", "false", {"bool": False}, FALSE, True),
    ]
    for n in BOUNDARIES:
        row = "integer" if -(2**63) <= n < 2**64 else "big-integer"
        found.append(
            (
                row,
                f"integer {n if abs(n) < 10**30 else 'of 400 digits' if n > 0 else 'of 400 digits, below 0'}",
                {"int": str(n)},
                integer(n),
                True,
            )
        )
    found += [("float", f"float {name}", {"float": name}, double(float(name)), True) for name in FLOATS]
    found.append(("float", "float of 32 bits", {"float": "1.5"}, b"\xca" + struct.pack(">f", 1.5), False))
    found += [("string", f"str of {len(s)}: {s[:6]!r}", {"str": s}, text(s), True) for s in STRINGS]
    for data in (b"", b"\x00\xff", bytes(255), bytes(256), b"\xff\xfe text"):
        found.append(("bytes", f"bytes of {len(data)}", {"bytes": data.hex()}, binary(data), True))
    found += [
        ("list", "empty list", {"list": []}, b"\x90", True),
        ("list", "list", {"list": [ONE, {"list": [TWO]}]}, b"\x92\x01\x91\x02", True),
        ("list", "list of 16", {"list": [ONE] * 16}, b"\xdc\x00\x10" + b"\x01" * 16, True),
        ("tuple", "empty tuple", {"tuple": []}, ext(3, b"\x90"), True),
        ("tuple", "tuple", {"tuple": [ONE, TWO]}, TUPLE, True),
        ("tuple", "nested tuple", {"tuple": [{"tuple": [ONE]}]}, ext(3, b"\x91" + ext(3, b"\x91\x01")), True),
        ("tuple", "tuple in a list", {"list": [{"tuple": [ONE, TWO]}]}, b"\x91" + TUPLE, True),
        ("set", "empty set", {"set": []}, ext(4, b"\x90"), True),
        ("set", "set of one", {"set": [{"str": "a"}]}, ext(4, b"\x91\xa1a"), True),
        ("set", "set of two", {"set": [ONE, TWO]}, ext(4, b"\x92\x01\x02"), False),
        ("frozenset", "empty frozenset", {"frozenset": []}, ext(5, b"\x90"), True),
        ("frozenset", "frozenset of one", {"frozenset": [{"bytes": "00"}]}, ext(5, many(binary(b"\x00"))), True),
        ("frozenset", "frozenset in a set", {"set": [{"frozenset": [ONE]}]}, ext(4, many(ext(5, b"\x91\x01"))), True),
        ("dict", "empty dict", {"dict": []}, b"\x80", True),
        ("dict", "dict of strings", {"dict": [[{"str": "a"}, ONE]]}, b"\x81\xa1a\x01", True),
        ("dict", "dict with an integer key", {"dict": [[ONE, {"str": "a"}]]}, b"\x81\x01\xa1a", True),
        ("dict", "dict with a tuple key", {"dict": [[{"tuple": [ONE, TWO]}, {"str": "b"}]]}, pairs(TUPLE, text("b")), True),
        ("dict", "dict of mixed keys", {"dict": [[ONE, {"str": "a"}], [{"tuple": [ONE, TWO]}, {"str": "b"}]]}, pairs(integer(1), text("a"), TUPLE, text("b")), False),
        ("dict", "dict with a None key", {"dict": [[{"none": True}, {"float": "nan"}]]}, pairs(NIL, double(float("nan"))), True),
        ("dict", "dict with a bytes key", {"dict": [[{"bytes": "00ff"}, ONE]]}, b"\x81\xc4\x02\x00\xff\x01", True),
        ("dict-pairs", "ordered dict", {"dict-pairs": {"kind": 1, "pairs": [[{"str": "b"}, ONE], [{"str": "a"}, TWO]]}}, ext(28, many(integer(1), many(many(text("b"), integer(1)), many(text("a"), integer(2))))), True),
        ("dict-pairs", "empty ordered dict", {"dict-pairs": {"kind": 1, "pairs": []}}, ext(28, b"\x92\x01\x90"), True),
        ("dict-pairs", "dict as pairs", {"dict-pairs": {"kind": 0, "pairs": [[{"int": "2"}, {"str": "b"}], [ONE, {"str": "a"}]]}}, ext(28, many(integer(0), many(many(integer(2), text("b")), many(integer(1), text("a"))))), False),
        ("atom", "atom", {"atom": "ok"}, ext(6, b"ok"), True),
        ("bytearray", "bytearray", {"bytearray": "00ff"}, ext(19, b"\x00\xff"), True),
        ("bytearray", "empty bytearray", {"bytearray": ""}, ext(19, b""), True),
        ("bytearray", "bytearrays in containers", {"dict": [[{"str": "a"}, {"list": [{"bytearray": "01"}, {"tuple": [{"bytearray": ""}]}]}]]}, pairs(text("a"), many(ext(19, b"\x01"), ext(3, many(ext(19, b""))))), True),
        ("surrogate-string", "lone surrogate", {"surrogate-string": SURROGATE.hex()}, ext(20, SURROGATE), True),
        ("surrogate-string", "surrogates and text", {"surrogate-string": "61eda0bd62"}, ext(20, b"a\xed\xa0\xbdb"), True),
        ("surrogate-string", "surrogate as a key", {"dict": [[{"surrogate-string": SURROGATE.hex()}, ONE]]}, pairs(ext(20, SURROGATE), integer(1)), True),
        ("memoryview", "memoryview", {"memoryview": {"format": "B", "shape": [3], "readonly": True, "hex": "010203"}}, ext(25, many(text("B"), many(integer(3)), TRUE) + b"\x01\x02\x03"), True),
        ("memoryview", "writable memoryview, 2 by 2", {"memoryview": {"format": "h", "shape": [2, 2], "readonly": False, "hex": "0100020003000400"}}, ext(25, many(text("h"), many(integer(2), integer(2)), FALSE) + bytes.fromhex("0100020003000400")), True),
        ("memoryview", "empty memoryview", {"memoryview": {"format": "B", "shape": [0], "readonly": True, "hex": ""}}, ext(25, many(text("B"), many(integer(0)), TRUE)), True),
        ("ref", "ref", {"ref": {"number": 1, "type": "builtins.object"}}, ext(16, many(integer(1), text("builtins.object"))), True),
        ("function", "function of two arguments", {"function": {"key": 7, "arity": 2}}, ext(29, many(integer(7), integer(2))), False),
        ("function", "function of no arguments, in a list", {"list": [{"function": {"key": 2**40, "arity": 0}}]}, b"\x91" + ext(29, many(b"\xcf" + (2**40).to_bytes(8, "big"), integer(0))), False),
        ("stream", "stream of items", {"stream": {"key": 7, "kind": "items"}}, ext(27, many(integer(7), text("items"))), False),
        ("stream", "stream of bytes, in a dict", {"dict": [[{"str": "f"}, {"stream": {"key": 300, "kind": "bytes"}}]]}, pairs(text("f"), ext(27, many(integer(300), text("bytes")))), False),
    ]  # fmt: skip
    return found
