"""Libraries moved into other environments by an edit of envmgr.toml, the rules of those they leave along."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from envmgr.config.acceptance import accept
from envmgr.config.lexer import Statement, statements
from envmgr.config.loading import validate
from envmgr.config.schema import ConfigFile, EnvironmentTable, environment_of
from envmgr.config.source import parse, read
from envmgr.config.surgery import insert, insert_under, remove
from envmgr.config.toml import toml_key, toml_value
from envmgr.config.writing import write

Keys = tuple[str, ...]


Groups = Mapping[str, tuple[Sequence[str], Sequence[str]]]
"""By an environment's name: the libraries that are to live in it, and its constraints."""


def regroup(root: Path, groups: Groups) -> tuple[str, ...]:
    """Let each group live in the environment of its name; the changes, as lines of TOML.

    `groups` has every library of every environment that it names or empties. A group keeps overrides and
    other settings of all the environments that it comes from; tables of environments where nobody lives any
    more go. Comments stay. Raises E-USAGE, or as `load`, and leaves the file alone then.
    """
    source = parse(*read(root))
    config = validate(source)
    text, expected = source.text, copy.deepcopy(source.document)
    changes = []
    for keys, value in _settings(config, groups):
        _set(expected, keys, value)
        if value is None:
            text = remove(text, [keys])
            changes.append(f"without [{toml_key(keys)}]" if len(keys) == 2 else f"without {toml_key(keys)}")
        else:
            text = _put(text, keys, toml_value(value))
            changes.append(f"[{toml_key(keys[:2])}] {toml_key(keys[2:])} = {toml_value(value)}")
    if changes:
        accept(source, text, expected, _tidied)
        write(source.path, text)
    return tuple(changes)


def _settings(config: ConfigFile, groups: Groups) -> Iterator[tuple[Keys, Any]]:
    """What is not yet as it should be: a key and its value, None for what goes."""
    homes = {name: environment_of(name, table) for name, table in config.library.items()}
    moved = {name: group for group, (names, _) in groups.items() for name in names}
    for name, group in moved.items():
        if homes[name] != group:
            yield ("library", name, "environment"), group
    for group, (names, constraints) in groups.items():
        left = {homes[name]: config.environment.get(homes[name], EnvironmentTable()) for name in names}
        there = config.environment.get(group, EnvironmentTable())
        wanted = {
            "constraints": list(constraints),
            **_joined(list(left.values())),
            "python": _python(config, group, names, homes),
        }
        for key, value in wanted.items():
            if value != getattr(there, key.replace("-", "_")):
                yield ("environment", group, key), value or None
    living = {moved.get(name, home) for name, home in homes.items()}
    for home in sorted(config.environment.keys() & (set(homes.values()) - living)):
        yield ("environment", home), None


def _joined(tables: Sequence[EnvironmentTable]) -> dict[str, Any]:
    """The settings of an environment that serves all that these serve."""
    link_modes = [table.link_mode for table in tables]
    everywhere = not all(table.platforms for table in tables)
    return {
        "overrides": _once(word for table in tables for word in table.overrides),
        "no-build": any(table.no_build for table in tables),
        "platforms": [] if everywhere else _once(word for table in tables for word in table.platforms),
        "link-mode": "copy" if "copy" in link_modes else "hardlink",
    }


def _python(config: ConfigFile, group: str, names: Sequence[str], homes: Mapping[str, str]) -> str | None:
    """What `[environment.<group>] python` must be, so that the libraries keep the interpreter they have."""
    table = config.environment.get(group)
    own = table.python if table else None
    said = [python for name in names if (python := config.library[name].python)]
    today = [_python_of(config, homes[name], homes) for name in names]
    wanted = next((python for python in today if python), None)
    agrees = len(set(said)) < 2 and wanted in (None, next(iter(said), config.project.python))
    return own if own == wanted or (own is None and agrees) else wanted


def _python_of(config: ConfigFile, home: str, homes: Mapping[str, str]) -> str | None:
    table = config.environment.get(home)
    members = [config.library[name].python for name, other in homes.items() if other == home]
    pythons = (table.python if table else None, *members, config.project.python)
    return next((python for python in pythons if python), None)


def _once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def _set(document: dict[str, Any], keys: Keys, value: Any) -> None:
    *holders, last = keys
    for key in holders:
        inner = document.setdefault(key, {})
        if isinstance(inner, str):
            inner = document[key] = {"package": inner}
        document = inner
    if value is None:
        document.pop(last, None)
    else:
        document[last] = value


def _put(text: str, keys: Keys, value: str) -> str:
    """With the key set: where it stands, in the table as it is written, or in a table of its own."""
    *table, key = keys
    pair = f"{toml_key([key])} = {value}"
    for statement in statements(text):
        places = {token.path: (token.start, token.end) for token in statement.values}
        if statement.kind == "pair" and keys in places:
            start, end = places[keys]
            return f"{text[:start]}{value}{text[end:]}"
        if statement.kind == "pair" and tuple(table) in places:
            start, end = places[tuple(table)]
            return f"{text[:start]}{_with_pair(text[start:end], pair)}{text[end:]}"
    if any(_is_header(statement, tuple(table)) for statement in statements(text)):
        return insert_under(text, tuple(table), pair)
    return insert(text, table[0], f"[{toml_key(table)}]\n{pair}")


def _with_pair(table: str, pair: str) -> str:
    """An inline table with a further pair; a library that is a requirement alone becomes one."""
    if not table.startswith("{"):
        return f"{{ package = {table}, {pair} }}"
    inside = table[1:-1].strip().rstrip(",")
    return f"{{ {inside}, {pair} }}" if inside else f"{{ {pair} }}"


def _is_header(statement: Statement, table: Keys) -> bool:
    return statement.kind == "table" and statement.path == table


def _tidied(document: dict[str, Any]) -> dict[str, Any]:
    """Without tables of environments that are empty: they say nothing."""
    environments = {name: table for name, table in document.get("environment", {}).items() if table}
    return {**document, "environment": environments}
