"""`ENVMGR_*` variables and `--set KEY=VALUE`, as writes of one key each.

A variable's name is a key path in capitals: two underscores stand between the keys, and `_` for `-` too. It is
matched against the names that there are, so that names with underscores need no escape. A value is written as in
envmgr.toml; where text may stand, the quotes may be left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from envmgr.config.keys import holds_names, known_keys, may_be_text
from envmgr.config.layers import PREFIX, SEPARATOR
from envmgr.config.merging import Keys, Merged, Origin
from envmgr.config.problems import Finding, Problem, near

ROOTS = ("project", "defaults", "library", "environment")
KINDS = ("library", "environment")


def lay_variables(merged: Merged, variables: Mapping[str, str]) -> Iterator[Problem]:
    """Lay them over `merged`, the more special over the more general. Yields what is wrong with them."""
    pending = dict(variables)
    places: dict[Keys, str] = {}
    while True:  # a variable may give a library another environment, and the next one speak of that
        meanings = _meanings(merged)
        known = [name for name in pending if name.upper() in meanings]
        if not known:
            break
        for name in sorted(known, key=lambda name: (len(meanings[name.upper()][0]), name)):
            origin = Origin("variable", name=name, text=pending.pop(name))
            paths = meanings[name.upper()]
            other = places.setdefault(paths[0], name)
            if len(paths) > 1:
                keys = " and ".join(f"`{'.'.join(path)}`" for path in paths)
                yield _refused(merged, origin, f"it may mean {keys}", "say which with --set KEY=VALUE")
            elif other != name:
                yield _refused(merged, origin, f"`{other}` says the same key", "unset one of the two")
            else:
                yield from _lay(merged, paths[0], origin)
    known_words = [meaning.removeprefix(PREFIX) for meaning in meanings]
    for name in pending:
        word = near(name.removeprefix(PREFIX), known_words)
        suggestion = None if word is None else PREFIX + word
        finding = Finding((), "it names no key of envmgr.toml", "", suggestion, at="key")
        yield Origin("variable", name=name).problem(finding, merged.source)


def lay_settings(merged: Merged, settings: Sequence[str]) -> Iterator[Problem]:
    """Lay each `KEY=VALUE` over `merged`, in their order. Yields what is wrong with them."""
    for words in settings:
        key, path, text = _split(words)
        origin = Origin("--set", name=key, text=text)
        finding = _unknown(merged, key, path)
        if finding:
            yield origin.problem(finding, merged.source)
        else:
            yield from _lay(merged, path, origin)


def _lay(merged: Merged, path: Keys, origin: Origin) -> Iterator[Problem]:
    try:
        merged.lay(path, _value(path, origin.text), origin)
    except ValueError:
        hint = 'it is written as in envmgr.toml, such as 8, true or ["numpy<2", "six"]'
        yield _refused(merged, origin, f"`{origin.text}` is not a value", hint)


def _refused(merged: Merged, origin: Origin, message: str, hint: str) -> Problem:
    return origin.problem(Finding((), message, hint), merged.source)


def _meanings(merged: Merged) -> dict[str, list[Keys]]:
    """Every variable that means something, and the paths that it may mean."""
    found: dict[str, list[Keys]] = {}
    for path in _paths(merged, ()):
        words = (key.upper().replace("-", "_") for key in path)
        found.setdefault(PREFIX + SEPARATOR.join(words), []).append(path)
    return found


def _paths(merged: Merged, holder: Keys) -> Iterator[Keys]:
    keys = _names(merged, holder) if holds_names(holder) else known_keys(holder) if holder else ROOTS
    for key in keys:
        path = (*holder, key)
        if holder:
            yield path
        yield from _paths(merged, path)


def _names(merged: Merged, holder: Keys) -> list[str]:
    """The user's own names in the table at `holder`; for environments, also those that libraries name."""
    table: Any = merged.document
    for key in holder:
        table = table.get(key) if isinstance(table, dict) else None
    written = list(table) if isinstance(table, dict) else []
    return list(dict.fromkeys([*merged.names(holder[0]), *written] if holder[1:] == () else written))


def _split(words: str) -> tuple[str, Keys, str]:
    """Key, path and value of `KEY=VALUE`; the path is empty when the key is no TOML key."""
    for at, character in enumerate(words):
        if character == "=":
            path = _path(words[:at])
            if path:
                return words[:at].strip(), path, words[at + 1 :]
    return words.partition("=")[0], (), words.partition("=")[2]


def _path(key: str) -> Keys:
    try:
        table: Any = tomllib.loads(f"{key} = 0") if "\n" not in key else {}
    except tomllib.TOMLDecodeError:
        return ()
    path: Keys = ()
    while isinstance(table, dict) and len(table) == 1:
        ((inner, table),) = table.items()
        path += (inner,)
    return path if table == 0 else ()


def _unknown(merged: Merged, key: str, path: Keys) -> Finding | None:
    if not path:
        return Finding((), "expected KEY=VALUE", 'such as library.numpy.workers=4, or defaults.timeout="1m"')
    if path[0] not in ROOTS or len(path) == 1:
        suggestion = near(path[0], ROOTS) if path[0] not in ROOTS else None
        hint = f"a key stands in {', '.join(ROOTS[:-1])} or {ROOTS[-1]}"
        return Finding((), f"`{key}` cannot be set", hint, suggestion, at="key")
    kind, name = path[:2]
    known = _names(merged, (kind,)) if kind in KINDS else []
    if kind in KINDS and name not in known:
        return Finding((), f"envmgr.toml has no {kind} `{name}`", "", near(name, known), at="key")
    return None


def _value(path: Keys, text: str) -> Any:
    """Raises ValueError."""
    try:
        value = _toml(text)
    except (ValueError, RecursionError):
        if may_be_text(path):
            return text
        raise ValueError(text) from None
    is_table = isinstance(value, dict) and known_keys(path)
    return value if isinstance(value, str) or is_table or not may_be_text(path) else text


def _toml(text: str) -> Any:
    table = tomllib.loads(f"value = {text}")
    if table.keys() != {"value"}:
        raise ValueError(text)
    return table["value"]
