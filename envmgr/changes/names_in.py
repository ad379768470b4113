"""What names of a module stand for, found without running anything: texts, and functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

WARNS = re.compile(r"warn|deprecat", re.IGNORECASE)
CATEGORY = re.compile(r"Deprecat|FutureWarning|Pandas\d*Warning|RemovedIn")
_FOLLOWED = 5
LONGEST = 400

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Known:
    """By the names that a module has for them."""

    constants: Mapping[str, ast.expr] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)


def known(module: ast.Module) -> Known:
    constants = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    functions = {node.name: node for node in module.body if isinstance(node, Function)}
    return Known(constants, functions)


def imported(module: ast.Module, package: str) -> Iterator[tuple[str, str, str]]:
    """Names that it imports from modules whose name speaks of warnings: its own, the module, the name there."""
    for node in module.body:
        if isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            home = ".".join([*above, *([node.module] if node.module else [])])
            if WARNS.search(home.rpartition(".")[2]):
                yield from ((each.asname or each.name, home, each.name) for each in node.names)


def text_of(node: ast.expr, names: Mapping[str, ast.expr], depth: int = 0) -> str:
    """What an expression says, with `…` for what is only known when it runs."""
    if depth > _FOLLOWED:
        return "…"
    if isinstance(node, ast.Constant):
        return node.value[:LONGEST] if isinstance(node.value, str) else str(node.value)
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
        if node.args and CATEGORY.search(ast.unparse(node.func)):
            return text_of(node.args[0], names, depth + 1)
    return "…"
