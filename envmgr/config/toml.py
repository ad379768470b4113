"""Values and keys as TOML writes them, on one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any


def toml_value(value: Any) -> str:
    """Of what JSON could say too, and of not-a-number and the infinities."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        pairs = (f"{toml_key([key])} = {toml_value(inner)}" for key, inner in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    return str(value)


def toml_key(segments: Iterable[str]) -> str:
    """Dotted; segments that cannot stand bare are quoted."""
    return ".".join(key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key) for key in segments)
