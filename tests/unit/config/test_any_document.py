"""Whatever a well-formed TOML file says, it is a project, or there are words why not. Never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.config.json_schema import json_schema
from envmgr.config.layers import Layers
from envmgr.config.loading import load_merged, load_project
from envmgr.config.migration import STEPS, migrate
from envmgr.config.provenance import settings as origins
from envmgr.config.source import parse
from envmgr.config.toml import toml_document
from envmgr.errors import EnvmgrError

PATH = Path("/nowhere/envmgr.toml")
TABLES = [json_schema(), *json_schema()["$defs"].values()]
KEYS = sorted({key for table in TABLES for key in table["properties"]})
DRAFT_KEYS = sorted({key for step in STEPS.values() for pattern in step.keys for key in pattern})
WORDS = ["", "six", "1s", ">=1", "3.12", "six<2", "thread", "six.f"]
SCALARS = st.sampled_from([True, -1, 0, 1, 10**20, 1.5, *WORDS])


def documents(keys):
    names = st.sampled_from([*keys, "six", "prod", "a.b", ""])
    values = st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3),
        max_leaves=12,
    )
    return st.dictionaries(st.sampled_from(keys), values, max_size=4)


def tables(keys):
    """Of the shape of a file, so that what is inside is looked at."""
    inner = documents(keys)
    named = st.dictionaries(st.sampled_from(["six", "prod", "numpy"]), inner | st.just("six"), max_size=2)
    shape = {
        key: named for key in ("library", "environment", "profile", "libraries", "profiles") if key in keys
    }
    return st.fixed_dictionaries({}, optional={**shape, "defaults": inner})


def refusal(action):
    """The E-CONFIG with which it ends, if it does."""
    try:
        action()
    except EnvmgrError as error:
        return error
    return None


def check(error):
    assert error is None or error.code in ("E-CONFIG", "E-USAGE")
    if error is not None and error.code == "E-CONFIG":
        assert json.loads(json.dumps(error.details))["problems"]


@pytest.mark.parametrize("shape", [documents, tables])
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_file_is_loaded_or_refused_in_words(shape, data):
    text = toml_document(data.draw(shape(KEYS)))
    layers = Layers("prod", {"ENVMGR_LIBRARY__SIX__WORKERS": "3"}, ("defaults.timeout=3s",))
    for chosen in (Layers(), layers):
        error = refusal(lambda layers=chosen: load_project(PATH, text.encode(), layers))
        check(error)
        if error is None:
            assert origins(*load_merged(parse(PATH, text.encode()), chosen))


@pytest.mark.parametrize("shape", [documents, tables])
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_draft_is_migrated_or_refused_in_words(shape, data):
    text = "config-version = 0\n" + toml_document(data.draw(shape([*DRAFT_KEYS, *KEYS])))
    check(refusal(lambda: migrate(parse(PATH, text.encode()))))
