"""What `validate` of a pipeline asks of one argument."""

from __future__ import annotations

import re
from numbers import Integral, Real
from typing import Any, Callable, Mapping

from ..values.named import named

Check = Callable[[Any], "str | None"]

_CLASSES: Mapping[str, tuple[str, Any]] = {
    "bool": ("a bool", bool),
    "int": ("a whole number", Integral),
    "float": ("a number", Real),
    "complex": ("a complex number", complex),
    "str": ("text", str),
    "bytes": ("bytes", (bytes, bytearray, memoryview)),
    "list": ("a list", list),
    "tuple": ("a tuple", tuple),
    "set": ("a set", (set, frozenset)),
    "dict": ("a dict", dict),
}


class Checks:
    """Of one argument. Made once; raises what a type's import raises, and `re.error`."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self.is_required = bool(rules.get("required"))
        self._may_be_none = not rules.get("not-none")
        self._checks = [_MAKERS[key](rule) for key, rule in rules.items() if key in _MAKERS]

    def violations(self, name: str, value: Any) -> list[str]:
        """In words. None is no value: only `not-none` has a word on it."""
        if value is None:
            return [] if self._may_be_none else [f"{name} must not be None"]
        found = []
        for check in self._checks:
            try:
                wrong = check(value)
            except Exception as error:  # noqa: BLE001 - a value's own methods may raise anything
                wrong = f"cannot be checked ({type(error).__name__}: {error})"
            if wrong is not None:
                found.append(f"{name} {wrong}")
        return found


def _type(rule: Any) -> Check:
    kinds = [_kind(name) for name in (rule if isinstance(rule, list) else [rule])]
    wanted = " or ".join(words for words, _ in kinds)

    def check(value: Any) -> str | None:
        if any(is_one(value) for _, is_one in kinds):
            return None
        return f"must be {wanted}, not a {type(value).__name__}"

    return check


def _kind(name: str) -> tuple[str, Callable[[Any], bool]]:
    """In words, and how to tell. A bool is no number here, and a whole number is a float, as for Python's own."""
    if name == "callable":
        return "a function", callable
    if name in ("int", "float"):
        words, classes = _CLASSES[name]
        return words, lambda value: isinstance(value, classes) and not isinstance(value, bool)
    if name in _CLASSES:
        words, classes = _CLASSES[name]
    else:
        classes = named(name)
        if not isinstance(classes, type):
            raise TypeError(f"{name} is no class")
        words = f"a {classes.__name__}"
    return words, lambda value: isinstance(value, classes)


def _min(least: Any) -> Check:
    return lambda value: None if value >= least else f"must be at least {least!r}{_not(value)}"


def _max(most: Any) -> Check:
    return lambda value: None if value <= most else f"must be at most {most!r}{_not(value)}"


def _not(value: Any) -> str:
    return f", not {value!r}" if type(value) in (int, float) else ""


def _one_of(values: Any) -> Check:
    allowed = ", ".join(map(repr, values))
    return lambda value: None if any(_same(value, one) for one in values) else f"must be one of {allowed}"


def _same(value: Any, one: Any) -> bool:
    return value == one and isinstance(value, bool) == isinstance(one, bool)


def _pattern(text: str) -> Check:
    pattern = re.compile(text)

    def check(value: Any) -> str | None:
        if not isinstance(value, str):
            return f"must be text, not a {type(value).__name__}"
        return None if pattern.search(value) else f"must match the pattern {text!r}"

    return check


def _min_length(least: int) -> Check:
    return lambda value: (
        None if len(value) >= least else f"must have a length of at least {least}, not {len(value)}"
    )


def _max_length(most: int) -> Check:
    return lambda value: (
        None if len(value) <= most else f"must have a length of at most {most}, not {len(value)}"
    )


_MAKERS: Mapping[str, Callable[[Any], Check]] = {
    "type": _type,
    "min": _min,
    "max": _max,
    "one-of": _one_of,
    "pattern": _pattern,
    "min-length": _min_length,
    "max-length": _max_length,
}
