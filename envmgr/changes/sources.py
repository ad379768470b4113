"""What only the source says of a release's objects, read with griffe: bases, attributes of objects, warnings.

Only files that public objects stand in are read, each once.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import griffe

from envmgr.changes import offers, warnings_in
from envmgr.changes.described import GETATTR, Api, Described, Source
from envmgr.changes.notes import Notes
from envmgr.changes.warnings_in import Warned

_DEEPEST = 30
_OPAQUE = "?"
"""A base that cannot be told: what its objects have is not known."""

logging.getLogger("griffe").setLevel(
    logging.CRITICAL
)  # what it says of others' sources is nothing to our user


class Reader:
    """Of one release's library directory."""

    def __init__(self, site: Path) -> None:
        self._site = site
        self._modules: dict[str, griffe.Module | None] = {}
        self._notes: dict[str, Notes] = {}
        self._lines: dict[str, dict[int, griffe.Object]] = {}
        self._known: dict[str, Mapping[str, ast.expr]] = {}
        self._lineages: dict[str, tuple[tuple[str, ...], frozenset[str], frozenset[str]]] = {}

    def complete(self, api: Api) -> Api:
        """The same, with `source` where a source was found."""
        inside = _members(api)
        ending = self._ending(api)
        objects = tuple(
            _going(self._completed(found, inside), ending.get(number))
            for number, found in enumerate(api.objects)
        )
        places = [("", api.module)]
        places += [
            (path, _module_name(found.file))
            for found in api.objects
            if found.kind == "module" and found.file is not None
            for path in found.paths
        ]
        read = [
            (path, module, self._notes[name])
            for path, name in places
            if (module := self._module(name)) is not None and name in self._notes
        ]
        return replace(
            api,
            objects=objects,
            listed={path: names for path, module, _ in read if path and (names := offers.listed(module))},
            named={
                _under(path, name): target
                for path, module, _ in read
                for name, target in offers.foreign(module, api.module.partition(".")[0], inside.get(path, ()))
            },
            left=frozenset(_under(path, name) for path, _, notes in read for name in notes.left),
            imported=frozenset(
                _under(path, name)
                for path, module, notes in read
                if not notes.is_open
                for name in offers.imported(module, notes.on_purpose)
            ),
            answered=frozenset(
                _under(path, name)
                for path, module, notes in read
                for name in (*notes.words, *(() if path else offers.marks(module)))
            ),
        )

    def _ending(self, api: Api) -> dict[int, str]:
        """Number of an object → what is said of its end where a name is bound to it."""
        found: dict[int, str] = {}
        for each in api.objects:
            name = None if each.file is None else _module_name(each.file)
            if name is None or each.kind not in ("module", "class") or self._module(name) is None:
                continue
            notes = self._notes[name]
            known = self._lines[name].get(each.line or 0)
            said = notes.ending if each.kind == "module" else notes.ending_in.get(id(known), {})
            for leaf, text in said.items():
                number = api.places.get(f"{each.path}.{leaf}")
                if number is not None and api.objects[number].kind != "module":
                    found[number] = text
        top = self._notes[api.module].ending if self._module(api.module) is not None else {}
        found |= {api.places[leaf]: text for leaf, text in top.items() if leaf in api.places}
        return found

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
        notes = self._notes[name]
        if each is None and found.line in notes.inner:  # what a function made
            return replace(found, source=_of_callable(notes.inner[found.line]))
        if each is None or each.is_class != (found.kind == "class"):
            return found
        warned = notes.warned.get(id(each), Warned())
        if not isinstance(each, griffe.Class):
            return replace(found, source=_of_callable(warned, *notes.keywords.get(id(each), ())))
        maker = each.members.get("__init__")
        keywords: tuple[Any, ...] = ()
        if isinstance(maker, griffe.Function):
            keywords = notes.keywords.get(id(maker), ())
            made = notes.warned.get(id(maker), Warned())
            warned = Warned(
                (*warned.texts, *made.texts),
                (*warned.decorators, *made.decorators),
                warned.deprecated or made.deprecated,
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
                *keywords,
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

    def _constants(self, name: str) -> Mapping[str, ast.expr]:
        """Of another module, read for them alone."""
        if name not in self._known:
            file = _file(self._site.joinpath(*name.split(".")))
            try:
                read = ast.parse("" if file is None else file.read_text("utf-8", "replace"))
            except (OSError, SyntaxError, ValueError, RecursionError):
                read = ast.Module([], [])
            self._known[name] = warnings_in.constants(read)
        return self._known[name]

    def _package(self, name: str) -> griffe.Module | None:
        """An empty one of this name: what a relative import is relative to."""
        if not name:
            return None
        above, _, own = name.rpartition(".")
        file = self._site.joinpath(*name.split("."), "__init__.py")
        return griffe.Module(own, filepath=file, parent=self._package(above))

    def _visited(self, name: str) -> griffe.Module | None:
        place = self._site.joinpath(*name.split("."))
        file = _file(place)
        if file is None:
            return None
        try:
            code = file.read_text("utf-8", "replace")
            package = name if file.name == "__init__.py" else name.rpartition(".")[0]
            notes = Notes(code, package, self._constants)
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


def _file(place: Path) -> Path | None:
    """Of a module, by its path without an ending."""
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


def _of_callable(warned: Warned, *keywords: Any) -> Source:
    return Source((), (), None, warned.texts, warned.decorators, warned.deprecated, *keywords)


def _going(found: Described, text: str | None) -> Described:
    if text is None or found.deprecated is not None:
        return found
    return replace(found, source=replace(found.source or Source(), deprecated=text))


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _module_name(file: str) -> str:
    return ".".join(Path(file).with_suffix("").parts).removesuffix(".__init__")


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
