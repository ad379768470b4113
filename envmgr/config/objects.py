"""Names of objects, parameters and paths: what `hooks`, `pipelines` and `[aliases]` may say."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from envmgr.config.fields import problem
from envmgr.config.problems import near

BUILTINS = (
    *("bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "set", "frozenset", "dict"),
    *("abs", "len", "max", "min", "repr", "reversed", "round", "sorted", "sum"),
)
"""What may convert without a module in front: types, and functions of one value that run no text."""
TYPES = ("bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "set", "dict", "callable")

_WORD = r"[^\W\d]\w*"
_PUBLIC = r"(?!_)[^\W\d]\w*"
_FILE = r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.py"
_OBJECT = re.compile(rf"(?:{_WORD}(?:\.{_WORD})*|{_FILE}):{_WORD}(?:\.{_WORD})*")
_METHOD = re.compile(rf"\.{_PUBLIC}")
_PARAMETER = re.compile(_WORD)
_PATH = re.compile(rf"{_PUBLIC}(?:\.{_PUBLIC})*")
_TARGET = re.compile(rf"[A-Za-z][A-Za-z0-9_-]*(?:\.{_PUBLIC})*")
_PART = re.compile(rf"(?:{_PUBLIC}|[0-9]+)(?:\.(?:{_PUBLIC}|[0-9]+))*")

_WHERE = "an object is written module:name, or path/to/file.py:name for a file of the project"


def _object(text: str) -> str:
    if not _OBJECT.fullmatch(text):
        raise problem(f"`{text}` does not name a function", _WHERE)
    return text


def _converter(text: str) -> str:
    if text not in BUILTINS and not _OBJECT.fullmatch(text):
        hint = f"{_WHERE}; of Python's own there are {', '.join(BUILTINS)}"
        raise problem(f"`{text}` is nothing that converts", hint, near(text, BUILTINS))
    return text


def _result(text: str) -> str:
    return text if _METHOD.fullmatch(text) else _converter(text)


def _types(value: Any) -> Any:
    names = value if isinstance(value, list) else [value]
    for name in names or [None]:
        if not isinstance(name, str):
            raise problem(
                "expected the name of a type, or an array of names", f"there are {', '.join(TYPES)}"
            )
        if name not in TYPES and not _OBJECT.fullmatch(name):
            hint = f"there are {', '.join(TYPES)}; a class is written module:Class"
            raise problem(f"`{name}` is no type", hint, near(name, TYPES))
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise problem("expected a number")
    return value


def _choices(value: Any) -> Any:
    if not isinstance(value, list) or not value or not all(isinstance(v, str | int | float) for v in value):
        raise problem("expected an array of texts, numbers or booleans")
    return value


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise problem(f"`{text}` is not a regular expression: {error}") from None
    return text


def _projection(value: Any) -> Any:
    parts = value if isinstance(value, list) else [value]
    if not parts or not all(isinstance(part, str) for part in parts):
        raise problem("expected a dotted path, or an array of names")
    for part in parts:
        if isinstance(value, str) and not _PART.fullmatch(part):
            raise problem(f"`{part}` is not a dotted path", 'write names and numbers: "data.items.0.total"')
        if not part or any(segment.startswith("_") for segment in part.split(".")):
            raise problem(f"`{part}` is private, or no name")
    return value


def _path(text: str) -> str:
    if text != "*" and not _PATH.fullmatch(text):
        raise problem(
            f"`{text}` is not a path in a library",
            'it stands without the library, in quotes: "DataFrame.from_dict"; "*" is every function',
        )
    return text


def _parameter(text: str) -> str:
    if not _PARAMETER.fullmatch(text):
        raise problem(f"`{text}` cannot be a parameter's name")
    return text


def _target(text: str) -> str:
    if not _TARGET.fullmatch(text):
        raise problem(
            f"`{text}` is not a path", 'write a library, or its name, a dot and a path: "numpy.linalg.norm"'
        )
    return text


_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_CHOICES = {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}}

HookText = Annotated[str, AfterValidator(_object)]
ConverterText = Annotated[str, AfterValidator(_converter)]
ResultText = Annotated[str, AfterValidator(_result)]
PatternText = Annotated[str, AfterValidator(_pattern)]
PipelinePath = Annotated[str, AfterValidator(_path)]
Parameter = Annotated[str, AfterValidator(_parameter)]
AliasText = Annotated[str, AfterValidator(_target)]
TypeNames = Annotated[Any, BeforeValidator(_types), WithJsonSchema(_TEXTS)]
Projection = Annotated[Any, BeforeValidator(_projection), WithJsonSchema(_TEXTS)]
Number = Annotated[Any, BeforeValidator(_number), WithJsonSchema({"type": "number"})]
Choices = Annotated[Any, BeforeValidator(_choices), WithJsonSchema(_CHOICES)]
