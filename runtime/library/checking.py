"""Names that a module imports for type checkers alone, `if TYPE_CHECKING:`, looked up without importing anything."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import textwrap
from pathlib import Path
from typing import Any, Iterator, Mapping

_BLOCK = re.compile(r"^if (?:\w+\.)?TYPE_CHECKING:[ \t]*\n((?:[ \t]+.*\n|[ \t]*\n|#.*\n)+)", re.MULTILINE)


class Checking:
    """The names of modules, completed; each module's source is read once at most."""

    def __init__(self) -> None:
        self._known: dict[int, Mapping[str, Any]] = {}

    def names(self, names: dict[str, Any]) -> Mapping[str, Any]:
        """`names`, a module's, and beside them what its type checker knows and modules that are loaded have."""
        known = self._known.get(id(names))
        if known is None:
            known = self._known[id(names)] = {**_imported(names), **names} if _has_any(names) else names
        return known


def _has_any(names: dict[str, Any]) -> bool:
    return "TYPE_CHECKING" in names or "typing" in names


def _imported(names: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    file, package = names.get("__file__"), names.get("__package__")
    if type(file) is not str or not file.endswith(".py"):
        return found
    try:
        blocks = _BLOCK.findall(Path(file).read_text("utf-8"))
        for node in (node for block in blocks for node in ast.parse(textwrap.dedent(block)).body):
            found.update(_of(node, package if type(package) is str else ""))
    except (OSError, ValueError, SyntaxError):
        pass
    return found


def _of(node: ast.stmt, package: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            module = sys.modules.get(alias.name if alias.asname else alias.name.partition(".")[0])
            if module is not None:
                yield alias.asname or alias.name.partition(".")[0], module
    elif isinstance(node, ast.ImportFrom):
        name = "." * node.level + (node.module or "")
        module = sys.modules.get(importlib.util.resolve_name(name, package) if node.level else name)
        held = vars(module) if module is not None else {}
        for alias in node.names:
            if alias.name in held:
                yield alias.asname or alias.name, held[alias.name]
