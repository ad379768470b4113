"""Descriptions as one writes functions."""

import ast

from envmgr.changes.described import (
    KEYWORD_ONLY,
    POSITIONAL,
    POSITIONAL_ONLY,
    RUNTIME,
    VAR_KEYWORD,
    VAR_POSITIONAL,
    Api,
    Described,
    Pair,
    Parameter,
)


def parameters(written: str, said=None) -> tuple[Parameter, ...]:
    """Of `a, /, b: int = 1, *args, c, **kwargs`."""
    function = ast.parse(f"def f({written}): ...").body[0]
    assert isinstance(function, ast.FunctionDef)
    given = function.args
    found = []
    positional = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(positional) - len(given.defaults)) + list(given.defaults)
    for number, (each, default) in enumerate(zip(positional, defaults, strict=True)):
        kind = POSITIONAL_ONLY if number < len(given.posonlyargs) else POSITIONAL
        found.append(_one(each, kind, default, said))
    if given.vararg:
        found.append(_one(given.vararg, VAR_POSITIONAL, None, said))
    for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        found.append(_one(each, KEYWORD_ONLY, default, said))
    if given.kwarg:
        found.append(_one(given.kwarg, VAR_KEYWORD, None, said))
    return tuple(found)


def function(written: str | None, path="f", kind="function", said=None, **facts) -> Described:
    """`written` as between the brackets, perhaps with `-> type`; None: no signature is known."""
    inside, _, returns = (written or "").partition("->")
    taken = None if written is None else parameters(inside.strip(), said)
    given = {"signature_from": None if written is None else RUNTIME, "module": "lib"} | facts
    return Described((path,), kind, taken, returns.strip() or None, **given)


def pair(before: str | None, after: str | None, **facts) -> Pair:
    return Pair(("f",), function(before, **facts), function(after, **facts))


def api(*objects: Described, version="1", **facts) -> Api:
    places = {path: number for number, each in enumerate(objects) for path in each.paths}
    return Api("lib", version, "3.12.1", tuple(objects), places, **facts)


def _one(argument: ast.arg, kind: int, default, said) -> Parameter:
    written = None if default is None else ast.unparse(default)
    annotation = None if argument.annotation is None else ast.unparse(argument.annotation)
    return Parameter(argument.arg, kind, written, annotation, (said or {}).get(argument.arg, ""))
