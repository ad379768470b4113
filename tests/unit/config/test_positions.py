"""Every key and value of a document is found where it was written, however it was written."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toml_text import Writer

from envmgr.config.positions import Positions, Span

DOCUMENT = """\
# a comment with [brackets] and "quotes"
config-version = 1   # after a value
site."dotted.key".deep = 'literal'

[library]
plain = "pandas<2"

[library.numpy] # header
with = [
  "scipy",  # inside an array
  "a]b",
]
health.calls = [{ call = "numpy.mean", args = [[1, 2], 3] }, {call = "numpy.sum"}]

[ "library" . 'odd name' ]
init = \"\"\"
line with "quotes" and = [x]
\"\"\"\"
when = 1979-05-27 07:32:00 # a date with a blank

[[bench.rows]]
name = 'a'
[[bench.rows]]
name = 'b'
[bench.rows.extra]
deep = 1
[[bench.rows.cells]]
x = 1
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("config-version",), (2, 1, 14), (2, 18, 1)),
        (("site",), (3, 1, 4), (3, 1, 4)),
        (("site", "dotted.key", "deep"), (3, 19, 4), (3, 26, 9)),
        (("library",), (5, 2, 7), (5, 2, 7)),
        (("library", "plain"), (6, 1, 5), (6, 9, 10)),
        (("library", "numpy"), (8, 10, 5), (8, 10, 5)),
        (("library", "numpy", "with"), (9, 1, 4), (9, 8, 1)),
        (("library", "numpy", "with", 0), (10, 3, 7), (10, 3, 7)),
        (("library", "numpy", "with", 1), (11, 3, 5), (11, 3, 5)),
        (("library", "numpy", "health", "calls", 0, "args", 0, 1), (13, 52, 1), (13, 52, 1)),
        (("library", "numpy", "health", "calls", 1, "call"), (13, 63, 4), (13, 70, 11)),
        (("library", "odd name"), (15, 15, 10), (15, 15, 10)),
        (("library", "odd name", "init"), (16, 1, 4), (16, 8, 3)),
        (("library", "odd name", "when"), (19, 1, 4), (19, 8, 19)),
        (("bench", "rows"), (21, 9, 4), (21, 9, 4)),
        (("bench", "rows", 0, "name"), (22, 1, 4), (22, 8, 3)),
        (("bench", "rows", 1), (23, 9, 4), (23, 9, 4)),
        (("bench", "rows", 1, "name"), (24, 1, 4), (24, 8, 3)),
        (("bench", "rows", 1, "extra"), (25, 13, 5), (25, 13, 5)),
        (("bench", "rows", 1, "cells", 0, "x"), (28, 1, 1), (28, 5, 1)),
    ],
)
def test_each_form_of_key_and_value_is_found(path, key, value):
    assert tomllib.loads(DOCUMENT)
    positions = Positions(DOCUMENT)
    assert positions.key(path) == Span(*key)
    assert positions.value(path) == Span(*value)


def test_what_is_not_written_is_at_its_nearest_ancestor():
    positions = Positions(DOCUMENT)
    assert positions.value(("library", "plain", "package")) == Span(6, 9, 10)
    assert positions.key(("library", "numpy", "timeout")) == Span(8, 10, 5)
    assert positions.key(("nothing", "here")) == Span(1, 1, 0)
    assert Positions("").key(("a",)) == Span(1, 1, 0)


NAMES = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=6),
)
SCALARS = st.one_of(
    st.integers(-999, 999),
    st.booleans(),
    st.text(st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters="\n\t"), max_size=12),
    st.dates(),
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=5)


@settings(deadline=None, max_examples=150)
@given(document=DOCUMENTS, data=st.data())
def test_each_path_of_any_document_is_found_where_it_was_written(document, data):
    writer = Writer(lambda *options: data.draw(st.sampled_from(options)))
    writer.table(document, ())
    assert tomllib.loads(writer.text) == document

    positions = Positions(writer.text)
    for (kind, path), offset in writer.offsets.items():
        line = writer.text.count("\n", 0, offset) + 1
        column = offset - (writer.text.rfind("\n", 0, offset) + 1) + 1
        span = getattr(positions, kind)(path)
        assert (span.line, span.column) == (line, column), (kind, path)


def test_a_value_of_many_lines_is_marked_to_the_end_of_its_first():
    assert Positions("a = [\n  1,\n]\n").value(("a",)) == Span(1, 5, 1)
