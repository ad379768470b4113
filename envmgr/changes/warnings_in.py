"""Deprecations that a body or a decorator announces, found without running anything."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_CATEGORY = re.compile(r"Deprecat|FutureWarning|Pandas\d*Warning|RemovedIn")
_DECORATOR = re.compile(r"deprecat", re.IGNORECASE)
_WHOLE = re.compile(
    r"^(?:deprecated|deprecate|deprecation|deprecated_class|deprecated_function)$", re.IGNORECASE
)
_WARNS = re.compile(r"warn|deprecat", re.IGNORECASE)
_NO_WARNING = re.compile(r"filter|catch|assert|raises|warns$|_warned|Warning$", re.IGNORECASE)
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


def function(node: ast.AST, names: Mapping[str, ast.expr]) -> Warned:
    """Of a definition."""
    every = [each for statement in getattr(node, "body", ()) for each in ast.walk(statement)]
    local = {**names, **_locals(every)}
    texts = []
    whole = _decorated(node, local)
    for call in (each for each in every if isinstance(each, ast.Call) and _is_deprecation(each)):
        said = _said(call, local)
        texts.append(said)
        if whole is None and _is_always(node, call):
            whole = said
    written = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
    texts += [_shown(each) for each in _partly(node)]
    return Warned(tuple(dict.fromkeys(text for text in texts if text)), tuple(written), whole)


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
    text = text_of(call.args[0], names) if call.args else ""
    if not re.search(r"[A-Za-z]", text):
        return ""
    if _DECORATOR.search(ast.unparse(call.func)) and not _DECORATOR.search(text):
        return f"{text} is deprecated"
    return text


def _is_deprecation(call: ast.Call) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    if not _WARNS.search(name) or _NO_WARNING.search(name):
        return False
    said = [*call.args, *(each.value for each in call.keywords if each.arg in ("category", None))]
    return bool(_DECORATOR.search(name) and call.args) or any(
        _CATEGORY.search(ast.unparse(each.func if isinstance(each, ast.Call) else each))
        for each in said
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
            said = [*each.args, *(word.value for word in each.keywords)] if isinstance(each, ast.Call) else []
            return " ".join(text for one in said if (text := text_of(one, names)) != "…")[:_LONGEST]
    return None


def _partly(node: ast.AST) -> Iterator[ast.expr]:
    """Decorators that say that some way to call it is going away."""
    for each in getattr(node, "decorator_list", ()):
        name = ast.unparse(each.func if isinstance(each, ast.Call) else each).rpartition(".")[2]
        if _DECORATOR.search(name) and not _WHOLE.match(name):
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
