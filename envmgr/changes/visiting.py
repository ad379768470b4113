"""The modules of a release as griffe reads them, each once, with what it does not keep."""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import griffe

from envmgr.changes.names_in import Known, known
from envmgr.changes.notes import Notes

logging.getLogger("griffe").setLevel(
    logging.CRITICAL
)  # what it says of others' sources is nothing to our user


class Modules:
    """Of one release's library directory. Nothing of it is run."""

    def __init__(self, site: Path) -> None:
        self._site = site
        self._modules: dict[str, griffe.Module | None] = {}
        self._notes: dict[str, Notes] = {}
        self._lines: dict[str, dict[int, griffe.Object]] = {}
        self._known: dict[str, Known] = {}

    def get(self, name: str) -> griffe.Module | None:
        """None where there is no source of it, or none that can be read."""
        if name not in self._modules:
            self._modules[name] = self._visited(name)
        return self._modules[name]

    def notes(self, name: str) -> Notes:
        """Of a module that `get` gave."""
        return self._notes[name]

    def at(self, name: str, line: int) -> griffe.Object | None:
        """What begins in that line of a module that `get` gave."""
        return self._lines[name].get(line)

    def _known_in(self, name: str) -> Known:
        """Of another module, read for that alone."""
        if name not in self._known:
            file = _file(self._site.joinpath(*name.split(".")))
            try:
                read = ast.parse("" if file is None else file.read_text("utf-8", "replace"))
            except (OSError, SyntaxError, ValueError, RecursionError):
                read = ast.Module([], [])
            self._known[name] = known(read)
        return self._known[name]

    def _package(self, name: str) -> griffe.Module | None:
        """An empty one of this name: what a relative import is relative to."""
        if not name:
            return None
        above, _, own = name.rpartition(".")
        file = self._site.joinpath(*name.split("."), "__init__.py")
        return griffe.Module(own, filepath=file, parent=self._package(above))

    def _visited(self, name: str) -> griffe.Module | None:
        file = _file(self._site.joinpath(*name.split(".")))
        if file is None:
            return None
        try:
            code = file.read_text("utf-8", "replace")
            package = name if file.name == "__init__.py" else name.rpartition(".")[0]
            notes = Notes(code, package, self._known_in)
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
