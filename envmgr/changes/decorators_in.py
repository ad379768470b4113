"""What stands above a definition and says that it, or some way to call it, is going away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from envmgr.changes.names_in import LONGEST, Function, text_of

_WHOLE = re.compile(
    r"^_*deprecat(?:e|ed|ion)_?(?:alias|attribute|callable|class|function|func|method|property|privatize_attribute"
    r"|function_alias)?$",
    re.IGNORECASE,
)
_OF_PARAMETERS = re.compile(
    r"deprecat|(?:delete|remove|rename)d?_?(?:parameter|param|argument|arg|kwarg)|make_keyword_only",
    re.IGNORECASE,
)
_TAKES = re.compile(r"deprecat|renam", re.IGNORECASE)
_MARKED = re.compile(r"[`'\"*](\w+)[`'\"*]")


def whole(node: ast.AST, names: Mapping[str, ast.expr]) -> str | None:
    """What a decorator says of all of it."""
    for each in _above(node):
        if _WHOLE.match(name_of(each)):
            return _words(each, names)
    return None


def partly(node: ast.AST) -> Iterator[ast.expr]:
    """Decorators that say that some way to call it is going away."""
    for each in _above(node):
        name = name_of(each)
        if _OF_PARAMETERS.search(name) and not _WHOLE.match(name):
            yield each


def shown(decorator: ast.expr) -> str:
    return f"@{ast.unparse(decorator)}"[:LONGEST]


def written(node: ast.AST) -> tuple[str, ...]:
    return tuple(ast.unparse(each) for each in _above(node))


def of_its_own(node: ast.AST, functions: Mapping[str, Function]) -> Iterator[Function]:
    """The definitions of those that stand above it."""
    for each in _above(node):
        found = functions.get(name_of(each))
        if found is not None and found is not node:
            yield found


def still_taken(node: ast.AST) -> Iterator[str]:
    """Names that decorators speak of which take, for a while, what went: written in them, or part of their own name,
    as of `deprecate_dims`."""
    for each in _above(node):
        name = name_of(each)
        if _TAKES.search(name):
            yield from (one for one in _literals(each) if one.isidentifier())
            yield from name.strip("_").split("_")[1:]


def spoken_of(function: Function, texts: tuple[str, ...]) -> Iterator[str]:
    """Names that a decorator, which warns, asks for by name or speaks of."""
    yield from (one for one in _literals(function) if one.isidentifier())
    for text in texts:
        yield from _MARKED.findall(text)


def name_of(decorator: ast.expr) -> str:
    """`partial(f, ...)` is `f`."""
    made = decorator
    while isinstance(made, ast.Call):
        partial = ast.unparse(made.func).rpartition(".")[2] == "partial" and made.args
        made = made.args[0] if partial else made.func
    return ast.unparse(made).rpartition(".")[2]


def assigned(node: ast.ClassDef | ast.Module, names: Mapping[str, ast.expr]) -> Iterator[tuple[str, str]]:
    """Names in a body that are bound to what a call for things that are going away gives: `a =
    deprecated(...)(b)`."""
    for each in node.body:
        value = each.value if isinstance(each, (ast.Assign, ast.AnnAssign)) else None
        if isinstance(value, ast.Call):
            made = value.func if isinstance(value.func, ast.Call) else value
            if _WHOLE.match(ast.unparse(made.func).rpartition(".")[2]):
                targets = each.targets if isinstance(each, ast.Assign) else [getattr(each, "target", None)]
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield target.id, _words(made, names)


def _above(node: ast.AST) -> list[ast.expr]:
    return list(getattr(node, "decorator_list", ()))


def _literals(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _words(made: ast.expr, names: Mapping[str, ast.expr]) -> str:
    """What a decorator is told; where these are no words, how it is written."""
    said = [*made.args, *(word.value for word in made.keywords)] if isinstance(made, ast.Call) else []
    texts = [text for one in said if (text := text_of(one, names)) not in ("…", "None")]
    if texts and not any(" " in text.strip() for text in texts):
        return f"@{ast.unparse(made)}"[:LONGEST]
    return " ".join(texts)[:LONGEST]
