"""What is written means what was meant."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from envmgr.config.toml import toml_key, toml_value

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(keys=st.lists(TEXT, min_size=1, max_size=3), value=VALUES)
def test_tomllib_reads_it_back(keys, value):
    found = tomllib.loads(f"{toml_key(keys)} = {toml_value(value)}")
    for key in keys:
        found = found[key]
    assert found == value
