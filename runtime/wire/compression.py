"""Compressed buffers in the second lane: chunks of a 4-byte length and that many bytes, ended by a length of 0.

The chunks of a buffer together are one zlib stream (RFC 1950): what both Python and OTP have.
"""

from __future__ import annotations

import zlib
from typing import Callable, Iterator

FORMATS = ("zlib",)
_SLICE = 1 << 20
_FAST = 1
"""zlib's level. Higher ones take several times as long for a few per cent."""


def chunks(view: memoryview) -> Iterator[bytes]:
    """What is written for a buffer. Memory beyond it: about one slice of 1 MiB."""
    stream = zlib.compressobj(_FAST)
    for start in range(0, view.nbytes, _SLICE):
        yield from _framed(stream.compress(view[start : start + _SLICE]))
    yield from _framed(stream.flush())
    yield bytes(4)


def receive(read: Callable[[int], bytes], put: Callable[[bytes], None]) -> None:
    """Reads one buffer by `read(count)`, and hands its bytes on. Raises `ValueError` and what `read` and
    `put` raise.
    """
    stream = zlib.decompressobj()
    while True:
        length = int.from_bytes(read(4), "big")
        if length == 0:
            return
        try:
            put(stream.decompress(read(length)))
        except zlib.error as error:
            raise ValueError(f"a compressed buffer is broken: {error}") from error


def _framed(data: bytes) -> Iterator[bytes]:
    if data:
        yield len(data).to_bytes(4, "big")
        yield data
