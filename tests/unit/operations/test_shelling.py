"""Signatures as the shell shows them."""

import pytest

from envmgr.catalog import Row
from envmgr.operations.shelling import signature


@pytest.mark.parametrize(
    ("kind", "parameters", "returns", "text"),
    [
        ("function", None, None, "(…)"),
        ("function", [], "int", "() -> int"),
        ("function", [["x", 0, None], ["y", 1, "1"]], None, "(x, /, y=1)"),
        ("function", [["x", 0, None]], None, "(x, /)"),
        ("function", [["a", 2, None], ["k", 3, "None"], ["more", 4, None]], None, "(*a, k=None, **more)"),
        ("function", [["a", 1, None], ["k", 3, None], ["l", 3, None]], None, "(a, *, k, l)"),
        ("function", [["k", 3, None]], None, "(*, k)"),
        ("function", [["a", 1, "1", None, "int", None]], "str", "(a: int = 1) -> str"),
        ("class", [["a", 1, None, "tuple"]], None, "(a)"),
        ("constant", None, None, ": constant"),
        ("property", None, "int", ": property"),
        ("module", None, None, ": module"),
    ],
)
def test_a_row_is_written_as_python_writes_it(kind, parameters, returns, text):
    assert signature(Row("path", kind, parameters, returns, "", 0, None)) == text
