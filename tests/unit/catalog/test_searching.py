"""The rule of docs/architecture.md, "How a search ranks", with its own case for each sentence."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.catalog import Filters, layout, likeness, search
from envmgr.catalog.layout import Item
from envmgr.catalog.reading import Catalog
from envmgr.catalog.words import words


def catalog(*objects):
    """Of `path` or `path|alias: summary`, and a kind and flags behind a `#`."""
    items, paths = [], {}
    for number, text in enumerate(objects):
        text, _, more = text.partition("#")
        names, _, summary = text.partition(": ")
        kind, _, flags = more.partition(" ")
        found = names.split("|")
        paths.update(dict.fromkeys(found, number))
        row = [found[0], kind or "function", None, None, summary, int(flags or 0), None]
        items.append(Item(row, {}, words(found, summary)))
    return Catalog(layout.encode({"module": "m"}, paths, items))


def found(where, query, limit=20, **filters):
    return [row.path for _, row in search({"lib": where}, query, Filters(**filters), limit=limit)]


def test_names_before_summaries_whole_words_before_parts_short_paths_before_long_ones():
    where = catalog(
        "mean",
        "stats.mean",
        "mean_of_rows",
        "nanmean",
        "meanings",
        "mean.inner",
        "other|means: no",
        "average: the mean",
        "unrelated",
    )
    assert found(where, "mean") == [
        "mean", "stats.mean", "meanings", "mean_of_rows", "nanmean", "mean.inner", "average", "other",
    ]  # fmt: skip
    assert found(where, "MEAN", limit=2) == ["mean", "stats.mean"]
    assert found(where, "zebra") == found(where, "") == found(where, " . ") == []


def test_a_path_as_it_is_written_comes_first():
    where = catalog("a.b.read", "read", "Frame.read|Series.read")
    assert found(where, "read") == ["read", "a.b.read", "Frame.read"]
    assert found(where, "Series.read")[0] == "Frame.read"
    assert found(where, "lib.Series.read")[0] == "Frame.read"
    assert found(where, "a.b.read")[0] == "a.b.read"


def test_more_words_go_before_cheaper_ones():
    where = catalog("csv", "read_csv", "load: read the csv", "read")
    assert found(where, "read csv") == ["read_csv", "load", "csv", "read"]
    assert found(where, "csv read csv") == found(where, "csv.read")


def test_slips_of_the_keyboard():
    where = catalog("DataFrame", "median", "sum")
    assert found(where, "datafarme") == found(where, "dtaframe") == found(where, "datfarme") == ["DataFrame"]
    assert found(where, "medain") == found(where, "mediann") == found(where, "edian") == ["median"]
    assert found(where, "mdeain") == []  # two slips in seven letters at most
    assert found(where, "smu") == []  # three letters: none


def test_near_words_are_not_looked_for_where_the_word_itself_is_known():
    where = catalog("mean", "meant", "bean")
    assert found(where, "mean") == ["mean", "meant"]
    assert found(where, "nean") == ["bean", "mean"]


def test_filters():
    where = catalog("io.read#function", "io.Read#class", "io.old.read#function 1", "iota.read#function")
    assert found(where, "read", kind="class") == ["io.Read"]
    assert found(where, "read", module="io") == ["io.Read", "io.read", "io.old.read"]
    assert found(where, "read", module="io.read") == ["io.read"]
    assert found(where, "read", deprecated=True) == ["io.old.read"]
    assert "io.old.read" not in found(where, "read", deprecated=False)
    assert found(where, "read", kind="function", limit=1) == ["io.read"]


def test_libraries_are_ranked_together():
    both = {"two": catalog("mean", "x.mean"), "one": catalog("mean")}
    assert [(library, row.path) for library, row in search(both, "mean", limit=9)] == [
        ("one", "mean"), ("two", "mean"), ("two", "x.mean"),
    ]  # fmt: skip


def test_a_query_without_bounds_is_bounded():
    where = catalog("mean", *(f"name_{number}" for number in range(500)))
    assert found(where, "x" * 100_000 + " mean") == ["mean"]
    assert found(where, " ".join(f"word{number}" for number in range(10_000))) == []


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("ab", "ba", 1),
        ("abc", "ca", 3),
        ("kitten", "sitting", 3),
        ("", "ab", 2),
        ("same", "same", 0),
        ("abcd", "acbd", 1),
    ],
)
def test_the_distance_is_optimal_string_alignment(one, other, apart):
    assert likeness.distance(one, other, 5) == likeness.distance(other, one, 5) == apart
    assert likeness.distance(one, other, 1) == min(apart, 2)


WORDS = st.text("abcd", min_size=1, max_size=10)


@given(WORDS, st.lists(WORDS, unique=True, max_size=20))
def test_looking_at_masks_first_loses_nothing(word, vocabulary):
    fast = dict(likeness.alike(word, vocabulary, [likeness.mask(other) for other in vocabulary]))
    slow = dict(likeness.alike(word, vocabulary, [likeness.mask(word)] * len(vocabulary)))
    assert fast == slow


def test_the_golden_searches_that_elixir_is_held_against_too():
    """`tests/wire/make_search.py` wrote them."""
    wire = Path(__file__).parents[2] / "wire"
    where = Catalog((wire / "search.catalog").read_bytes())
    for case in json.loads((wire / "search.json").read_text(encoding="utf-8")):
        answers = search(
            {"lib": where, "another": where}, case["query"], Filters(**case["filters"]), limit=12
        )
        assert [f"{library}.{row.path}" for library, row in answers] == case["found"], case["query"]
