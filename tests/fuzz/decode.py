"""Fuzzes the decoder of values: `python tests/fuzz/decode.py COUNT [SEED]`.

Each case is bytes: random ones, extensions with something random inside, MessagePack built at random with all
extension types in it, and golden vectors that are mutated and spliced. Decoding may answer a value, or raise
`ConversionError`, `StaleRef` or `RefLimit`: within a second, and without the process growing. Each value
that comes out is encoded and decoded again. A case that breaks this ends the run; it is printed in hexadecimal.
"""

from __future__ import annotations

import faulthandler
import json
import random
import resource
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError, RefLimit, StaleRef

ROOT = Path(__file__).parents[2]
CODES = [*range(1, 38), 2, 27, 29, 38, 127, 200]
SLOWEST = 1.0
"""Seconds for one case."""
GROWTH = 256 << 20
"""Bytes that the process may grow by between its first tenth and its end."""
WORDS = [
    "int64", "<f8", "<M8[ns]", "|S3", "<U2", "object", "struct", "sub", "string", "C", "F", "matrix", "recarray",
    "B", "i", "vector_types.Order", "vector_types.Point", "vector_types.Color", "vector_types.Access", "RED", "id",
    "items", "x", "y", "Europe/Rome", "Etc/UTC", "UTC+02:00", "PurePosixPath", "Ellipsis", "pandas.NaT", "a",
    "pandas.DataFrame", "pandas.Series", "pandas.Index", "pandas.Timestamp", "pandas.Categorical", "scipy.sparse",
    "rows", "class", "unit", "value", "ns", "dtype", "codes", "categories", "csr_matrix", "shape", "data",
]  # fmt: skip
NUMBERS = [
    0,
    1,
    2,
    3,
    5,
    127,
    128,
    255,
    2**16,
    2**31,
    2**32 - 1,
    2**62,
    2**63 - 1,
    -1,
    -5,
    -128,
    -(2**31),
    -(2**63),
]


def seeds() -> list[bytes]:
    """The golden vectors."""
    vectors = json.loads((ROOT / "tests" / "wire" / "vectors.json").read_text(encoding="utf-8"))
    return [bytes.fromhex(vector["hex"]) for vector in vectors]


def extension(data: bytes) -> tuple[int, bytes] | None:
    """(code, inside) of bytes that are one extension."""
    if 0xD4 <= data[0] <= 0xD8:
        return data[1], data[2:]
    start = {0xC7: 2, 0xC8: 3}.get(data[0])
    return None if start is None else (data[start], data[start + 1 :])


class Cases:
    """An endless supply of bytes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._seeds = seeds()
        self._extensions = [found for found in map(extension, self._seeds) if found is not None]
        self._kinds: list[Callable[[], bytes]] = [self._noise, self._extension, self._value, self._value]
        self._kinds += [self._mutated] * 2 + [self._rewrapped] * 4

    def __next__(self) -> bytes:
        return self._random.choice(self._kinds)()

    def _bytes(self, count: int) -> bytes:
        return bytes(self._random.getrandbits(8) for _ in range(count))

    def _noise(self) -> bytes:
        return self._bytes(self._random.randrange(40))

    def _extension(self) -> bytes:
        inside = self._random.choice([self._noise, self._value])()
        if self._random.random() < 0.3:
            inside += self._noise()
        return self._ext(self._random.choice(CODES), inside)

    def _rewrapped(self) -> bytes:
        """A golden extension with something else inside, and the right length."""
        code, inside = self._random.choice(self._extensions)
        if self._random.random() < 0.1:
            code = self._random.choice(CODES)
        data = self._ext(code, self._changed(inside))
        return data if self._random.random() < 0.7 else self._ext(3, b"\x91" + data)

    def _mutated(self) -> bytes:
        return self._changed(self._random.choice(self._seeds))

    def _changed(self, data: bytes | bytearray) -> bytes:
        data = bytearray(data)
        for _ in range(self._random.randrange(1, 5)):
            place, what = self._random.randrange(len(data) + 1), self._random.randrange(6)
            if what == 0:
                data[place : place + 1] = self._bytes(1)
            elif what == 1:
                data[place : place + self._random.randrange(4)] = b""
            elif what == 2:
                data[place:place] = self._noise()
            elif what == 3:
                data[place : place + 1] = self._random.choice(self._seeds)
            elif what == 4:
                data[place : place + 1] = self._value()
            else:
                data[place : place + 4] = struct.pack(">I", self._random.choice([2**31, 2**32 - 1, 2**16, 1]))
        return bytes(data)

    def _value(self, depth: int = 0) -> bytes:
        pick = self._random.random()
        if depth < 6 and pick < 0.55:
            inside = [self._value(depth + 1) for _ in range(self._random.randrange(5))]
            if pick < 0.2:
                return bytes([0x90 | len(inside)]) + b"".join(inside)
            if pick < 0.3:
                return bytes([0x80 | len(inside) // 2]) + b"".join(inside[: len(inside) // 2 * 2])
            data = bytes([0x90 | len(inside)]) + b"".join(inside)
            return self._ext(self._random.choice(CODES), data + self._tail())
        if pick < 0.75:
            return self._text()
        if pick < 0.9:
            return b"\xd3" + struct.pack(">q", self._random.choice(NUMBERS))
        if pick < 0.95:
            return b"\xc4" + bytes([n := self._random.randrange(20)]) + self._bytes(n)
        return self._random.choice([b"\xc0", b"\xc2", b"\xc3", b"\xcb" + self._bytes(8)])

    def _tail(self) -> bytes:
        return self._bytes(self._random.choice([0, 0, 0, 8, 16, 24, 3]))

    def _text(self) -> bytes:
        data = self._random.choice(WORDS).encode()
        return bytes([0xD9, len(data)]) + data

    @staticmethod
    def _ext(code: int, data: bytes) -> bytes:
        return b"\xc8" + struct.pack(">H", len(data)) + bytes([code & 0xFF]) + data


class Buffers:
    """A lane whose buffers are what they are asked to be, up to a size."""

    def put(self, view: Any) -> int | None:
        return None

    def take(self, index: Any, size: Any) -> Any:
        if type(size) is not int or not 0 <= size < 1 << 20 or index not in (0, 1):
            raise ConversionError("no such buffer")
        return bytearray(size) if index else bytes(size)

    def mark(self) -> None:
        return None

    def back(self, mark: None) -> None:
        return None


def run(count: int, seed: int) -> dict[str, int]:
    """How many cases were values, and how many were refused. Raises `AssertionError` with the case that is wrong."""
    try:
        return _run(count, seed)
    finally:  # a watch that is left behind would end whatever this process does a minute later
        faulthandler.cancel_dump_traceback_later()


def _run(count: int, seed: int) -> dict[str, int]:
    cases, refs = Cases(seed), RefTable()
    codec = Codec(refs, lane=Buffers())
    found = {"values": 0, "refused": 0}
    early = 0
    for number in range(count):
        data = next(cases)
        if number % 1000 == 0:
            faulthandler.dump_traceback_later(60, exit=True)
        if number == count // 10:
            early = resident()
        started = time.perf_counter()
        try:
            found["values" if _passes(codec, data) else "refused"] += 1
        except Exception:  # noqa: BLE001 - any other is what is looked for
            raise AssertionError(
                f"case {number} of seed {seed}: {data.hex()}\n{traceback.format_exc()}"
            ) from None
        took = time.perf_counter() - started
        assert took < SLOWEST, f"case {number} of seed {seed} took {took:.1f} s: {data.hex()}"
        refs.release(list(refs._objects))
        codec.warnings.clear()
    grown = resident() - early
    assert grown < GROWTH, f"the process grew by {grown >> 20} MiB"
    return found


def _passes(codec: Codec, data: bytes) -> bool:
    """Whether it is a value; if so, whether that comes back is judged too. Raises what no decoder may."""
    try:
        value = codec.decode(data)
    except (ConversionError, StaleRef, RefLimit) as error:
        words = str(error)
    else:
        again = codec.decode(codec.encode(value))
        assert type(again) in type(value).__mro__, "numpy.float64 may come back as float, and so on"
        return True
    assert len(words) < 20_000
    return False


def resident() -> int:
    """Bytes at most so far."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def main(arguments: list[str]) -> None:
    count = int(arguments[0]) if arguments else 10_000
    seed = int(arguments[1]) if len(arguments) > 1 else random.randrange(2**32)
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(ROOT / "tests" / "runtime"))
    __import__("vector_types")
    started = time.perf_counter()
    print(f"seed {seed}", flush=True)
    found = run(count, seed)
    print(f"{count} cases in {time.perf_counter() - started:.0f} s: {found}; {resident() >> 20} MiB at most")


if __name__ == "__main__":
    main(sys.argv[1:])
