"""Catalog files: golden bytes that Elixir's reader is held against too, and any tree of names."""

from itertools import pairwise
from pathlib import Path

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.catalog import facts, read, writing
from envmgr.catalog.facts import Facts, Object
from envmgr.catalog.layout import Item, decode_head, encode
from envmgr.catalog.nearby import near
from envmgr.catalog.reading import Catalog

GOLDEN = Path(__file__).parents[2] / "wire" / "golden.catalog"


def golden() -> bytes:
    """A library of three objects with every kind of fact."""
    mean = Object(
        ["mean", "stats.mean"],
        "function",
        "tiny.stats",
        "mean",
        [
            ["values", 1, None, "ndarray", "ArrayLike", None],
            ["axis", 3, "None", None, "int | None", ["int", "none"]],
        ],
        "float",
        [([["values", 0, None, None, None, None]], "float"), (None, None)],
        "The mean.\n\nOf all values.",
        "tiny/stats.py",
        7,
        origins={
            "signature": facts.STUB,
            "types": facts.STUB,
            "returns": facts.DOCSTRING,
            "doc": facts.RUNTIME,
        },
    )
    mean.parsed = {"style": "numpy", "summary": "The mean."}
    mean.deprecated = "use average"
    table = Object(["Table"], "class", "tiny", "Table", [["rows", 1, None, None, None, None]])
    size = Object(["Table.größe"], "constant", "tiny", value="3")
    errors = [["tiny.broken", "ImportError: no"]]
    return writing.encode(Facts("tiny", "tiny-dist", "1.0", "3.11.7", "/", errors, [table, size, mean]))


def test_the_golden_file_is_what_is_written():
    assert golden() == GOLDEN.read_bytes()


def test_the_golden_file_by_hand():
    """Without our reader: as docs/protocol.md says."""
    content = GOLDEN.read_bytes()
    assert content[:8] == b"envcat02"
    size = int.from_bytes(content[8:12], "little")
    head = msgpack.unpackb(content[12 : 12 + size])
    places = head.pop("sections")
    assert head == {
        "schema": 2,
        "module": "tiny",
        "version": "1.0",
        "distribution": "tiny-dist",
        "python": "3.11.7",
        "errors": [["tiny.broken", "ImportError: no"]],
        "paths": 4,
        "objects": 3,
        "words": 5,
    }

    def section(name):
        begin, length = places[name]
        return content[12 + size + begin :][:length]

    def integers(name):
        packed = section(name)
        return [int.from_bytes(packed[at : at + 4], "little") for at in range(0, len(packed), 4)]

    assert section("names") == "TableTable.größemeanstats.mean".encode()
    assert integers("paths") == [0, 0, 5, 1, 18, 2, 22, 2, 32, 0]
    begins = integers("offsets")
    rows = [msgpack.unpackb(section("rows")[a:b]) for a, b in pairwise(begins)]
    assert begins[-1] == len(section("rows"))
    assert rows == [
        ["Table", "class", [["rows", 1, None]], None, "", 0, None],
        ["Table.größe", "constant", None, None, "", 0, None],
        [
            "mean",
            "function",
            [
                ["values", 1, None, "ndarray", "ArrayLike", None],
                ["axis", 3, "None", None, "int | None", ["int", "none"]],
            ],
            "float",
            "The mean.",
            1 + 2 + 4 + 16,
            [[[["values", 0, None]], "float"], [None, None]],
        ],
    ]
    assert section("vocabulary").decode() == "größe\nmean\nstats\ntable\nthe\n"
    begins = integers("posting-offsets")
    assert [integers("postings")[a // 4 : b // 4] for a, b in pairwise(begins)] == [
        [1],
        [2],
        [2],
        [0, 1],
        [2],
    ]


def test_details_are_read_one_by_one(tmp_path):
    catalog = read(GOLDEN)
    assert catalog.detail(2) == {
        "path": "mean",
        "aliases": ["stats.mean"],
        "kind": "function",
        "doc": "The mean.\n\nOf all values.",
        "parsed": {"style": "numpy", "summary": "The mean."},
        "module": "tiny.stats",
        "file": "tiny/stats.py",
        "line": 7,
        "deprecated": "use average",
        "origins": {"doc": "runtime", "returns": "docstring", "signature": "stub", "types": "stub"},
        "value": None,
    }
    assert catalog.detail(1)["value"] == "3"
    with pytest.raises(IndexError):
        catalog.detail(-1)


def test_a_path_and_its_alias_lead_to_one_row():
    catalog = read(GOLDEN)
    row = catalog.get("stats.mean")
    assert row == catalog.get("mean")
    assert (row.path, row.deprecated, row.returns) == ("mean", True, "float")
    assert [catalog.get(path) for path in ("", "m", "means", "stats", "\udc80", "z")] == [None] * 6
    assert near(catalog, "stats.maen") == ["mean"]
    assert near(catalog, "quite.different") == []
    assert catalog.under("") == ["Table", "mean"]
    assert catalog.under("stats") == ["mean"]
    assert [row.path for row in catalog.rows()] == ["Table", "Table.größe", "mean"]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\n"), min_size=1, max_size=9)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(".".join)


@given(st.dictionaries(PATHS, st.integers(0, 5), max_size=40), st.lists(PATHS, max_size=10))
def test_every_path_is_found_and_no_other(tree, others):
    long = "x" * 70_000
    items = [
        Item(
            [f"{'y' * length}{number}", "function", None, None, long, 0, None],
            {"n": number},
            frozenset({"w", f"w{number}"}),
        )
        for number, length in enumerate((0, 30, 31, 255, 70_000, 1))
    ]
    catalog = Catalog(encode({"module": "m"}, tree, items))
    assert {path: catalog.find(path) for path in tree} == tree
    assert all(catalog.find(path) == tree.get(path) for path in others)
    assert catalog.paths() == sorted(tree, key=str.encode)
    for number, item in enumerate(items):
        assert catalog.path(number) == item.row[0] == catalog.row(number).path
        assert catalog.detail(number) == item.detail
    words = catalog.vocabulary()
    assert catalog.having(words.index("w")) == (0, 1, 2, 3, 4, 5)
    assert encode({"module": "m"}, dict(reversed(tree.items())), items) == encode(
        {"module": "m"}, tree, items
    )


@given(st.binary(max_size=80))
def test_what_is_no_catalog_is_refused_in_words(content):
    for damaged in (content, b"envcat02" + content, GOLDEN.read_bytes()[: len(content)]):
        with pytest.raises(ValueError, match="no catalog"):
            Catalog(damaged)


def test_one_of_another_schema_and_one_cut_short_are_refused(tmp_path):
    content = GOLDEN.read_bytes()
    head, _ = decode_head(content)
    packed = msgpack.packb(head)
    other = msgpack.packb({**head, "schema": 3})
    with pytest.raises(ValueError, match="its schema is 3"):
        Catalog(content.replace(packed, other))
    with pytest.raises(ValueError, match="cut short"):
        Catalog(content[:-1])
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")
