"""Where things are written down: file, line, and whether they are going away."""

from __future__ import annotations

import re
import sys
import sysconfig
from pathlib import Path
from types import FunctionType
from typing import Any

from .descriptors import is_class
from .signatures import innermost

_CLASS = re.compile(r"^([ \t]*)class[ \t]+(\w+)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^\.\. deprecated::[ \t]*(.*)\n?((?:[ \t]+\S.*\n?|\n)*)", re.MULTILINE)
_PREFIX = re.compile(r"^\**DEPRECATED\**[:.][ \t]*(.*)", re.IGNORECASE)
_LONGEST = 500
_ORIGINALS = ("_deprecated_original", "deprecated_original")
"""Marks of scikit-learn's decorator."""


def root(distribution: str | None) -> str:
    """The directory that holds the library: of its distribution, or Python's own."""
    if distribution is None:
        return sysconfig.get_paths()["stdlib"]
    from importlib import metadata

    return str(Path(str(metadata.distribution(distribution).locate_file(""))))


class Places:
    """Files and lines; each file is looked through once at most."""

    def __init__(self, root: str) -> None:
        self._prefixes = {f"{path.rstrip('/')}/" for path in (root, str(Path(root).resolve()))}
        self._classes: dict[str, dict[str, int]] = {}

    def of(self, value: Any) -> tuple[str | None, int | None]:
        """(file relative to the root where it lies in it, line); None for C code."""
        if is_class(value):
            return self._of_class(value)
        function = innermost(value)
        if type(function) is not FunctionType:
            return None, None
        code = function.__code__
        if not code.co_filename.endswith(".py"):
            return None, None
        return self._relative(code.co_filename), code.co_firstlineno

    def of_module(self, name: str) -> str | None:
        file = getattr(sys.modules.get(name), "__file__", None)
        return self._relative(file) if type(file) is str and file.endswith(".py") else None

    def _of_class(self, value: type) -> tuple[str | None, int | None]:
        file = self._file_of(value)
        if file is None:
            return None, None
        if file not in self._classes:
            self._classes[file] = _lines_of_classes(file)
        line = self._classes[file].get(value.__qualname__)
        return (None, None) if line is None else (self._relative(file), line)

    @staticmethod
    def _file_of(value: type) -> str | None:
        """Libraries that give a class the name of a public module keep its methods where they are written."""
        for member in type.__dict__["__dict__"].__get__(value).values():
            if type(member) is FunctionType and member.__qualname__.startswith(f"{value.__qualname__}."):
                return member.__code__.co_filename
        file = getattr(sys.modules.get(value.__module__), "__file__", None)
        return file if type(file) is str and file.endswith(".py") else None

    def _relative(self, file: str) -> str:
        return next((file[len(prefix) :] for prefix in self._prefixes if file.startswith(prefix)), file)


def _lines_of_classes(file: str) -> dict[str, int]:
    """Qualified name → line of the first class statement of that name."""
    try:
        source = Path(file).read_text("utf-8", "replace")
    except OSError:
        return {}
    found: dict[str, int] = {}
    around: list[tuple[int, str]] = []
    line = at = 0
    for match in _CLASS.finditer(source):
        indent, name = len(match.group(1)), match.group(2)
        line += source.count("\n", at, match.start())
        at = match.start()
        while around and around[-1][0] >= indent:
            around.pop()
        around.append((indent, name))
        found.setdefault(".".join(part for _, part in around), line + 1)
    return found


def deprecated(value: Any, doc: str | None) -> str | None:
    """What is said of its end: a decorator's mark, or the docstring's directive; None where nothing is."""
    mark = _mark(value)
    found = _DIRECTIVE.search(doc) if doc is not None and "deprecated::" in doc else None
    if found is not None:
        body = " ".join(line.strip() for line in found.group(2).split("\n\n")[0].splitlines())
        return ": ".join(part for part in (found.group(1).strip(), body) if part)[:_LONGEST] or "deprecated"
    said = _PREFIX.match(doc) if doc is not None else None
    if said is not None:
        return said.group(1).strip()[:_LONGEST] or "deprecated"
    return mark


def _mark(value: Any) -> str | None:
    try:
        marks = object.__getattribute__(value, "__dict__")
    except BaseException:  # noqa: BLE001 - it has no attributes of its own
        return None
    text = marks.get("__deprecated__")
    if type(text) is str:
        return text[:_LONGEST] or "deprecated"
    if is_class(value):
        made = (marks.get("__new__"), marks.get("__init__"))
        return next((mark for mark in map(_mark, made) if mark is not None), None)
    return _message(value) if any(name in marks for name in _ORIGINALS) else None


def _message(wrapper: Any) -> str:
    """What the wrapper that a decorator made is going to warn of."""
    code, cells = getattr(wrapper, "__code__", None), getattr(wrapper, "__closure__", None) or ()
    for name, cell in zip(getattr(code, "co_freevars", ()), cells):
        if name in ("msg", "message") and type(cell.cell_contents) is str:
            return cell.cell_contents[:_LONGEST]
    return "deprecated"
