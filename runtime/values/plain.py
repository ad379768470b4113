"""Extension types of plain values: big integers, tuples, sets, atoms (`docs/protocol.md` §4)."""

from __future__ import annotations

BIG_INTEGER = 1
TUPLE = 3
SET = 4
ATOM = 6
ARRAY = 14
REF = 16
SCALAR = 31


class Atom(str):
    """An Elixir atom. To Python it is the string of its name; it goes back as the atom."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Atom({str(self)!r})"


def pack_integer(value: int) -> bytes:
    magnitude = abs(value)
    return bytes([value < 0]) + magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "big")


def unpack_integer(data: bytes) -> int:
    if not data or data[0] > 1:
        raise ValueError("a big integer without a sign byte")
    magnitude = int.from_bytes(data[1:], "big")
    return -magnitude if data[0] else magnitude
