"""The golden bytes that both languages pass (tests/wire/vectors.json), and the table that they belong to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import ClassVar

import pytest
from tagged import KEPT, Functions, same, value_of
from vector_types import Plain

from envmgr_runtime.values import codes
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.records import pack_object

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests" / "wire" / "vectors.json").read_text(encoding="utf-8"))


class Refs:
    """One object, of number 1."""

    def put(self, value):
        assert value is KEPT
        return 1, "builtins.object"

    def get(self, number, type_name):
        assert (number, type_name) == (1, "builtins.object")
        return KEPT

    def back(self, mark):
        raise AssertionError(mark)


class ByValue:
    """Configuration: objects of `Plain` are sent by their attributes."""

    unpackers: ClassVar[dict] = {}

    def find(self, kind):
        return pack_object if kind is Plain else None

    def by_attributes(self, kind):
        return kind is Plain


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector):
    if vector["row"] in ("frame", "object", "pickle", "custom") or "pandas" in str(vector["value"]):
        pytest.skip("tested beside what makes it")
    data, expected = bytes.fromhex(vector["hex"]), value_of(vector["value"])
    codec = Codec(Refs(), ByValue(), None, Functions())
    decoded = codec.decode(data)
    assert same(decoded, expected), (decoded, expected)
    if vector["row"] in ("function", "stream"):
        return  # from Elixir only
    encoded = codec.encode(expected)
    if vector["encode"]:
        assert encoded == data
    assert same(codec.decode(encoded), expected)
    assert codec.warnings == []


WITHOUT_VECTORS = {
    "second-lane": "its bytes are two: a descriptor, and a buffer beside the payload (tests of the lane)",
}


def table():
    """(row, code or None) of each type in docs/types.md."""
    text = (ROOT / "docs" / "types.md").read_text(encoding="utf-8")
    own, extensions = text.split("## Extension types")
    own_rows = re.findall(r"^\| ([a-z-]+) \| `", own, re.MULTILINE)
    rows = re.findall(r"^\| ([a-z-]+) \| (\d+) \|", extensions, re.MULTILINE)
    return [(row, None) for row in own_rows] + [(row, int(code)) for row, code in rows]


def test_each_row_of_the_table_has_vectors():
    rows = {row for row, _ in table()}
    with_vectors = {vector["row"] for vector in VECTORS}
    assert with_vectors <= rows
    assert rows - with_vectors == set(WITHOUT_VECTORS)


def test_the_codes_are_those_of_the_table():
    in_table = sorted(code for _, code in table() if code is not None)
    ours = {name: code for name, code in vars(codes).items() if name.isupper() and name != "BYTES"}
    assert sorted(ours.values()) == in_table
    assert len(table()) == len(in_table) + 8


@pytest.mark.parametrize(("row", "code"), [pair for pair in table() if pair[1] is not None])
def test_vectors_carry_the_code_of_their_row(row, code):
    """The outermost extension, or one inside a container."""
    heads = {f"{size}{code:02x}" for size in ("d4", "d5", "d6", "d7", "d8")}
    pattern = re.compile("|".join([*heads, f"c7..{code:02x}", f"c8....{code:02x}"]))
    for vector in VECTORS:
        if vector["row"] == row:
            assert pattern.search(vector["hex"]), vector["name"]


def test_names_are_told_apart():
    names = [vector["name"] for vector in VECTORS]
    assert len(set(names)) == len(names)
