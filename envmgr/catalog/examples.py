"""Calls as one writes them, in Elixir and in Python, made from a signature: required parameters alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envmgr.catalog.literals import Function, Name, argument, variable
from envmgr.catalog.overloads import ARGS, EITHER, KEYWORD, POSITIONAL
from envmgr.catalog.reading import Catalog, Row

_ON_OBJECTS = frozenset({"method", "property"})
_VALUES = frozenset({"constant", "module"})
_STREAMS = frozenset({"generator", "async-generator"})


Said = Mapping[str, str]
"""Types of parameters as the docstring tells them."""


def elixir(catalog: Catalog, row: Row, library: str, path: str, said: Said) -> str:
    """`path` is relative to the library, and leads to `row`."""
    if row.kind == "module":
        return f'Envmgr.functions("{library}", module: "{path}")'
    if row.kind == "constant":
        return f'Envmgr.execute("{library}.{path}")'
    if row.kind not in _ON_OBJECTS:
        verb = "stream" if row.kind in _STREAMS else "execute"
        tail = " |> Enum.take(10)" if row.kind in _STREAMS else ""
        return f'Envmgr.{verb}("{library}.{path}"{_elixir_arguments(row.parameters, said)}){tail}'
    holder, name = _holder(catalog, path)
    held = variable(holder.path.rpartition(".")[2]) if holder else "ref"
    lines = []
    if holder is not None:
        made = _elixir_arguments(holder.parameters, {}) or ", []"
        lines = [f'{held} = Envmgr.execute!("{library}.{path.rpartition(".")[0]}"{made}, as: :ref)']
    if row.kind == "property":
        return "\n".join([*lines, f'Envmgr.attr({held}, "{name}")'])
    given = _elixir_arguments(row.parameters and row.parameters[1:], said)
    return "\n".join([*lines, f'Envmgr.method({held}, "{name}"{given})'])


def python(catalog: Catalog, row: Row, path: str, said: Said) -> str:
    """Behind `import` of the module."""
    module = catalog.module
    if row.kind in _VALUES:
        return f"{module}.{path}"
    if row.kind not in _ON_OBJECTS:
        called = f"{module}.{path}({_python_arguments(row.parameters, said)})"
        return f"await {called}" if row.kind == "coroutine" else called
    holder, name = _holder(catalog, path)
    held = variable(holder.path.rpartition(".")[2]) if holder else "value"
    lines = []
    if holder is not None:
        lines = [f"{held} = {module}.{path.rpartition('.')[0]}({_python_arguments(holder.parameters, {})})"]
    called = f"{held}.{name}"
    if row.kind == "method":
        called += f"({_python_arguments(row.parameters and row.parameters[1:], said)})"
    return "\n".join([*lines, called])


def _holder(catalog: Catalog, path: str) -> tuple[Row | None, str]:
    """The class that has a method, and the method's name."""
    holder, _, name = path.rpartition(".")
    row = catalog.get(holder) if holder else None
    return (row if row is not None and row.kind == "class" else None), name


def _required(parameters: Sequence[Sequence[Any]] | None, said: Said) -> tuple[list[Any], dict[str, Any]]:
    """By position, and by name what cannot stand there. Where nothing is needed but anything is taken, two."""
    wanted = [each for each in parameters or () if each[2] is None]
    found: dict[int, list[tuple[str, Any]]] = {kind: [] for kind in range(5)}
    for each in wanted:
        found[each[1]].append((each[0], argument(each, said.get(each[0]))))
    positional = [value for _, value in found[POSITIONAL] + found[EITHER]]
    if not any(each[1] in (POSITIONAL, EITHER) for each in parameters or ()):
        positional = [value for _, value in found[ARGS] for _ in range(2) if not isinstance(value, Name)]
    return positional, dict(found[KEYWORD])


def _elixir_arguments(parameters: Sequence[Sequence[Any]] | None, said: Said) -> str:
    positional, named = _required(parameters, said)
    given = f"[{', '.join(map(_elixir, positional))}]"
    by_name = f"%{{{', '.join(f'{_key(name)} {_elixir(value)}' for name, value in named.items())}}}"
    if positional and named:
        return f", {{{given}, {by_name}}}"
    if named:
        return f", {by_name}"
    return f", {given}" if positional else ""


def _python_arguments(parameters: Sequence[Sequence[Any]] | None, said: Said) -> str:
    positional, named = _required(parameters, said)
    return ", ".join(
        [*map(_python, positional), *(f"{name}={_python(value)}" for name, value in named.items())]
    )


def _key(name: str) -> str:
    return f"{name}:" if name.isascii() and not name.startswith("_") else f"{_quoted(name)}:"


def _elixir(value: Any) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, Function):
        given = ["x", "y", "z", *(f"x{number}" for number in range(4, value.arity + 1))][: value.arity]
        return f"fn {', '.join(given)} -> {given[0]} end" if given else "fn -> nil end"
    if isinstance(value, dict):
        return f"%{{{', '.join(f'{_quoted(name)} => {_elixir(item)}' for name, item in value.items())}}}"
    if isinstance(value, tuple | set):  # the parameter's type makes it one
        return _elixir(list(value))
    return _shared(value, _elixir, {None: "nil", True: "true", False: "false"})


def _python(value: Any) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, Function):
        given = ["x", "y", "z", *(f"x{number}" for number in range(4, value.arity + 1))][: value.arity]
        return f"lambda {', '.join(given)}: {given[0]}" if given else "lambda: None"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_quoted(name)}: {_python(item)}' for name, item in value.items())}}}"
    if isinstance(value, bytes | tuple | set):
        return repr(value)
    return _shared(value, _python, {None: "None", True: "True", False: "False"})


def _shared(value: Any, nested: Callable[[Any], str], words: dict[Any, str]) -> str:
    if value is None or isinstance(value, bool):
        return words[value]
    if isinstance(value, list):
        return f"[{', '.join(map(nested, value))}]"
    return _quoted(value) if isinstance(value, str | bytes) else repr(value)


def _quoted(text: str | bytes) -> str:
    return json.dumps(text if isinstance(text, str) else text.decode()).replace("#{", "\\u0023{")
