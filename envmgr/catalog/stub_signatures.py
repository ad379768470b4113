"""Functions of a stub as a catalog has them: parameters and what is returned."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from envmgr.catalog.overloads import ARGS, EITHER, KEYWORD, KWARGS, POSITIONAL, UNKNOWN, Parameters
from envmgr.catalog.stub_lookup import Function

_LONGEST_DEFAULT = 80
_LONGEST_TYPE = 200

_INCOMPLETE = re.compile(r"\bIncomplete\b")
"""Typeshed's name for the `Any` of what nobody has looked at yet."""

Meaning = Callable[[ast.expr, str], tuple[str | None, list[str] | None]]
"""What an annotation, with its text, says that a value is made into, and which kinds it takes."""


def parameters(node: Function, meaning: Meaning, *, without_first: bool) -> Parameters:
    """`without_first`: as it is called, with what it belongs to given already."""
    given = node.args
    in_order = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(in_order) - len(given.defaults)) + list(given.defaults)
    kinds = [POSITIONAL] * len(given.posonlyargs) + [EITHER] * len(given.args)
    found = [
        _parameter(argument, POSITIONAL if _is_private(argument.arg) else kind, default, meaning)
        for argument, kind, default in zip(in_order, kinds, defaults, strict=True)
    ][1 if without_first else 0 :]
    if given.vararg:
        found.append(_parameter(given.vararg, ARGS, None, meaning))
    for argument, value in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        found.append(_parameter(argument, KEYWORD, value, meaning))
    if given.kwarg:
        found.append(_parameter(given.kwarg, KWARGS, None, meaning))
    return found


def text(annotation: ast.expr | None) -> str | None:
    """As it is written, without quotes around it; what is longer than 200 characters is cut."""
    return None if annotation is None else _cut(_written(annotation))


def deprecation(node: Function | ast.ClassDef) -> str | None:
    """What `@deprecated` says (PEP 702)."""
    for each in node.decorator_list:
        if isinstance(each, ast.Call) and ast.unparse(each.func).rpartition(".")[2] == "deprecated":
            if each.args and isinstance(each.args[0], ast.Constant):
                return str(each.args[0].value)
            return ""
    return None


def _written(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.Name):
        written = annotation.id
    elif isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        written = annotation.value
    else:
        written = ast.unparse(annotation)
    return _INCOMPLETE.sub("Any", written) if "Incomplete" in written else written


def _cut(written: str | None) -> str | None:
    if written is None or len(written) <= _LONGEST_TYPE:
        return written
    return written[: _LONGEST_TYPE - 1] + "…"


def _parameter(argument: ast.arg, kind: int, default: ast.expr | None, meaning: Meaning) -> list[Any]:
    into: str | None = None
    accepts: list[str] | None = None
    written = None if argument.annotation is None else _written(argument.annotation)
    if argument.annotation is not None and written is not None and kind not in (ARGS, KWARGS):
        into, accepts = meaning(argument.annotation, written)
    name = argument.arg.lstrip("_") if _is_private(argument.arg) else argument.arg
    return [name, kind, _default(default), into, _cut(written), accepts]


def _is_private(name: str) -> bool:
    """How stubs said positional-only before Python 3.8."""
    return name.startswith("__") and not name.endswith("__")


def _default(node: ast.expr | None) -> str | None:
    if node is None:
        return None
    if isinstance(node, ast.Constant) and node.value is ...:
        return UNKNOWN
    return ast.unparse(node)[:_LONGEST_DEFAULT]
