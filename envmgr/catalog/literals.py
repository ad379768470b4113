"""Plausible arguments for examples: what a parameter's type, else its name, lets one expect."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from envmgr.catalog.overloads import members

_FLOATS = [1.0, 2.0, 3.0]
_ROWS = [_FLOATS, _FLOATS]


@dataclass(frozen=True, slots=True)
class Name:
    """What the reader has: a variable. For a parameter that says nothing of itself, or wants an object."""

    text: str


@dataclass(frozen=True, slots=True)
class Function:
    """Of so many arguments; it answers the first."""

    arity: int


_BY_KIND: dict[str, Any] = {
    "str": "text",
    "int": 3,
    "float": 0.5,
    "list": [1, 2, 3],
    "dict": {"a": 1},
    "bool": True,
    "complex": 0.5,
    "bytes": b"text",
    "set": {1, 2, 3},
    "tuple": (1, 2, 3),
    "callable": Function(1),
}
"""The first of these that a parameter accepts."""
_BY_INTO: dict[str, Any] = {
    "bytes": b"text",
    "tuple": (1, 2, 3),
    "set": {1, 2, 3},
    "frozenset": {1, 2, 3},
    "ndarray": _FLOATS,
}
_PREFERRED = ("str", "float", "int", "dict", "bool", "complex", "bytes", "list", "tuple", "set", "callable")

_BY_TYPE: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"Callable\b"), Function(1)),
    (re.compile(r"(?:FilePath|StrPath|PathLike|StrOrBytesPath|Path|FileDescriptorOrPath)\b"), "data.csv"),
    (re.compile(r"\w*ArrayLike|\w*SeriesLike|NDArray\b|ndarray\b|array[_-]like\b"), _FLOATS),
    (re.compile(r"\w*(?:Sequence|Iterable|Collection|Container|Sized|list|List)\b"), [1, 2, 3]),
    (re.compile(r"(?:tuple|Tuple)\b"), (1, 2, 3)),
    (re.compile(r"(?:set|Set|AbstractSet|frozenset)\b"), {1, 2, 3}),
    (re.compile(r"(?:dict|Dict|\w*Mapping)\b"), {"a": 1}),
    (re.compile(r"_?Shape(?:Like)?\b"), [2, 3]),
    (re.compile(r"_?Supports(?:Float|Complex|Abs|Rich)|_?Float|Real\b|\w*Number|float\b"), 0.5),
    (re.compile(r"_?Supports(?:Index|Int|Trunc)|_?IntLike|Integral\b|int\b"), 3),
    (re.compile(r"str\b|LiteralString|AnyStr"), "text"),
    (re.compile(r"bool\b"), True),
    (re.compile(r"bytes\b|\w*Buffer\b"), b"text"),
    (re.compile(r"(?:Any|object)$"), [1, 2, 3]),
)
"""Of the last part of a dotted name, at its beginning; the first member of a union that is known decides."""
_BY_NAME: tuple[tuple[re.Pattern[str], Any], ...] = (
    (re.compile(r"^(?:func|function|fn|callback|callable|predicate)$"), Function(1)),
    (re.compile(r"path|file|fname|filename"), "data.csv"),
    (re.compile(r"^url$|_url$"), "https://example.com"),
    (
        re.compile(
            r"^(?:[axyv]|[axyv]\d|arr|arrays?|array_like|data|values?|m|seq|sequence|iterable|weights)$"
        ),
        _FLOATS,
    ),
    (re.compile(r"^X$|^(?:rows|matrix)$"), _ROWS),
    (re.compile(r"^(?:n|k|i|num|count|size|length|axis|nums?|n_\w+|\w+_count|index|seed|start|stop)$"), 3),
    (re.compile(r"^(?:shape|newshape)$"), [2, 3]),
    (re.compile(r"^(?:s|string|text|name|key|label|title|pattern|prefix|suffix|\w+_name)$"), "text"),
    (re.compile(r"^(?:obj|object|o|value)$"), [1, 2, 3]),
)
_TWO_AXES = re.compile(r"\bshape\b[^(]*\(\s*\w+\s*,\s*\w+")
_LITERAL = re.compile(r"\bLiteral\[\s*(?:'([^'\"\\]*)'|\"([^'\"\\]*)\")")
_CALLABLE = re.compile(r"Callable\[\[([^\[\]]*)\]")
_MODULES = re.compile(r"^(?:\w+\.)+")
_NO_NAME = re.compile(r"\W")


def argument(parameter: Sequence[Any], said: str | None = None) -> Any:
    """A plausible value: of Python (numbers, text, bytes, lists, tuples, sets, dicts, None), a `Function`, or a
    `Name` where nothing is known. `said`: the parameter's type in the docstring.
    """
    name, kinds, text = parameter[0], None, None
    if len(parameter) > 4:
        text, kinds = parameter[4], parameter[5]
    into = parameter[3] if len(parameter) > 3 else None
    if into in _BY_INTO:
        return _BY_INTO[into]
    chosen = _LITERAL.search(text) if text else None
    if chosen and (kinds is None or "str" in kinds):
        return chosen[1] if chosen[1] is not None else chosen[2]
    if kinds:
        kind = next((kind for kind in _PREFERRED if kind in kinds), None)
        named = _named(name) if kind in ("str", "list") else None
        if kind == "str" and isinstance(named, str):
            return named
        if kind == "callable":
            return Function(_arity(text or ""))
        return None if kind is None else _BY_KIND[kind]
    if not text and (name == "X" or _TWO_AXES.search(said or "")):
        return _ROWS
    for member in (member for known in (text, said) if known for member in members(known)):
        last = _MODULES.sub("", member)
        for pattern, value in _BY_TYPE:
            if pattern.match(last):
                return Function(_arity(member)) if isinstance(value, Function) else value
    if text:
        return Name(variable(name))
    found = _named(name)
    return Name(variable(name)) if found is None else found


def variable(name: str) -> str:
    """A name that both languages take for a variable."""
    found = _NO_NAME.sub("_", name.lower()).strip("_0123456789")
    return found if found.isascii() and found and found not in _RESERVED else "value"


_RESERVED = frozenset(keyword.kwlist) | {
    "after", "catch", "do", "else", "end", "false", "fn", "in", "nil", "not", "or", "rescue", "true", "when",
}  # fmt: skip
"""Words that are no variables, of Python and of Elixir."""


def _named(name: str) -> Any:
    return next((value for pattern, value in _BY_NAME if pattern.search(name)), None)


def _arity(text: str) -> int:
    found = _CALLABLE.search(text)
    if found is None:
        return 1
    return len([part for part in found[1].split(",") if part.strip()])
