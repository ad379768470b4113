"""What a body does with `*args` and `**kwargs`, found without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_ASKS = frozenset({"pop", "get", "setdefault"})


def taken(node: ast.AST) -> frozenset[str]:
    """Keywords that it asks its `**kwargs` for by name."""
    name = _variadic(node)[1]
    return frozenset() if name is None else frozenset(_asked(node, name))


def hands_on(node: ast.AST) -> bool | None:
    """Whether it calls something with all that it was given, as a wrapper does. None where it takes no `*args,
    **kwargs`."""
    args, kwargs = _variadic(node)
    if args is None or kwargs is None:
        return None
    for each in ast.walk(node):
        if (
            isinstance(each, ast.Call)
            and any(isinstance(one, ast.Starred) and _is(one.value, args) for one in each.args)
            and any(word.arg is None and _is(word.value, kwargs) for word in each.keywords)
        ):
            return True
    return False


def _asked(node: ast.AST, name: str) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute):
            if each.func.attr in _ASKS and _is(each.func.value, name) and each.args:
                yield from _word(each.args[0])
        elif isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Load) and _is(each.value, name):
            yield from _word(each.slice)


def _word(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        yield node.value


def _variadic(node: ast.AST) -> tuple[str | None, str | None]:
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None, None
    args, kwargs = node.args.vararg, node.args.kwarg
    return None if args is None else args.arg, None if kwargs is None else kwargs.arg


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def defaults_that_are_calls(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    """Parameters, with what is called for their default."""
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    defaults = [*zip(reversed(positional), reversed(given.defaults), strict=False)]
    defaults += [(each, one) for each, one in zip(given.kwonlyargs, given.kw_defaults, strict=True) if one]
    for each, default in defaults:
        if isinstance(default, ast.Call):
            yield each.arg, ast.unparse(default)
