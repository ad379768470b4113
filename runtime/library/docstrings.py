"""Signatures that C functions tell in the first lines of their docstrings.

`dot(a, b, out=None)`, `a.sum(axis=None, out=None)`, `range(start, stop[, step]) -> range object`. What is no valid
signature when it is read is none: nothing is guessed.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from .signatures import Parameters

_FORM = re.compile(r"(?:\w+\.)*(\w+)\s*\(")
_MOST_FORMS = 10
_LONGEST = 2_000
_UNKNOWN = "..."
"""The default of a parameter of which is only said that it may be left out."""


def forms(doc: Any, name: str, bound: str | None) -> list[Parameters]:
    """The signatures of `name` at the beginning of its docstring, one for each form; empty where there is none.

    `bound`: the name of a parameter that such lines leave out (`self`), put first.
    """
    if type(doc) is not str:
        return []
    rest = doc.lstrip()[: _LONGEST * 2]
    found: list[Parameters] = []
    while len(found) < _MOST_FORMS:
        match = _FORM.match(rest)
        if match is None or match.group(1) != name:
            break
        end = _closing(rest, match.end() - 1)
        parameters = None if end is None else _parsed(rest[match.end() : end], bound)
        if end is None or parameters is None:
            return []
        tail, _, rest = rest[end + 1 :].partition("\n")
        if not _ends(tail):
            return []  # a sentence that begins like a signature
        found.append(parameters)
        rest = rest.lstrip(" \t")
    return found


def _ends(tail: str) -> bool:
    tail = tail.strip()
    return not tail or tail.startswith(("->", "--", ":", "=>")) or tail in (".", ";", ",")


def _closing(words: str, start: int) -> int | None:
    """Where the bracket that opens at `start` closes."""
    depth, quote = 0, ""
    for at in range(start, min(len(words), start + _LONGEST)):
        letter = words[at]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if depth == 0:
                return at if letter == ")" else None
    return None


def _parsed(words: str, bound: str | None) -> Parameters | None:
    try:
        source = _without_options(words)
        tree = ast.parse(f"def f({source}): pass").body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    rows = _rows(tree.args)
    if bound is not None and not (rows and rows[0][0] in ("self", "cls")):
        rows.insert(0, [bound, 0, None, None, None, None])
    return rows


def _without_options(words: str) -> str:
    """`a[, b[, c=1]]` and `[start,] stop` as Python writes them; raises ValueError for what it cannot write."""
    plain = re.sub(r"<[^<>]*>", "'<>'", " ".join(words.split()))
    out: list[str] = []
    optional = depth = 0
    item = ""
    for at, letter in enumerate(plain + ","):
        if letter == "[" and depth == 0 and (not item.strip() or plain[at + 1 :].lstrip().startswith(",")):
            optional += 1
            if item.strip():
                out.append(_item(item, optional - 1))
            item = ""
        elif letter == "]" and depth == 0 and optional:
            out.append(_item(item, optional))
            optional -= 1
            item = ""
        elif letter == "," and depth == 0:
            out.append(_item(item, optional))
            item = ""
        else:
            depth += (letter in "([{") - (letter in ")]}")
            item += letter
    if optional or depth:
        raise ValueError(words)
    rest = next((at for at, part in enumerate(out) if part.startswith("*")), len(out))
    return ", ".join(part for at, part in enumerate(out) if part and not (part == "*" and at > rest))


def _item(item: str, optional: int) -> str:
    item = item.strip()
    if not optional or not item or "=" in item or item.startswith(("*", "/")):
        return item
    return f"{item}={_UNKNOWN}"


def _rows(args: ast.arguments) -> Parameters:
    rows: Parameters = []
    ahead = [*((arg, 0) for arg in args.posonlyargs), *((arg, 1) for arg in args.args)]
    defaults: list[Any] = [None] * (len(ahead) - len(args.defaults)) + list(args.defaults)
    for (arg, kind), default in zip(ahead, defaults):
        rows.append(_row(arg, kind, default))
    if args.vararg is not None:
        rows.append(_row(args.vararg, 2, None))
    for arg, default in zip(args.kwonlyargs, args.kw_defaults):
        rows.append(_row(arg, 3, default))
    if args.kwarg is not None:
        rows.append(_row(args.kwarg, 4, None))
    return rows


def _row(arg: ast.arg, kind: int, default: Any) -> list[Any]:
    return [arg.arg, kind, None if default is None else _written(default), None, None, None]


def _written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return "..." if node.value in (..., "<>") else repr(node.value)[:80]
    if isinstance(node, (ast.Name, ast.Attribute)):
        return _dotted(node)
    try:
        return repr(ast.literal_eval(node))[:80]
    except ValueError:
        return _UNKNOWN


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else _UNKNOWN
