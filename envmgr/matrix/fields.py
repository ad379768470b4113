"""The kinds of text that a value of a matrix's file can be, each with what it must look like and a hint."""

from __future__ import annotations

import re
import shlex
from datetime import date, datetime
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from envmgr.config.fields import OLDEST_PYTHON, problem
from envmgr.config.problems import near
from envmgr.matrix import selectors
from envmgr.tools.pypa import PLATFORMS

RESOLUTIONS = ("highest", "lowest-direct")
_CHECK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def release(text: str) -> str:
    """A selector of a distribution's releases."""
    try:
        selectors.parse(text)
    except ValueError:
        raise problem(
            f"`{text}` selects no release",
            'write "latest", "oldest", "next", "none", a series such as "1.26", or a specifier such as ">=2,<2.3"',
            near(text, (*selectors.WORDS, selectors.NONE)) if text.isalpha() else None,
        ) from None
    return text


def python(text: str) -> str:
    if text in selectors.WORDS:
        return text
    if selectors.is_specifier(text):
        if selectors.specifier(text) is None:
            raise problem(f"`{text}` is not a version specifier", 'write one such as ">=3.10,<3.14"')
        return text
    if not re.fullmatch(selectors.PYTHON_PATTERN, text):
        raise problem(
            f"`{text}` selects no Python version",
            'write "3.12", "3.13t", "latest", "oldest", "next", or a specifier such as ">=3.10"',
            near(text, selectors.WORDS) if text.isalpha() else None,
        )
    if tuple(map(int, text.rstrip("t").split(".")[:2])) < OLDEST_PYTHON:
        raise problem(f"Python {text} is too old", "envmgr runs Python 3.8 and newer")
    return text


def platform(text: str) -> str:
    return _one_of(text, "platform", tuple(PLATFORMS))


def resolution(text: str) -> str:
    return _one_of(text, "resolution", RESOLUTIONS)


def distribution(text: str) -> str:
    """A name, perhaps with extras, and nothing else."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        requirement = None
    if requirement is None or requirement.specifier or requirement.marker or requirement.url:
        raise problem(
            f"`{text}` is no name of a distribution", 'it may have extras, in quotes: "pandas[performance]"'
        )
    return text


def _one_of(text: str, what: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise problem(f"`{text}` is no {what}", f"there are: {', '.join(known)}", near(text, known))
    return text


def _span(text: str) -> str:
    if not re.fullmatch(selectors.SPAN_PATTERN, text):
        raise problem(f"`{text}` is no span of time", 'write a number and its unit, such as "24 months"')
    return text


def _check_name(text: str) -> str:
    if not _CHECK_NAME.fullmatch(text):
        raise problem(
            f"`{text}` cannot be a check's name", "it has up to 64 letters, digits, `-`, `_` and `.`"
        )
    return text


def _day(value: Any) -> Any:
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise problem("expected a day", "write it as 2027-06-01")
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise problem(f"`{value}` is no day", "write it as 2027-06-01") from None
    return value


def _command(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError as error:
        raise problem(f"the command cannot be read: {str(error).lower()}") from None


def _yes(value: Any) -> Any:
    if value is False:
        raise problem("there is nothing but true here", "leave the key out instead")
    return value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _text(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^({pattern})$"})


_WORDS = "|".join(selectors.WORDS)
ReleaseText = Annotated[
    str,
    AfterValidator(release),
    _text(f"{_WORDS}|{selectors.NONE}|{selectors.VERSION_PATTERN}|{selectors.SPECIFIER_PATTERN}"),
]
PythonSelector = Annotated[
    str, AfterValidator(python), _text(f"{_WORDS}|{selectors.PYTHON_PATTERN}|{selectors.SPECIFIER_PATTERN}")
]
PlatformText = Annotated[
    str, AfterValidator(platform), WithJsonSchema({"type": "string", "enum": [*PLATFORMS]})
]
ResolutionText = Annotated[
    str, AfterValidator(resolution), WithJsonSchema({"type": "string", "enum": [*RESOLUTIONS]})
]
PlatformAxis = Annotated[
    list[PlatformText],
    BeforeValidator(
        _as_list, json_schema_input_type=PlatformText | Annotated[list[PlatformText], Field(min_length=1)]
    ),
    Field(min_length=1),
]
ResolutionAxis = Annotated[
    list[ResolutionText],
    BeforeValidator(
        _as_list, json_schema_input_type=ResolutionText | Annotated[list[ResolutionText], Field(min_length=1)]
    ),
    Field(min_length=1),
]
DistributionText = Annotated[str, AfterValidator(distribution)]
SpanText = Annotated[str, AfterValidator(_span), _text(selectors.SPAN_PATTERN)]
CheckName = Annotated[str, AfterValidator(_check_name), _text(_CHECK_NAME.pattern)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Words = Annotated[list[str], BeforeValidator(_command, json_schema_input_type=str | list[str])]
"""A command: an array of words, or text that is split as a shell does it; no shell runs."""
Yes = Annotated[bool, BeforeValidator(_yes), WithJsonSchema({"const": True})]
Values = Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]
