"""MessagePack put together by hand, from its specification: by none of the codecs that the vectors check."""

from __future__ import annotations

import struct


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
    if value != value:
        return b"\xcb\x7f\xf8" + bytes(6)
    return b"\xcb" + struct.pack(">d", value)


def many(*values: bytes) -> bytes:
    """An array of packed values."""
    if len(values) < 16:
        return bytes([0x90 | len(values)]) + b"".join(values)
    return b"\xdc" + struct.pack(">H", len(values)) + b"".join(values)


def pairs(*values: bytes) -> bytes:
    """A map of packed keys and values, in turn; at most 15 pairs."""
    return bytes([0x80 | len(values) // 2]) + b"".join(values)


def big(value: int) -> bytes:
    magnitude = abs(value)
    return ext(1, bytes([value < 0]) + magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "big"))


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


NIL, FALSE, TRUE = b"\xc0", b"\xc2", b"\xc3"
