"""What `[library.*.serializers]` may say: names of types, and what is done with values of each."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from envmgr.config.fields import problem
from envmgr.config.problems import near

WORDS = ("value", "ref", "repr", "pickle")

_WORD = r"[^\W\d]\w*"
_TYPE = re.compile(rf"{_WORD}(\.{_WORD})+")
_ATTRIBUTE = re.compile(rf"{_WORD}(\.{_WORD})*:{_WORD}(\.{_WORD})*")
_ENTRY_POINT = re.compile(r"\w[\w.-]*")
_NATIVE = {"int", "float", "str", "bytes", "bytearray", "memoryview", "bool", "list", "dict", "NoneType"}
"""What MessagePack packs by itself, before anybody is asked."""


def _type_name(text: str) -> str:
    module, _, name = text.rpartition(".")
    if (module in ("", "builtins") and name in _NATIVE) or text in ("None", "types.NoneType"):
        raise problem(
            f"`{name}` always goes as a value: MessagePack packs it itself, and asks nobody",
            "a strategy is for a class of your own, or of a library",
        )
    if not _TYPE.fullmatch(text):
        raise problem(
            f"`{text}` is not the full name of a type",
            'write module and class, all in one pair of quotes: "sklearn.base.BaseEstimator" = "ref"',
        )
    return text


def _strategy(value: Any) -> Any:
    hint = (
        "it is value, ref, repr, pickle, an object of the environment (module:attribute), or an entry point "
        "of the group envmgr.serializers"
    )
    if not isinstance(value, str):
        return value
    if value in WORDS or _ATTRIBUTE.fullmatch(value):
        return value
    if not _ENTRY_POINT.fullmatch(value):
        raise problem(f"`{value}` is not a strategy", hint)
    if word := near(value, WORDS):
        raise problem(
            f"`{value}` is not a strategy", "an entry point of this name is written module:attribute", word
        )
    return value


TypeName = Annotated[str, AfterValidator(_type_name), WithJsonSchema({"type": "string"})]
Strategy = Annotated[
    str,
    BeforeValidator(_strategy),
    WithJsonSchema({"type": "string", "examples": [*WORDS, "module:attribute"]}),
]
