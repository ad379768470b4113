"""What the source of a module says of the names in it: which it lists, which it only imports, which it answers to."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import griffe

from envmgr.changes.described import ALL

_NO_OFFER = sys.stdlib_module_names | {"typing_extensions"}
_GETATTR, _ALL = "__getattr__", "__all__"
_OF_PYTHON = frozenset(
    [
        "__all__",
        "__annotations__",
        "__builtins__",
        "__cached__",
        "__dict__",
        "__dir__",
        "__doc__",
        "__file__",
        "__getattr__",
        "__loader__",
        "__name__",
        "__package__",
        "__path__",
        "__spec__",
        "__test__",
        "__warningregistry__",
    ]
)
_RUNS = (ast.Call, ast.Name, ast.Attribute, ast.comprehension)
_LONGEST = 60
_UNUSED = re.compile(r"#\s*(?:noqa\b(?!:(?![^#]*F401))|pylint: *disable=.*unused-import)", re.IGNORECASE)


def listed(module: griffe.Module) -> frozenset[str]:
    """Of its `__all__`; `ALL` where that, or what it imports with a star, is only known when it runs."""
    if module.exports is None:
        return ALL if any(name.endswith("/*") for name in module.members) else frozenset()
    return frozenset(name for name in module.exports if isinstance(name, str))


def imported(module: griffe.Module, on_purpose: frozenset[str], used: frozenset[str]) -> Iterator[str]:
    """Names of other modules' objects that it does not offer, where its `__all__` is not `is_open`: PEP 8 calls these
    an implementation detail. A package without `__all__` offers what it imports, but for what is from outside of it
    and serves its own code; so does a module that has nothing of its own."""
    exports = module.exports
    own = "" if exports is not None or not module.is_init_module else f"{module.path}."
    if not own and exports is None and not _has_own(module):
        return
    for name, each in module.members.items():
        if not each.is_alias or name in on_purpose or name in (exports or ()) or "/" in name:
            continue
        target = each.target_path if isinstance(each, griffe.Alias) else ""
        if not own or (name in used and not f"{target}.".startswith(own)):
            yield name


def foreign(module: griffe.Module, library: str, known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What a package offers, or a module lists, of another library: the walk leaves it out."""
    exports = {name for name in module.exports or () if isinstance(name, str)}
    there = set(known)
    for name, each in module.members.items():
        target = each.target_path if isinstance(each, griffe.Alias) else ""
        if name.startswith("_") or name.endswith("*") or name in there or _is_module(each):
            continue
        elsewhere = "." in target and target.partition(".")[0] not in (*_NO_OFFER, library)
        if name in exports or (elsewhere and module.is_init_module and not exports):
            yield name, target or name


def marks(module: griffe.Module) -> Iterator[str]:
    """What it says of itself: `__version__` and the like, which no walk lists."""
    for name in module.members:
        if name.startswith("__") and _may_be_asked_for(name):
            yield name


def answers(module: griffe.Module, words: frozenset[str]) -> Iterator[str]:
    """Of words of a module that answers for names, those that may be some: no modules that it imports whole."""
    for name in words:
        each = module.members.get(name)
        if not (isinstance(each, griffe.Alias) and "." not in each.target_path):
            yield name


def is_open(node: ast.Module) -> bool:
    """Whether what its `__all__` names is known only when it runs."""
    for each in _statements(node.body):
        targets = each.targets if isinstance(each, ast.Assign) else [getattr(each, "target", None)]
        value = getattr(each, "value", None)
        names = {one.id for one in targets if isinstance(one, ast.Name)}
        if value is not None and _ALL in names and any(isinstance(one, _RUNS) for one in ast.walk(value)):
            return True
    return False


def words(node: ast.Module) -> frozenset[str]:
    """Strings of a module that may be names, and names in a class that answers for it, where it has a
    `__getattr__`; keys of its tables of what is deprecated."""
    found: set[str] = set()
    for each in _statements(node.body):
        if isinstance(each, (ast.ClassDef, ast.FunctionDef)) and each.name == _GETATTR:
            found |= set(_strings(node))
            found |= set(_members(each)) if isinstance(each, ast.ClassDef) else set()
        found |= set(_tabled(each))
    return frozenset(name for name in found if _may_be_asked_for(name))


def on_purpose(node: ast.Module, lines: Sequence[str]) -> frozenset[str]:
    """`from x import y as y`: PEP 484 calls that an offer; and what is imported though linters say that nothing needs
    it (`noqa`, but for the order of imports)."""
    return frozenset(
        name.asname or name.name
        for each in ast.walk(node)
        if isinstance(each, ast.ImportFrom)
        for name in each.names
        if name.asname == name.name
        or any(_UNUSED.search(lines[line - 1]) for line in {each.lineno, name.lineno, each.end_lineno or 0})
    )


def used(node: ast.Module) -> frozenset[str]:
    """Names that its code reads."""
    return frozenset(
        each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)
    )


def left_by_loops(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Names of a module that its loops leave behind."""
    for node in body:
        if isinstance(node, (ast.For, ast.While, ast.If, ast.With, ast.Try)):
            if isinstance(node, (ast.For, ast.While)):
                for each in ast.walk(node):
                    if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                        yield each.id
            yield from left_by_loops(node.body)


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Of a module, also of those under a condition."""
    for each in body:
        yield each
        if isinstance(each, (ast.If, ast.Try)):
            handlers = each.handlers if isinstance(each, ast.Try) else []
            yield from _statements(
                [*each.body, *each.orelse, *(one for other in handlers for one in other.body)]
            )


def _may_be_asked_for(name: str) -> bool:
    """No private one, and none of Python's own."""
    mark = name.startswith("__") and name.endswith("__")
    return (
        name.isidentifier()
        and len(name) <= _LONGEST
        and (not name.startswith("_") or (mark and name not in _OF_PYTHON))
    )


def _strings(node: ast.Module) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _tabled(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    value = getattr(node, "value", None)
    if isinstance(value, ast.Dict) and any(
        isinstance(each, ast.Name) and "deprecat" in each.id.lower() for each in targets
    ):
        for key in value.keys:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value


def _members(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.FunctionDef):
            yield each.name
        elif isinstance(each, ast.Assign):
            yield from (target.id for target in each.targets if isinstance(target, ast.Name))


def _has_own(module: griffe.Module) -> bool:
    return any(
        not each.is_alias and (each.is_class or each.is_function) and not name.startswith("_")
        for name, each in module.members.items()
    )


def _is_module(member: Any) -> bool:
    return not member.is_alias and bool(member.is_module)
