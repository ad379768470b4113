"""What a stub's annotations mean for a caller's values: aliases of the stub are followed, then what they stand for
is read as annotations of run time are.
"""

from __future__ import annotations

import ast
import builtins
import copy

from typeshed_client import ModulePath

from envmgr.catalog.stub_lookup import Lookup, last_name, parsed_text
from envmgr.catalog.stub_signatures import Meaning
from envmgr_runtime.library.annotations import accepts, into

_DEEPEST = 6
_TYPING = (ModulePath(("typing",)), ModulePath(("typing_extensions",)))
_NAMES = {"builtins": builtins}
_UNKNOWN = ast.Name("_")


class Meanings:
    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._known: dict[tuple[ModulePath, str], tuple[str | None, list[str] | None]] = {}
        self._aliases: dict[tuple[ModulePath, str], ast.expr | None] = {}

    def of(self, module: ModulePath) -> Meaning:
        def meaning(annotation: ast.expr, written: str) -> tuple[str | None, list[str] | None]:
            key = (module, written)
            if key not in self._known:
                self._known[key] = self._read(module, written)
            return self._known[key]

        return meaning

    def typing_name(self, module: ModulePath, name: str) -> str | None:
        """What `typing` calls it, when it is of that: `L` may be `Literal`."""
        place = self._lookup.name(module, name) if module not in _TYPING else None
        return place.info.name if place is not None and place.module in _TYPING and place.info else None

    def is_other(self, module: ModulePath, name: str) -> bool:
        """Whether a name of Python's own is another class here, as `bool` is in NumPy."""
        if module == ("builtins",) or not hasattr(builtins, name):
            return False
        place = self._lookup.name(module, name)
        return place is not None and place.module != ("builtins",) and place.class_node() is not None

    def alias(self, module: ModulePath, name: str, depth: int) -> ast.expr | None:
        """What a name stands for, aliases in it followed; None for what is no alias."""
        key = (module, name)
        if key not in self._aliases:
            self._aliases[key] = None  # of one that stands for itself
            value, place = self._value(module, name)
            if value is not None:
                self._aliases[key] = _Followed(self, place, depth + 1).visit(copy.deepcopy(value))
        return self._aliases[key]

    def _value(self, module: ModulePath, name: str) -> tuple[ast.expr | None, ModulePath]:
        place = self._lookup.name(module, name)
        variable = place.variable() if place is not None else None
        if place is None or variable is None:
            return None, module
        if isinstance(variable, ast.AnnAssign) and last_name(variable.annotation) != "TypeAlias":
            return None, module
        return None if isinstance(variable.value, ast.Call) else variable.value, place.module

    def _read(self, module: ModulePath, written: str) -> tuple[str | None, list[str] | None]:
        node = parsed_text(written)
        if node is None:
            return None, None
        followed = _Followed(self, module, 0).visit(node)
        return into(followed, _NAMES), accepts(followed, _NAMES)


class _Followed(ast.NodeTransformer):
    """Aliases replaced by what they stand for."""

    def __init__(self, meanings: Meanings, module: ModulePath, depth: int) -> None:
        self._meanings, self._module, self._depth = meanings, module, depth

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if self._depth >= _DEEPEST:
            return node
        name = self._meanings.typing_name(self._module, node.id)
        if name is not None:
            return ast.Name(name)
        if self._meanings.is_other(self._module, node.id):
            return _UNKNOWN
        return self._meanings.alias(self._module, node.id, self._depth) or node
