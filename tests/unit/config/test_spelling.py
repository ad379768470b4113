"""TOML text that says what was meant."""

import datetime
import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.config.spelling import document, value_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_what_is_read_is_what_was_meant(table):
    assert tomllib.loads(document(table)) == table


def test_tables_have_headers():
    table = {"version": 1, "library": {"a b": {"x": True, "health": {"calls": [{"call": "a.b"}]}}, "c": {}}}
    assert document(table) == (
        'version = 1\n\n[library."a b"]\nx = true\n\n[library."a b".health]\ncalls = [{ call = "a.b" }]\n\n[library.c]\n'
    )


def test_numbers_without_a_value():
    assert math.isnan(tomllib.loads(f"x = {value_of(math.nan)}")["x"])


def test_dates_are_not_spelled():
    with pytest.raises(TypeError):
        value_of(datetime.date(2026, 1, 1))
