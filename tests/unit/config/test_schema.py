"""Every key is described, and the schema can say so to an editor."""

from __future__ import annotations

import pytest

from envmgr.config.keys import known_keys
from envmgr.config.schema import ConfigFile, Table


@pytest.mark.parametrize("table", Table.__subclasses__(), ids=lambda table: table.__name__)
def test_every_key_is_described(table):
    assert [field.alias for field in table.model_fields.values() if not field.description] == []


def test_it_has_a_json_schema():
    schema = ConfigFile.model_json_schema()
    assert schema["properties"]["config-version"]["maximum"] == 1
    timeout = schema["$defs"]["DefaultsTable"]["properties"]["timeout"]
    assert timeout["type"] == "string"


def test_the_keys_of_any_table_are_known():
    assert "config-version" in known_keys(())
    assert known_keys(("library", "any", "health", "calls", 0)) == ["call", "args", "kwargs"]
    assert known_keys(("profile", "any", "library", "x", "cache")) == ["functions"]
