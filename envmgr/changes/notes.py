"""What griffe does not keep of a module that it visits: warnings of bodies, and all that these assign and ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import griffe

from envmgr.changes import decorators_in, keywords_in, names_in, offers, warnings_in
from envmgr.changes.names_in import Known
from envmgr.changes.warnings_in import Warned

_WORDS = re.compile(r"(\"\"\"|\'\'\').*?\1|#[^\n]*", re.DOTALL)
_OF_ITSELF = re.compile(r"\b(?:self|cls|obj|instance)\.([A-Za-z]\w*)")


class Notes(griffe.Extension):
    """Keeps what griffe does not: the warnings of a body, and all that it assigns to its object."""

    def __init__(self, code: str, package: str, elsewhere: Callable[[str], Known]) -> None:
        super().__init__()
        self._package, self._elsewhere = package, elsewhere
        self._lines = code.splitlines()
        self._known = Known()
        self.warned: dict[int, Warned] = {}
        self.mentioned: dict[int, frozenset[str]] = {}
        self.begins: dict[int, int] = {}
        self.left: frozenset[str] = frozenset()
        self.is_open = False
        self.words: frozenset[str] = frozenset()
        self.on_purpose: frozenset[str] = frozenset()
        self.used: frozenset[str] = frozenset()
        self.keywords: dict[int, tuple[frozenset[str], bool | None]] = {}
        self.calls: dict[int, frozenset[tuple[str, str]]] = {}
        self.inner: dict[int, Warned] = {}
        self.ending: dict[str, str] = {}
        self.ending_in: dict[int, dict[str, str]] = {}

    def on_module_node(self, *, node: Any, **_: Any) -> None:
        if isinstance(node, ast.Module):
            own = names_in.known(node)
            constants, functions = dict(own.constants), dict(own.functions)
            for name, home, there in names_in.imported(node, self._package):
                found = self._elsewhere(home)
                if there in found.constants:
                    constants.setdefault(name, found.constants[there])
                if there in found.functions:
                    functions.setdefault(name, found.functions[there])
            self._known = Known(constants, functions)
            self.left = frozenset(offers.left_by_loops(node.body))
            self.is_open = offers.is_open(node)
            self.words = offers.words(node)
            self.on_purpose = offers.on_purpose(node, self._lines)
            self.used = offers.used(node)
            self.ending = dict(decorators_in.assigned(node, constants))

    def on_function_instance(self, *, node: Any, func: griffe.Function, **_: Any) -> None:
        if node.args.kwarg is not None:
            self.keywords[id(func)] = keywords_in.taken(node), keywords_in.hands_on(node)
        calls = frozenset(keywords_in.defaults_that_are_calls(node))
        if calls:
            self.calls[id(func)] = calls
        text = self._text(node)
        if node.decorator_list or "arn" in text or "eprecat" in text:  # walking through a body costs
            self.warned[id(func)] = warnings_in.function(node, self._known)
            for each in warnings_in.inner(node):
                self.inner[_first(each)] = warnings_in.function(each, self._known)

    def on_attribute_instance(self, *, node: Any, attr: griffe.Attribute, **_: Any) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):  # a property
            self.warned[id(attr)] = warnings_in.function(node, self._known)
            self.begins[id(attr)] = _first(node)

    def on_class_instance(self, *, node: Any, cls: griffe.Class, **_: Any) -> None:
        self.warned[id(cls)] = warnings_in.holder(node, self._known)
        self.begins[id(cls)] = node.lineno  # its decorators stand before
        self.ending_in[id(cls)] = dict(decorators_in.assigned(node, self._known.constants))
        self.mentioned[id(cls)] = frozenset(_OF_ITSELF.findall(_WORDS.sub("", self._text(node))))

    def _text(self, node: Any) -> str:
        return "\n".join(self._lines[_first(node) - 1 : node.end_lineno])


def _first(node: Any) -> int:
    """The line that it begins in: its decorators stand before it."""
    return int(min(each.lineno for each in (node, *node.decorator_list)))
