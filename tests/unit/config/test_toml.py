"""TOML text that says what was meant."""

from __future__ import annotations

import datetime
import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.config.toml import toml_document, toml_key, toml_value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=9,
)


@given(table=st.dictionaries(TEXT, VALUES, max_size=4))
def test_a_document_is_read_as_it_was_meant(table):
    assert tomllib.loads(toml_document(table)) == table


@given(keys=st.lists(TEXT, min_size=1, max_size=3), value=VALUES)
def test_a_key_and_a_value_are_read_as_they_were_meant(keys, value):
    found = tomllib.loads(f"{toml_key(keys)} = {toml_value(value)}")
    for key in keys:
        found = found[key]
    assert found == value


def test_tables_have_headers():
    table = {"version": 1, "library": {"a b": {"x": True, "health": {"calls": [{"call": "a.b"}]}}, "c": {}}}
    assert toml_document(table) == (
        'version = 1\n\n[library."a b"]\nx = true\n\n[library."a b".health]\ncalls = [{ call = "a.b" }]\n\n[library.c]\n'
    )


def test_numbers_without_a_value():
    assert math.isnan(tomllib.loads(f"x = {toml_value(math.nan)}")["x"])


def test_dates_are_not_written():
    with pytest.raises(TypeError):
        toml_value(datetime.date(2026, 1, 1))
