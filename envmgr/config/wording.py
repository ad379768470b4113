"""pydantic's verdicts, in the words of envmgr.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from typing import Any

from pydantic_core import ErrorDetails

from envmgr.config.keys import known_keys
from envmgr.config.problems import Finding, near

_EXPECTED = {
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "list_type": "an array",
    "dict_type": "a table",
    "model_type": "a table",
}

_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
}


def findings(errors: Iterable[ErrorDetails], schema: dict[str, Any] | None = None) -> list[Finding]:
    """Of envmgr.toml, or of a file that another schema describes."""
    return [_finding(error, schema) for error in errors]


def _finding(error: ErrorDetails, schema: dict[str, Any] | None) -> Finding:
    path, kind, context = error["loc"], error["type"], error.get("ctx", {})
    given = error["input"]
    if path[-1] == "[key]":
        return Finding(path[:-1], context["message"], context["hint"], at="key")
    if kind == "envmgr":
        return Finding(path, context["message"], context["hint"], context["suggestion"])
    if kind == "extra_forbidden":
        known = known_keys(path[:-1], schema)
        suggestion = near(str(path[-1]), known)
        hint = "" if suggestion else f"known here: {', '.join(sorted(known))}"
        return Finding(path, f"unknown key `{path[-1]}`", hint, suggestion, at="key")
    if kind == "missing":
        return Finding(path[:-1], f"the key `{path[-1]}` is missing")
    if kind == "literal_error":
        suggestion = near(str(given), re.findall(r"'([^']*)'", context["expected"]))
        expected = context["expected"].replace("'", '"')
        return Finding(path, f"expected {expected}, got {_described(given)}", "", suggestion)
    if kind == "model_type" and isinstance(given, list) and given and all(isinstance(i, dict) for i in given):
        return Finding(
            path, "expected one table, got an array of tables", "write its header in single brackets"
        )
    if kind in _EXPECTED:
        return Finding(path, f"expected {_EXPECTED[kind]}, got {_described(given)}")
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return Finding(path, f"{given} is out of range: it must be {words} {context[key]}")
    if kind == "too_short":
        return Finding(path, f"an empty {'table' if isinstance(given, dict) else 'array'} says nothing")
    if kind == "string_too_short":
        return Finding(path, "expected text, got an empty string")
    return Finding(path, error["msg"])


def _described(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date | time):
        return "a date or time"
    return "an array" if isinstance(value, list) else "a table"
