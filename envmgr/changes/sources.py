"""What only the source says of a release's objects, read with griffe: bases, attributes of objects, warnings.

Only files that public objects stand in are read, each once.
"""

from __future__ import annotations

import ast
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import griffe

from envmgr.changes import warnings_in
from envmgr.changes.described import ALL, GETATTR, Api, Described, Source
from envmgr.changes.warnings_in import Warned

_DEEPEST = 30
_WORDS = re.compile(r"(\"\"\"|\'\'\').*?\1|#[^\n]*", re.DOTALL)
_OF_ITSELF = re.compile(r"\b(?:self|cls|obj|instance)\.([A-Za-z]\w*)")
_NO_OFFER = sys.stdlib_module_names | {"typing_extensions"}
_OPAQUE = "?"
"""A base that cannot be told: what its objects have is not known."""

logging.getLogger("griffe").setLevel(
    logging.CRITICAL
)  # what it says of others' sources is nothing to our user


class _Notes(griffe.Extension):
    """Keeps what griffe does not: the warnings of a body, and all that it assigns to its object."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self._lines = code.splitlines()
        self.constants: dict[str, ast.expr] = {}
        self.warned: dict[int, Warned] = {}
        self.mentioned: dict[int, frozenset[str]] = {}
        self.begins: dict[int, int] = {}
        self.left: frozenset[str] = frozenset()

    def on_module_node(self, *, node: Any, **_: Any) -> None:
        if isinstance(node, ast.Module):
            self.constants = warnings_in.constants(node)
            self.left = frozenset(_left_by_loops(node.body))

    def on_function_instance(self, *, node: Any, func: griffe.Function, **_: Any) -> None:
        text = self._text(node)
        if "arn" in text or "eprecat" in text:  # walking through a body costs
            self.warned[id(func)] = warnings_in.function(node, self.constants)

    def on_attribute_instance(self, *, node: Any, attr: griffe.Attribute, **_: Any) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):  # a property
            self.warned[id(attr)] = warnings_in.function(node, self.constants)
            self.begins[id(attr)] = min(each.lineno for each in (node, *node.decorator_list))

    def on_class_instance(self, *, node: Any, cls: griffe.Class, **_: Any) -> None:
        self.warned[id(cls)] = warnings_in.holder(node, self.constants)
        self.begins[id(cls)] = node.lineno  # its decorators stand before
        self.mentioned[id(cls)] = frozenset(_OF_ITSELF.findall(_WORDS.sub("", self._text(node))))

    def _text(self, node: Any) -> str:
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        return "\n".join(self._lines[first - 1 : node.end_lineno])


class Reader:
    """Of one release's library directory."""

    def __init__(self, site: Path) -> None:
        self._site = site
        self._modules: dict[str, griffe.Module | None] = {}
        self._notes: dict[str, _Notes] = {}
        self._lines: dict[str, dict[int, griffe.Object]] = {}
        self._lineages: dict[str, tuple[tuple[str, ...], frozenset[str], frozenset[str]]] = {}

    def complete(self, api: Api) -> Api:
        """The same, with `source` where a source was found."""
        inside = _members(api)
        objects = tuple(self._completed(found, inside) for found in api.objects)
        modules = [found for found in api.objects if found.kind == "module" and found.file is not None]
        listed = {path: names for found in modules if (names := self._listed(found)) for path in found.paths}
        places = [("", api.module)]
        places += [(path, _module_name(str(found.file))) for found in modules for path in found.paths]
        named = {path: name for place, module in places for path, name in self._named(place, module, api)}
        left = {
            f"{place}.{name}" if place else name
            for place, module in places
            if module in self._notes
            for name in self._notes[module].left
        }
        return replace(api, objects=objects, listed=listed, named=named, left=frozenset(left))

    def _named(self, place: str, name: str, api: Api) -> Iterator[tuple[str, str]]:
        """What a package offers, or a module lists, of another library: the walk leaves it out."""
        module = self._module(name)
        if module is None:
            return
        exports = {name for name in module.exports or () if isinstance(name, str)}
        for name, each in module.members.items():
            target = each.target_path if isinstance(each, griffe.Alias) else ""
            path = f"{place}.{name}" if place else name
            if name.startswith("_") or name.endswith("*") or path in api.places or _is_module(each):
                continue
            foreign = "." in target and target.partition(".")[0] not in (
                *_NO_OFFER,
                api.module.partition(".")[0],
            )
            if name in exports or (foreign and module.is_init_module and not exports):
                yield path, target or name

    def _listed(self, found: Described) -> frozenset[str]:
        module = self._module(_module_name(str(found.file)))
        if module is None:
            return frozenset()
        if module.exports is None and any(name.endswith("/*") for name in module.members):
            return ALL
        return frozenset(name for name in module.exports or () if isinstance(name, str))

    def _completed(self, found: Described, inside: dict[str, set[str]]) -> Described:
        if (
            found.file is None
            or found.line is None
            or not found.file.endswith(".py")
            or found.kind == "module"
        ):
            return found
        name = _module_name(found.file)
        if self._module(name) is None:
            return found
        each = self._lines[name].get(found.line)
        if each is None or each.is_class != (found.kind == "class"):
            return found
        warned = self._notes[name].warned.get(id(each), Warned())
        if not isinstance(each, griffe.Class):
            return replace(
                found, source=Source((), (), None, warned.texts, warned.decorators, warned.deprecated)
            )
        maker = each.members.get("__init__")
        if isinstance(maker, griffe.Function):
            made = self._notes[name].warned.get(id(maker), Warned())
            warned = Warned(
                (*warned.texts, *made.texts), warned.decorators, warned.deprecated or made.deprecated
            )
        bases, declared, mentioned = self._lineage(name, each)
        held = inside.get(found.path, set())
        known = None if _OPAQUE in bases else declared | mentioned | held
        return replace(
            found,
            source=Source(
                tuple(base for base in bases if base != _OPAQUE),
                tuple(sorted(declared - held)),
                known,
                warned.texts,
                warned.decorators,
                warned.deprecated,
            ),
        )

    def _lineage(
        self, module: str, found: griffe.Class
    ) -> tuple[tuple[str, ...], frozenset[str], frozenset[str]]:
        """Names of all classes above, in order; public attributes declared or set by `__init__`; all that any method
        speaks of. Of classes that are not the library's only the name is known."""
        key = f"{module}:{found.path}"
        if key in self._lineages:
            return self._lineages[key]
        self._lineages[key] = (), frozenset(), frozenset()  # a class above itself
        names: list[str] = []
        declared = {
            name
            for name, each in found.members.items()
            if not name.startswith("_")
            and not each.is_alias
            and "instance-attribute" in each.labels
            and "class-attribute" not in each.labels
        }
        notes = self._notes[module]
        mentioned = set(notes.mentioned.get(id(found), ()))
        mentioned |= found.members.keys() & {GETATTR}
        for base in found.bases:
            path = _path(base)
            home, above = self._find(path, 0)
            if above is None:
                own = path.partition(".")[0] == module.partition(".")[0]
                names.append(path if _is_known(path) and not own else _OPAQUE)
                continue
            names.append(f"{home}.{above.path.rpartition('.')[2]}")
            more = self._lineage(home, above)
            names += more[0]
            mentioned |= more[2]
            if home.partition(".")[0] == module.partition(".")[0]:
                declared |= more[1]
            else:
                mentioned |= more[1]  # another library's affair
        lineage = tuple(dict.fromkeys(names)), frozenset(declared), frozenset(mentioned)
        self._lineages[key] = lineage
        return lineage

    def _find(self, path: str, depth: int) -> tuple[str, griffe.Class | None]:
        """A class by its path, through what modules import from each other; with the module that it stands in."""
        parts = path.split(".")
        for size in range(len(parts) - 1, 0, -1):
            name = ".".join(parts[:size])
            module = self._module(name)
            if module is None:
                continue
            each: Any = module
            for part in parts[size:]:
                each = getattr(each, "members", {}).get(part)
                if each is None:
                    return name, None
                if each.is_alias:
                    rest = ".".join(parts[parts.index(part, size) + 1 :])
                    target = each.target_path + (f".{rest}" if rest else "")
                    return ("", None) if depth > _DEEPEST or target == path else self._find(target, depth + 1)
            return name, each if isinstance(each, griffe.Class) else None
        return "", None

    def _module(self, name: str) -> griffe.Module | None:
        if name not in self._modules:
            self._modules[name] = self._visited(name)
        return self._modules[name]

    def _package(self, name: str) -> griffe.Module | None:
        """An empty one of this name: what a relative import is relative to."""
        if not name:
            return None
        above, _, own = name.rpartition(".")
        file = self._site.joinpath(*name.split("."), "__init__.py")
        return griffe.Module(own, filepath=file, parent=self._package(above))

    def _visited(self, name: str) -> griffe.Module | None:
        place = self._site.joinpath(*name.split("."))
        file = next(
            (path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None
        )
        if file is None:
            return None
        try:
            code = file.read_text("utf-8", "replace")
            notes = _Notes(code)
            module = griffe.visit(
                name.rpartition(".")[2],
                filepath=file,
                code=code,
                extensions=griffe.Extensions(notes),
                parent=self._package(name.rpartition(".")[0]),
            )
        except (OSError, SyntaxError, ValueError, RecursionError):
            return None
        self._notes[name] = notes
        self._lines[name] = {line: each for each in _objects(module) for line in _lines(each, notes.begins)}
        return module


def _left_by_loops(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Names of a module that its loops leave behind."""
    for node in body:
        if isinstance(node, (ast.For, ast.While, ast.If, ast.With, ast.Try)):
            if isinstance(node, (ast.For, ast.While)):
                for each in ast.walk(node):
                    if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                        yield each.id
            yield from _left_by_loops(node.body)


def _module_name(file: str) -> str:
    return ".".join(Path(file).with_suffix("").parts).removesuffix(".__init__")


def _is_module(member: Any) -> bool:
    return not member.is_alias and bool(member.is_module)


def _objects(holder: Any) -> Iterator[Any]:
    for each in list(holder.members.values()):
        if each.is_alias:
            continue
        if each.is_class or each.is_function or "property" in each.labels:
            yield each
        if each.is_class:
            yield from _objects(each)


def _lines(each: Any, begins: Mapping[int, int]) -> Iterator[int]:
    if id(each) in begins:
        yield begins[id(each)]
    if each.lineno is not None:
        yield each.lineno
    for decorator in getattr(each, "decorators", ()):
        if decorator.lineno is not None:
            yield decorator.lineno


def _members(api: Api) -> dict[str, set[str]]:
    """Path of each class → names of what is under it at run time."""
    found: dict[str, set[str]] = {}
    for path in api.places:
        holder, _, leaf = path.rpartition(".")
        found.setdefault(holder, set()).add(leaf)
    return found


def _path(base: Any) -> str:
    expression = base
    while isinstance(expression, griffe.ExprSubscript):
        expression = expression.left
    try:
        return str(getattr(expression, "canonical_path", expression))
    except (AttributeError, KeyError, ValueError, griffe.GriffeError):
        return str(expression)


def _is_known(path: str) -> bool:
    return all(part.isidentifier() for part in path.split("."))
