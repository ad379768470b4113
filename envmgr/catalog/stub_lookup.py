"""Where stubs define what a library has under a path: imports, base classes and variables are followed.

A stub says nothing about existence. What it lacks, or says in a way that is not followed here, is not found.
"""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typeshed_client
from typeshed_client import (
    ImportedInfo,
    ImportedName,
    ModulePath,
    NameInfo,
    OverloadedName,
    Resolver,
    get_stub_file,
    parse_ast,
)
from typeshed_client.resolver import Module

from envmgr.catalog.newer_syntax import parsed

logging.getLogger("typeshed_client").addHandler(logging.NullHandler())

_DEEPEST = 12
"""Aliases, base classes and imports that are followed, one behind the other."""
_DEFINED = re.compile(r"^(?:class|(?:async )?def) (\w+)", re.M)
_WRAPPERS = frozenset({"Final", "ClassVar", "Annotated", "Required", "ReadOnly"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Place:
    """A definition and the module whose names it uses. `in_class`: it stands in one. `of_instance`: reached through
    a value of a class, so that the first parameter is given already. Without `info` it is the module itself.
    """

    module: ModulePath
    info: NameInfo | None
    of_instance: bool = False
    in_class: bool = False

    @property
    def nodes(self) -> list[ast.AST]:
        if self.info is None:
            return []
        node = self.info.ast
        found = node.definitions if isinstance(node, OverloadedName) else [node]
        return [each for each in found if isinstance(each, ast.AST)]

    def class_node(self) -> ast.ClassDef | None:
        return next((node for node in self.nodes if isinstance(node, ast.ClassDef)), None)

    def functions(self) -> list[Function]:
        return [node for node in self.nodes if isinstance(node, Function)]

    def variable(self) -> ast.AnnAssign | ast.Assign | None:
        return next((node for node in self.nodes if isinstance(node, ast.AnnAssign | ast.Assign)), None)


class _Resolver(Resolver):
    """Reads stubs in the syntax of a newer Python too."""

    def get_module(self, module_name: ModulePath) -> Module:
        if module_name not in self._module_cache:
            name = ".".join(module_name)
            file = get_stub_file(name, search_context=self.ctx)
            names = None
            if file is not None:
                tree = parsed(file.read_text(encoding="utf-8"))
                is_init = file.stem == "__init__"
                names = parse_ast(tree, self.ctx, module_name, is_init=is_init, file_path=file)
            self._module_cache[module_name] = Module(names or {}, self.ctx, exists=names is not None)
        return self._module_cache[module_name]


class Lookup:
    """The stubs of one environment: typeshed's for the standard library, `<name>-stubs` packages, and those that
    stand in packages themselves; sources where a stub imports from one. Each is read once.
    """

    def __init__(self, site: Path | None, version: tuple[int, int]) -> None:
        self._context = typeshed_client.get_search_context(
            search_path=[site] if site else [], version=version
        )
        self._resolver = _Resolver(self._context._replace(allow_py_files=True))
        self._existing: dict[ModulePath, bool] = {}
        self._definers: dict[str, dict[str, list[str]]] = {}
        self._site = site
        self._members: dict[tuple[ModulePath, str, str], Place | None] = {}
        self._broken: set[ModulePath] = set()

    def has(self, module: str) -> bool:
        return self._exists(ModulePath(tuple(module.split("."))))

    def find(self, module: str, path: str) -> Place | None:
        """What `path`, relative to `module`, is defined as: a function, a class or a variable."""
        place: Place | None = Place(ModulePath(tuple(module.split("."))), None)
        for name in path.split("."):
            if place is None or (place.info is None and not self._exists(place.module)):
                return None
            place = self.attribute(place, name)
        return place if place is not None and place.info is not None else None

    def find_by_name(self, package: str, path: str) -> Place | None:
        """Where one stub alone of a package has the first name of `path` at its top, what `path` is in it: for what
        says that it is of a module that has no stub, as what is compiled may.
        """
        if package not in self._definers:
            self._definers[package] = _definers(self._site, package)
        modules = self._definers[package].get(path.partition(".")[0], ())
        return self.find(modules[0], path) if len(modules) == 1 else None

    def attribute(self, place: Place, name: str, depth: int = 0) -> Place | None:
        """Of a module, of a class, or of what a variable holds."""
        if place.info is None:
            return self.name(place.module, name, depth)
        if place.class_node() is not None:
            return self.member(place, name, depth)
        held = self.held(place, depth)
        found = None if held is None else self.attribute(held, name, depth + 1)
        if found is None:
            return None
        return Place(found.module, found.info, held is not None and held.info is not None, found.in_class)

    def name(self, module: ModulePath, name: str, depth: int = 0) -> Place | None:
        """In the namespace of a module, its submodules behind it. A variable that is only another name is that."""
        if depth > _DEEPEST or module in self._broken:
            return None
        if not self._readable(module):
            return None
        try:
            found = self._resolver.get_name(module, name)
        except Exception:  # noqa: BLE001 - it comes from a stub that its parser does not know how to read
            return None
        if isinstance(found, ImportedInfo):
            return self._same(Place(found.source_module, found.info), depth)
        if isinstance(found, NameInfo):
            if isinstance(found.ast, ImportedName):
                return None
            return self._same(Place(module, found), depth)
        if found is not None:
            return Place(found, None)
        child = ModulePath((*module, name))
        return Place(child, None) if self._exists(child) else None

    def member(self, place: Place, name: str, depth: int = 0) -> Place | None:
        """Of a class or the nearest of its bases that has it."""
        if depth > _DEEPEST or place.info is None:
            return None
        key = (place.module, place.info.name, name)
        if key not in self._members:
            self._members[key] = None  # of a class that is its own base
            self._members[key] = self._member(place, name, depth)
        return self._members[key]

    def held(self, place: Place, depth: int = 0) -> Place | None:
        """The class of a variable's value, by its annotation."""
        variable = place.variable()
        if not isinstance(variable, ast.AnnAssign):
            return None
        return self.expression(place.module, unwrapped(variable.annotation), depth + 1)

    def expression(self, module: ModulePath, node: ast.expr, depth: int = 0) -> Place | None:
        """What a name, dotted or subscripted, leads to."""
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.Subscript):
            return self.expression(module, node.value, depth + 1)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            parsed = parsed_text(node.value)
            return None if parsed is None else self.expression(module, parsed, depth + 1)
        if isinstance(node, ast.Name):
            return self.name(module, node.id, depth + 1) or self._builtin(module, node.id)
        if isinstance(node, ast.Attribute):
            holder = self.expression(module, node.value, depth + 1)
            return None if holder is None else self.attribute(holder, node.attr, depth + 1)
        return None

    def _member(self, place: Place, name: str, depth: int) -> Place | None:
        children = place.info.child_nodes if place.info is not None else None
        if children and name in children:
            found = Place(place.module, children[name], in_class=True)
            variable = found.variable()
            if isinstance(variable, ast.Assign) and isinstance(variable.value, ast.Name):
                return self.member(place, variable.value.id, depth + 1) or found
            return found
        for base in self._bases(place, depth):
            inherited = self.member(base, name, depth + 1)
            if inherited is not None:
                return inherited
        return None

    def _bases(self, place: Place, depth: int) -> Iterator[Place]:
        node = place.class_node()
        for base in node.bases if node is not None else ():
            found = self.expression(place.module, base, depth + 1)
            if found is not None and found.class_node() is not None:
                yield found

    def _same(self, place: Place, depth: int) -> Place | None:
        variable = place.variable()
        if not isinstance(variable, ast.Assign) or not isinstance(variable.value, ast.Name | ast.Attribute):
            return place
        return self.expression(place.module, variable.value, depth + 1) or place

    def _builtin(self, module: ModulePath, name: str) -> Place | None:
        builtins = ModulePath(("builtins",))
        return None if module == builtins else self.name(builtins, name)

    def _readable(self, module: ModulePath) -> bool:
        try:
            self._resolver.get_module(module)
        except Exception:  # noqa: BLE001 - as above
            self._broken.add(module)
            return False
        return True

    def _exists(self, module: ModulePath) -> bool:
        if module not in self._existing:
            found = typeshed_client.get_stub_file(".".join(module), search_context=self._context)
            self._existing[module] = found is not None
        return self._existing[module]


def _definers(site: Path | None, package: str) -> dict[str, list[str]]:
    """The modules whose stubs define a class or a function of each name."""
    found: dict[str, list[str]] = {}
    for file in sorted((site / package).rglob("*.pyi")) if site is not None else ():
        module = ".".join(file.relative_to(site or file).with_suffix("").parts).removesuffix(".__init__")
        try:
            text = file.read_text("utf-8")
        except (OSError, ValueError):
            continue
        for name in dict.fromkeys(_DEFINED.findall(text)):
            found.setdefault(name, []).append(module)
    return found


def unwrapped(annotation: ast.expr) -> ast.expr:
    """Without `Final`, `ClassVar` and their like around it."""
    while isinstance(annotation, ast.Subscript) and last_name(annotation.value) in _WRAPPERS:
        inner = annotation.slice
        annotation = inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner
    return annotation


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def parsed_text(text: str) -> ast.expr | None:
    """An annotation as text; None where it is no expression."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def decorators(node: Function) -> Sequence[str]:
    return [last_name(each.func if isinstance(each, ast.Call) else each) for each in node.decorator_list]
