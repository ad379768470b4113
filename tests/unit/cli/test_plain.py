"""Every value has a form in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from envmgr.cli.answers import columns
from envmgr.cli.plain import plain


@dataclass
class Point:
    x: float


class Ref:
    def __repr__(self):  # the case's name, the same in every process
        return "Ref"

    def to_json(self):
        return {"ref": 1, "type": (1, 2)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**70, 2**70),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        ("ä", "ä"),
        (b"\x00\xff", {"bytes": "AP8="}),
        ((1, {2}, frozenset()), [1, [2], []]),
        ({"a": (1,)}, {"a": [1]}),
        ({1: "a", (1, 2): "b"}, [[1, "a"], [[1, 2], "b"]]),
        (np.arange(3), {"dtype": "int64", "shape": [3], "data": [0, 1, 2]}),
        (np.array([[np.nan]]), {"dtype": "float64", "shape": [1, 1], "data": [["nan"]]}),
        (np.int64(7), {"dtype": "int64", "shape": [], "data": 7}),
        (np.array(["2026-01-01"], "M8[D]"), {"dtype": "datetime64[D]", "shape": [1], "data": ["2026-01-01"]}),
        (Ref(), {"ref": 1, "type": [1, 2]}),
        (Point(float("inf")), {"x": "inf"}),
        (Path("/a"), "/a"),
    ],
    ids=repr,
)
def test_each_kind_of_value(value, expected):
    assert plain(value) == expected
    json.dumps(plain(value), allow_nan=False)


def test_columns_are_as_wide_as_their_widest_cell():
    assert columns([("a", "bb", ""), ("ccc", "d", "e")]) == "a    bb\nccc  d   e"
    assert columns([]) == ""
