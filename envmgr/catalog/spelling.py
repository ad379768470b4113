"""Signatures as Python writes them. Elixir's `Signature.text/3` writes the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envmgr.catalog.overloads import ARGS, KEYWORD, KWARGS, POSITIONAL
from envmgr.catalog.reading import Row

_STARS = {ARGS: "*", KWARGS: "**"}
_VALUES = frozenset({"property", "constant"})


def signature(row: Row, path: str, *, types: bool = True) -> str:
    """How `path` is written, which leads to `row`: a call, or a value and its type. Without `types`, names and
    defaults alone.
    """
    if row.kind == "module":
        return path
    if row.kind in _VALUES:
        return f"{path}: {row.returns}" if row.returns and types else path
    return call(path, row.parameters, row.returns if types and row.kind != "class" else None, types=types)


def call(
    path: str, parameters: Sequence[Sequence[Any]] | None, returns: str | None, *, types: bool = True
) -> str:
    arrow = f" -> {returns}" if returns else ""
    if parameters is None:
        return f"{path}(…){arrow}"
    words: list[str] = []
    last_positional = sum(each[1] == POSITIONAL for each in parameters)
    starred = any(each[1] == ARGS for each in parameters)
    for at, each in enumerate(parameters, 1):
        if each[1] == KEYWORD and not starred:
            words.append("*")
            starred = True
        words.append(parameter(each, types=types))
        if at == last_positional:
            words.append("/")
    return f"{path}({', '.join(words)}){arrow}"


def parameter(given: Sequence[Any], *, types: bool = True) -> str:
    name, kind, default = given[:3]
    kept = given[4] if types and len(given) > 4 else None
    word = f"{_STARS.get(kind, '')}{name}{f': {kept}' if kept else ''}"
    if default is None:
        return word
    return f"{word} = {default}" if kept else f"{word}={default}"
