"""Names, keys and positions that are not there."""

from __future__ import annotations

import ast
import re
from typing import Any, Iterator

from .case import Case, said
from .near import listed, meant, near
from .rules import rule

_FEW = 12
"""So many names of an object are told, where none is near."""


def _attribute(case: Case, match: Any) -> str | None:
    name = match["name"]
    owner = getattr(case.error, "obj", None)
    if owner is None:
        kind = match["kind"]
        owner = next((value for value in case.values() if type(value).__name__ == kind), None)
    if owner is None:
        return None
    public = [known for known in dir(owner) if not known.startswith("_")]
    found = near(name, public)
    if found:
        return f"did you mean `{found}`?"
    kind = type(owner).__name__
    return f"{kind} has {', '.join(public)}" if 0 < len(public) <= _FEW else None


def keys_of(value: Any) -> list[Any] | None:
    """What can be looked up in a dict, a frame or a series; None of anything else."""
    if type(value) is dict or isinstance(value, dict):
        return list(dict.keys(value))
    if type(value).__module__.partition(".")[0] != "pandas":
        return None
    if type(value).__name__ == "DataFrame":
        return [*value.columns, *(name for name in value.index.names if name is not None)]
    if type(value).__name__ == "Series":
        return list(value.index[:1000])
    inner = getattr(value, "obj", None)
    return None if inner is None or inner is value else keys_of(inner)


def _containers(value: Any, depth: int = 2) -> Iterator[list[Any]]:
    keys = keys_of(value)
    if keys:
        yield keys
    if depth and type(value) in (list, tuple):
        for part in value[:20]:
            yield from _containers(part, depth - 1)
    if depth and type(value) is dict:
        for part in list(value.values())[:20]:
            yield from _containers(part, depth - 1)


def _key(case: Case, match: Any) -> str | None:
    key = case.error.args[0] if len(case.error.args) == 1 else None
    known = [keys for value in case.values() for keys in _containers(value) if key not in keys]
    for keys in known:
        found = near(key, keys)
        if found:
            return f'did you mean "{found}"? Keys are case-sensitive'
    if isinstance(key, str):
        for keys in known:
            if any(str(other) == key for other in keys):
                return f'the key is a number there: {key}, not "{key}"'
    elif isinstance(key, (int, float)):
        for keys in known:
            if str(key) in keys:
                return f'the key is a string there: "{key}"'
    if len(known) == 1 and isinstance(key, (str, int)):
        return f"the keys are {listed(known[0])}"
    return None


def _position(case: Case, match: Any) -> str | None:
    lists = [value for value in case.values() if type(value) in (list, tuple, str)]
    if len(lists) != 1:
        return None
    size = len(lists[0])
    if size == 0:
        return "it is empty"
    return f"it has {size} elements, counted from 0: 0 to {size - 1}, or -1 to -{size} from the end"


def _undefined(case: Case, match: Any) -> str | None:
    name = match["name"]
    for value in case.values():
        keys = keys_of(value)
        if keys:
            found = meant(name, keys, "the names are")
            return f"{found}; a string inside the expression needs quotes of its own" if found else None
    return None


def _one_of(case: Case, match: Any) -> str | None:
    """The message lists what is allowed."""
    words = re.findall(r"['\"]([\w.+ -]{1,40})['\"]", next(filter(None, match.groups())))
    for name, value in case.bound:
        if isinstance(value, str) and value in case.text and value not in words:
            found = near(str.__str__(value), words)
            return (
                f'did you mean "{found}" for {said(name)}?'
                if found
                else f"{said(name)} is one of {listed(words)}"
            )
    return None


def _option(case: Case, match: Any) -> str | None:
    """A text that the message says again is one of those that the documentation quotes."""
    given = [
        (name, value)
        for name, value in case.bound
        if isinstance(value, str) and 1 < len(value) < 40 and value in case.text
    ]
    documented = "\n".join(str(thing.__doc__) for thing in (case.function, type(case.owner)))
    for name, value in given:
        words = re.findall(r"['\"‘“`]([\w.+-]{2,40})['\"’”`]", _about(name, documented))
        if value not in words:
            found = near(str.__str__(value), words)
            if found:
                return f'did you mean "{found}" for {said(name)}?'
    return None


def _about(name: Any, documented: str) -> str:
    """What a docstring in NumPy's style says of one parameter; all of it where that is not found."""
    pattern = rf"^([ \t]*){re.escape(str(name))} ?:.*?(?=^\1\S|\Z)"
    found = re.search(pattern, documented, re.MULTILINE | re.DOTALL)
    return found.group() if found else documented


def text_of_keys(text: str) -> list[Any]:
    """Python's list in a message."""
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return []
    return found if isinstance(found, list) else [found]


RULES = (
    rule(
        "ValueError TypeError",
        r"[vV]alid (?:options|values|choices) are:? (?P<options>.*)|must be one of:? (?P<one>.*)|expected one of:? (?P<of>.*)|[Aa]llowed (?:values|options) are:? (?P<allowed>.*)|[Cc]hoose (?:from|one of):? (?P<choose>.*)",
        _one_of,
    ),
    rule("ValueError TypeError NotImplementedError", "", _option),
    rule(
        "AttributeError",
        r"(?:'(?P<kind>[\w.]+)' object|module '(?P<module>[\w.]+)'|type object '(?P<type>[\w.]+)') has no attribute '(?P<name>\w+)'",
        _attribute,
    ),
    rule("KeyError", "", _key),
    rule(
        "IndexError",
        r"(?:list|tuple|string|pop) (?:assignment )?index out of range|pop from empty",
        _position,
    ),
    rule("NameError pandas.UndefinedVariableError", r"name '(?P<name>[^']+)' is not defined", _undefined),
)
