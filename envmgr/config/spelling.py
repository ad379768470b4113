"""Values as TOML text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any


def document(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> str:
    """A table, with the tables in it under headers of their own. Dates and times are not spelled: TypeError."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {value_of(value)}" for key, value in table.items() if key not in inner]
    if above and (lines or not inner):
        lines.insert(0, f"[{'.'.join(map(_key, above))}]")
    blocks = ["\n".join(lines)] if lines else []
    return (
        "\n\n".join([*blocks, *(document(value, (*above, key)).rstrip("\n") for key, value in inner.items())])
        + "\n"
    )


def value_of(value: Any) -> str:
    """On one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {value_of(held)}' for key, held in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_of, value))}]"
    raise TypeError(f"TOML text of {type(value).__name__}")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else value_of(key)
