"""Deprecations that a body or a decorator announces, found without running anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_CATEGORY = re.compile(r"Deprecat|FutureWarning|Pandas\d*Warning|RemovedIn")
_DECORATOR = re.compile(r"deprecat", re.IGNORECASE)
_WHOLE = re.compile(
    r"^_*deprecat(?:e|ed|ion)_?(?:alias|attribute|callable|class|function|func|method|property|privatize_attribute"
    r"|function_alias)?$",
    re.IGNORECASE,
)
_OF_PARAMETERS = re.compile(
    r"deprecat|(?:delete|remove|rename)d?_?(?:parameter|param|argument|arg|kwarg)|make_keyword_only",
    re.IGNORECASE,
)
_WARNS = re.compile(r"warn|deprecat", re.IGNORECASE)
_NO_WARNING = re.compile(r"filter|catch|assert|raises|warns$|_warned|Warning$", re.IGNORECASE)
_MESSAGES = frozenset({"message", "msg", "text", "name", "reason", "alternative"})
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Warned:
    """`deprecated` is the text of a warning that every call shows, `texts` of those that some do."""

    texts: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    deprecated: str | None = None


def constants(module: ast.Module) -> dict[str, ast.expr]:
    """What the module's own names stand for."""
    return {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def imported(module: ast.Module, package: str) -> Iterator[tuple[str, str, str]]:
    """Names that it imports from modules whose name speaks of warnings: its own, the module, the name there."""
    for node in module.body:
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            home = ".".join([*above, *([node.module] if node.module else [])])
            if _WARNS.search(home.rpartition(".")[2]):
                yield from ((each.asname or each.name, home, each.name) for each in node.names)


def function(node: ast.AST, names: Mapping[str, ast.expr]) -> Warned:
    """Of a definition."""
    every = [each for statement in getattr(node, "body", ()) for each in ast.walk(statement)]
    local = {**names, **_locals(every)}
    texts = []
    whole = _decorated(node, local)
    for call in (each for each in every if isinstance(each, ast.Call) and _is_deprecation(each, local)):
        said = _said(call, local)
        texts.append(said)
        if whole is None and _is_always(node, call):
            whole = said
    written = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
    texts += [_shown(each) for each in _partly(node)]
    return Warned(tuple(dict.fromkeys(text for text in texts if text)), tuple(written), whole)


def inner(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions that it makes."""
    for each in ast.walk(node):
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and each is not node:
            yield each


def holder(node: ast.AST, names: Mapping[str, ast.expr]) -> Warned:
    """Of a class: what stands above it."""
    written = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
    return Warned((), tuple(written), _decorated(node, names))


def text_of(node: ast.expr, names: Mapping[str, ast.expr], depth: int = 0) -> str:
    """What an expression says, with `…` for what is only known when it runs."""
    if depth > 5:
        return "…"
    if isinstance(node, ast.Constant):
        return node.value[:_LONGEST] if isinstance(node.value, str) else str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(each, names, depth + 1) for each in node.values)
    if isinstance(node, ast.FormattedValue):
        return text_of(node.value, names, depth + 1) if isinstance(node.value, ast.Constant) else "…"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left, names, depth + 1) + text_of(node.right, names, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return text_of(node.left, names, depth + 1)
    if isinstance(node, ast.Name) and node.id in names:
        return text_of(names[node.id], names, depth + 1)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "strip"):
            return text_of(node.func.value, names, depth + 1)
        if node.args and _CATEGORY.search(ast.unparse(node.func)):
            return text_of(node.args[0], names, depth + 1)
    return "…"


def _said(call: ast.Call, names: Mapping[str, ast.expr]) -> str:
    """`""` where only a run tells. What a helper of the library's own is given is often only a name."""
    given = [*call.args, *(each.value for each in call.keywords if each.arg in _MESSAGES)]
    said = [found for one in given if re.search(r"[A-Za-z]", found := text_of(one, names))]
    text = next((one for one in said if " " in one), said[0] if said else "")
    if not text or text == "None":
        return ""
    if _DECORATOR.search(ast.unparse(call.func)) and not _DECORATOR.search(text):
        return f"{text} is deprecated"
    return text


def _is_deprecation(call: ast.Call, names: Mapping[str, ast.expr]) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    if not _WARNS.search(name) or _NO_WARNING.search(name):
        return False
    said = [*call.args, *(each.value for each in call.keywords if each.arg in ("category", None))]
    return bool(_DECORATOR.search(name) and call.args) or any(
        _CATEGORY.search(ast.unparse(each.func if isinstance(each, ast.Call) else each))
        for each in (names.get(one.id, one) if isinstance(one, ast.Name) else one for one in said)
        if isinstance(each, (ast.Name, ast.Attribute, ast.Call))
    )


def _is_always(node: ast.AST, call: ast.Call) -> bool:
    """Whether it is a statement of the body itself, before anything else can end it."""
    for statement in getattr(node, "body", ()):
        if isinstance(statement, ast.Expr) and statement.value is call:
            return True
        if isinstance(statement, (ast.Return, ast.Raise)):
            return False
    return False


def _decorated(node: ast.AST, names: Mapping[str, ast.expr]) -> str | None:
    for each in getattr(node, "decorator_list", ()):
        function = each.func if isinstance(each, ast.Call) else each
        if _WHOLE.match(ast.unparse(function).rpartition(".")[2]):
            return _words(each, names)
    return None


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


def _words(made: ast.expr, names: Mapping[str, ast.expr]) -> str:
    """What a decorator is told; where these are no words, how it is written."""
    said = [*made.args, *(word.value for word in made.keywords)] if isinstance(made, ast.Call) else []
    texts = [text for one in said if (text := text_of(one, names)) not in ("…", "None")]
    if texts and not any(" " in text.strip() for text in texts):
        return f"@{ast.unparse(made)}"[:_LONGEST]
    return " ".join(texts)[:_LONGEST]


def _partly(node: ast.AST) -> Iterator[ast.expr]:
    """Decorators that say that some way to call it is going away."""
    for each in getattr(node, "decorator_list", ()):
        name = ast.unparse(each.func if isinstance(each, ast.Call) else each).rpartition(".")[2]
        if _OF_PARAMETERS.search(name) and not _WHOLE.match(name):
            yield each


def _shown(decorator: ast.expr) -> str:
    return f"@{ast.unparse(decorator)}"[:_LONGEST]


def _locals(every: Iterable[ast.AST]) -> dict[str, ast.expr]:
    return {
        target.id: each.value
        for each in every
        if isinstance(each, ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Name)
    }
