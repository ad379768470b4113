"""The kinds of text that a value of envmgr.toml can be, each with what it must look like and a hint."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
LONGEST_MS = 2**32 - 1
"""What an Erlang timer takes: a little over 49 days."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
OLDEST_PYTHON = (3, 8)

_DURATION = re.compile(r"([0-9]{1,12})(ms|s|m|h)")
_SIZES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_SIZE = re.compile(r"([0-9]{1,12})(B|KiB|MiB|GiB)")
_LARGEST = 1 << 48
_PYTHON_VERSION = re.compile(r"([0-9]+)\.([0-9]+)(?:\.[0-9]+)?(?:(?:a|b|rc)[0-9]+)?t?")
_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_CALL = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[^\W\d]\w*)+")


def problem(message: str, hint: str = "", suggestion: str | None = None) -> PydanticCustomError:
    """A refusal in our own words; `wording` shows them as they are."""
    return PydanticCustomError(
        "envmgr", "{message}", {"message": message, "hint": hint, "suggestion": suggestion}
    )


def duration_text(milliseconds: int) -> str:
    """As a user writes it, in the largest unit that fits."""
    unit = next(unit for unit in ("h", "m", "s", "ms") if milliseconds % MILLISECONDS[unit] == 0)
    return f"{milliseconds // MILLISECONDS[unit]}{unit}"


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise problem(
            f"`{text}` cannot be a name",
            "a name begins with a letter and has up to 64 letters, digits, `-` and `_`",
        )
    return text


def _duration(value: Any) -> int:
    hint = 'write a number and its unit, such as "500ms", "30s", "2m" or "1h"'
    if not isinstance(value, str):
        raise problem("expected a duration in quotes", hint)
    match = _DURATION.fullmatch(value)
    if match is None:
        raise problem(f"`{value}` is not a duration", hint)
    milliseconds = int(match[1]) * MILLISECONDS[match[2]]
    if not 0 < milliseconds <= LONGEST_MS:
        raise problem(f"a duration of `{value}` is out of range", "it is at least 1ms and at most 1193h")
    return milliseconds


def _size(value: Any) -> int:
    hint = 'write a number and its unit, such as "512MiB" or "2GiB"'
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise problem(
            "expected a size in quotes" if not isinstance(value, str) else f"`{value}` is no size", hint
        )
    size = int(match[1]) * _SIZES[match[2]]
    if not 0 < size <= _LARGEST:
        raise problem(f"a size of `{value}` is out of range", "it is at least 1B and at most 262144GiB")
    return size


def _requirement(text: str) -> str:
    try:
        Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).split("\n", 1)[0]
        reason = reason[:1].lower() + reason[1:]
        raise problem(
            f"`{text}` is not a requirement: {reason}",
            'write it as in a requirements file, such as "pandas[performance]>=2,<3"',
        ) from None
    return text


def _specifier(text: str) -> str:
    hint = 'write a version specifier, such as ">=1.26,<3" or "==2.1.*"'
    if not text.strip():
        raise problem("the version is empty", "leave the key out to allow every version")
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        exact = f"=={text}"
        is_version = re.fullmatch(r"\d+(\.\d+)*", text)
        raise problem(
            f"`{text}` is not a version specifier", f'write "{exact}"' if is_version else hint
        ) from None
    return text


def _python(text: str) -> str:
    if "/" in text or "\\" in text or text.startswith("~"):
        return text
    match = _PYTHON_VERSION.fullmatch(text)
    if match is None:
        raise problem(
            f"`{text}` is neither a Python version nor an interpreter's path",
            'write a version such as "3.12" or "3.13t", or a path such as "/usr/bin/python3"',
        )
    if not OLDEST_PYTHON <= (int(match[1]), int(match[2])) < (4, 0):
        raise problem(f"workers do not run on Python {text}", "they run on Python 3.8 and newer")
    return text


def _module(text: str) -> str:
    if not _MODULE.fullmatch(text):
        raise problem(f"`{text}` cannot be imported", 'write a module\'s name, such as "sklearn"')
    return text


def _call(text: str) -> str:
    if not _CALL.fullmatch(text):
        raise problem(
            f"`{text}` is not a function's path", 'write the library, a dot and the function: "numpy.mean"'
        )
    return text


def _argument(value: Any) -> Any:
    if isinstance(value, date | time):  # a datetime is a date
        raise problem("a date or time cannot be an argument here", 'write it as text: "2026-01-31"')
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _argument(item)
    return value


Name = Annotated[
    str, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME.pattern}$"})
]
Duration = Annotated[
    int,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["30s", "2m"]}),
]
"""Milliseconds."""
Size = Annotated[
    int,
    BeforeValidator(_size),
    WithJsonSchema({"type": "string", "pattern": f"^{_SIZE.pattern}$", "examples": ["512MiB", "2GiB"]}),
]
"""Bytes."""
RequirementText = Annotated[str, AfterValidator(_requirement)]
SpecifierText = Annotated[str, AfterValidator(_specifier)]
PythonText = Annotated[str, AfterValidator(_python)]
ModuleText = Annotated[str, AfterValidator(_module)]
CallPath = Annotated[str, AfterValidator(_call)]
Argument = Annotated[Any, AfterValidator(_argument)]
