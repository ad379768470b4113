"""What the schema knows of a key path: the keys that may follow it, and whether text may stand there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from envmgr.config.json_schema import json_schema
from envmgr.config.lexer import Path

Node = dict[str, Any]


def known_keys(path: Path, schema: Node | None = None) -> list[str]:
    """The keys that the table at `path` may have; none when it has no table, or one of names.

    Of envmgr.toml, or of what another schema describes.
    """
    return [key for node in _nodes(path, schema) for key in node.get("properties", ())]


def properties(table: str) -> dict[str, Node]:
    """The keys of a table of the schema, each with its `description` and, perhaps, its `default`."""
    found: dict[str, Node] = json_schema()["$defs"][table]["properties"]
    return found


def holds_names(path: Path) -> bool:
    """Is it a table whose keys are the user's own names?"""
    return any("properties" not in node and node.get("type") == "object" for node in _nodes(path))


def may_be_text(path: Path) -> bool:
    """Is text among what may stand there? So it is where anything may, and at a key that is not known."""
    nodes = _nodes(path)
    return not nodes or any(node.get("type") == "string" for node in nodes)


def _nodes(path: Path, schema: Node | None = None) -> list[Node]:
    """Every form that the value at `path` may take, as JSON Schema; none for an unknown key."""
    schema = json_schema() if schema is None else schema
    nodes = list(_forms(schema, schema))
    for segment in path:
        nodes = [form for node in nodes for inner in _inside(node, segment) for form in _forms(inner, schema)]
    return nodes


def _inside(node: Node, segment: str | int) -> Iterator[Node]:
    if isinstance(segment, int):
        yield from [node["items"]] if "items" in node else []
    elif segment in node.get("properties", ()):
        yield node["properties"][segment]
    else:
        yield from node.get("patternProperties", {}).values()
        if isinstance(node.get("additionalProperties"), dict):
            yield node["additionalProperties"]


def _forms(node: Node, schema: Node) -> Iterator[Node]:
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    if "anyOf" in node or ("oneOf" in node and "properties" not in node):
        for form in node.get("anyOf") or node["oneOf"]:
            yield from _forms(form, schema)
    else:
        yield node
