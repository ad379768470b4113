"""What Python has itself."""

from __future__ import annotations

import collections
import dataclasses
import decimal
import enum
import fractions
import pathlib
import struct
import uuid
from typing import Any, NamedTuple


class Colour(enum.Enum):
    RED = 1
    GREEN = "g"
    BLUE = (0, 0, 255)
    CRIMSON = 1


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(str, enum.Enum):
    YES = "yes"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Bits(enum.IntFlag):
    A = 1
    B = 2


class Point(NamedTuple):
    x: float
    y: Any = None


Pair = collections.namedtuple("Pair", "left right")
Empty = collections.namedtuple("Empty", "")


@dataclasses.dataclass
class Item:
    name: str
    price: decimal.Decimal
    tags: list = dataclasses.field(default_factory=list)
    parent: Any = None


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int
    y: tuple = ()


class Outer:
    @dataclasses.dataclass
    class Inner:
        value: Any

    class Kind(enum.Enum):
        ONE = 1


@dataclasses.dataclass
class Child(Item):
    more: Any = None


@dataclasses.dataclass
class Slotted:
    __slots__ = ("a", "b")
    a: int
    b: Any


def values() -> dict[str, Any]:
    found: dict[str, Any] = {"none": None, "true": True, "false": False}
    for n in (
        0,
        1,
        -1,
        31,
        32,
        -32,
        -33,
        127,
        128,
        255,
        256,
        -128,
        -129,
        65535,
        65536,
        -32768,
        -32769,
        2**31 - 1,
        2**31,
        -(2**31),
        -(2**31) - 1,
        2**32 - 1,
        2**32,
        2**53 + 1,
        2**63 - 1,
        2**63,
        -(2**63),
        -(2**63) - 1,
        2**64 - 1,
        2**64,
        -(2**64),
        2**127,
        10**100,
        -(10**1000),
        7**20000,
    ):
        found[f"int {n if abs(n) < 2**70 else n.bit_length()} {n < 0}"] = n
    for x in (
        0.0,
        -0.0,
        0.1,
        -1.5,
        1e308,
        5e-324,
        2.2250738585072014e-308,
        float("inf"),
        float("-inf"),
        float("nan"),
        1e16,
        2.0**63,
    ):
        found[f"float {x!r}"] = x
    found["float nan with payload"] = struct.unpack("d", struct.pack("Q", 0x7FF8000000000123))[0]
    for text in (
        "",
        "a",
        "ä€𝄞",
        "\0",
        "a\0b",
        "x" * 31,
        "x" * 32,
        "x" * 255,
        "x" * 256,
        "x" * 65535,
        "x" * 65536,
        "é" * 200000,
        "\ud800",
        "a\udfffb",
        "\ud83d\ude00",
        "\ufffe\uffff",
        "\r\n\t",
        "\u202e",
        "e\u0301",
        "nil",
        "true",
    ):
        found[f"str {len(text)} {text[:3]!a}"] = text
    for size in (0, 1, 31, 32, 255, 256, 65535, 65536, 131071, 131072, 262143, 262144, 262145, 3_000_000):
        data = bytes(range(256)) * (size // 256 + 1)
        found[f"bytes {size}"] = data[:size]
        found[f"bytearray {size}"] = bytearray(data[:size])
        found[f"memoryview {size}"] = memoryview(data[:size])
    found.update(
        {
            "memoryview writable": memoryview(bytearray(b"abcdef")),
            "memoryview cast": memoryview(struct.pack("4i", 1, 2, 3, 4)).cast("i"),
            "memoryview cast 2d": memoryview(bytes(12)).cast("B", [3, 4]),
            "memoryview double": memoryview(struct.pack("2d", 1.5, -0.0)).cast("d"),
        }
    )
    complexes = [
        complex(re, im) for re in (0.0, -0.0, 1.5, float("inf"), float("nan")) for im in (0.0, -0.0, -2.5)
    ]
    found.update({f"complex {z!r}": z for z in complexes})
    for text in (
        "0",
        "-0",
        "0.00",
        "1.10",
        "1E+5",
        "-1.5E-400",
        "NaN",
        "-NaN",
        "sNaN123",
        "Infinity",
        "-Infinity",
        "123456789" * 20,
        "1E+999999",
    ):
        found[f"decimal {text[:20]}"] = decimal.Decimal(text)
    found.update(
        {
            "fraction": fractions.Fraction(1, 3),
            "fraction whole": fractions.Fraction(5),
            "fraction negative": fractions.Fraction(-(10**50), 3**60),
            "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
            "uuid zero": uuid.UUID(int=0),
            "list empty": [],
            "list 15": list(range(15)),
            "list 16": list(range(16)),
            "list 70000": list(range(70000)),
            "list of lists": [[[[]]], [[], [1]]],
            "tuple empty": (),
            "tuple one": (1,),
            "tuple nested": (1, (2, (3, ())), [4, (5,)]),
            "tuple 70000": tuple(range(70000)),
            "set empty": set(),
            "set": {1, "a", (1, 2), None, 2.5, b"x"},
            "set of frozensets": {frozenset(), frozenset({1}), frozenset({frozenset({1})})},
            "set of surrogates": {"\ud800", "a"},
            "frozenset empty": frozenset(),
            "frozenset": frozenset({1, 2, "x"}),
            "set large": set(range(5000)),
            "dict empty": {},
            "dict order": {"z": 1, "a": 2, "m": 3},
            "dict any keys": {
                1: "int",
                2.5: "float",
                None: "none",
                True + 1: "two",
                b"b": "bytes",
                (1, (2,)): "tuple",
                frozenset({1}): "set",
                decimal.Decimal("9.5"): "dec",
                uuid.UUID(int=3): "uuid",
                Colour.RED: "enum",
                Point(1, 2): "nt",
                Frozen(1): "dc",
                range(3): "range",
                ...: "ellipsis",
                pathlib.PurePosixPath("/x"): "path",
                fractions.Fraction(1, 3): "fr",
                1j: "c",
            },
            "dict bool keys": {True: 1, False: 0},
            "dict surrogate key": {"\ud800": "\udfff"},
            "dict big key": {2**100: -(2**100)},
            "dict large": {f"key {i}": i for i in range(20000)},
            "dict ints": {i: str(i) for i in range(300)},
            "dict of nan": {float("nan"): 1, float("nan"): 2},
            "dict long key": {"k" * 100000: "v" * 100000},
            "ordered dict": collections.OrderedDict([("b", 1), ("a", collections.OrderedDict())]),
            "range": range(10),
            "range empty": range(0),
            "range empty odd": range(5, 1),
            "range steps": range(10, 0, -3),
            "range odd stop": range(0, 10, 3),
            "range large": range(-(2**70), 2**70, 2**65),
            "slice": slice(1, None, -1),
            "slice of anything": slice("a", (1, 2), 3.5),
            "ellipsis": ...,
            "not implemented": NotImplemented,
            "path posix": pathlib.PurePosixPath("/a/b/../c"),
            "path windows": pathlib.PureWindowsPath("C:\\x\\y"),
            "path": pathlib.Path("a/b"),
            "path surrogate": pathlib.Path("a\udcff"),
            "path empty": pathlib.Path(),
            "enum": Colour.RED,
            "enum tuple": Colour.BLUE,
            "enum int": Level.HIGH,
            "enum str": Word.YES,
            "enum nested": Outer.Kind.ONE,
            "flag": Rights.READ,
            "flag both": Rights.READ | Rights.WRITE,
            "flag none": Rights(0),
            "intflag": Bits.A | Bits.B,
            "intflag beyond": Bits(9),
            "namedtuple": Point(1.5, [1]),
            "namedtuple old": Pair((1,), Pair(1, 2)),
            "namedtuple empty": Empty(),
            "dataclass": Item("tea", decimal.Decimal("1.50"), ["a"], Item("x", decimal.Decimal(1))),
            "dataclass frozen": Frozen(1, (2,)),
            "dataclass inner": Outer.Inner(Outer.Inner(None)),
            "dataclass child": Child("c", decimal.Decimal(2), [], None, {"a": 1}),
            "dataclass slots": Slotted(1, Slotted(2, None)),
        }
    )
    return found
