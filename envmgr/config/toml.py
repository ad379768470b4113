"""Values, keys and documents as TOML writes them. Dates and times are not written: TypeError."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any


def toml_document(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> str:
    """A table, with the tables in it under headers of their own. `above` leads to it."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"{toml_key([key])} = {toml_value(value)}" for key, value in table.items() if key not in inner]
    if above and (lines or not inner):
        lines.insert(0, f"[{toml_key(above)}]")
    blocks = ["\n".join(lines)] if lines else []
    blocks += [toml_document(value, (*above, key)).rstrip("\n") for key, value in inner.items()]
    return "\n\n".join(blocks) + "\n"


def toml_value(value: Any) -> str:
    """On one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, Mapping):
        pairs = (f"{toml_key([key])} = {toml_value(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    raise TypeError(f"TOML text of {type(value).__name__}")


def toml_key(segments: Iterable[str]) -> str:
    """Dotted; segments that cannot stand bare are quoted."""
    return ".".join(key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key) for key in segments)
