"""Values of every type, and whether what came back is what went out."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from typing import Any

from zoo.comparing import difference

GROUPS = {
    "plain": [],
    "nested": [],
    "times": [],
    "zones": ["zoneinfo"],
    "arrays": ["numpy"],
    "frames": ["pandas"],
    "arrow": ["pyarrow"],
    "polars": ["polars"],
    "scipy": ["scipy"],
}
"""Module of this package → what it needs in the environment."""


def groups():
    """Those whose libraries are here."""
    return [name for name, needed in GROUPS.items() if all(importlib.util.find_spec(x) for x in needed)]


def names(group: str):
    """Each with whether a part of it stays here, as a ref."""
    stays = getattr(importlib.import_module("zoo." + group), "STAYS", ())
    return [[name, name in stays] for name in _values(group)]


def value(group: str, name: str):
    return _values(group)[name]


def same(group: str, name: str, value):
    """What is different, with its place; nothing when it is the same."""
    module = importlib.import_module("zoo." + group)
    becomes = getattr(module, "becomes", dict)()
    return difference(becomes.get(name, _values(group)[name]), value, name)


def echo(value):
    return value


def kind(*values):
    return [type(value).__name__ for value in values]


@functools.lru_cache(maxsize=None)
def _values(group: str) -> dict[str, Any]:
    return importlib.import_module("zoo." + group).values()
