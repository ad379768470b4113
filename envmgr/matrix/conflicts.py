"""What git leaves of a file of results that two branches changed: a line is a cell, on one side or on both. Pure."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

_BEGINS = re.compile(rb"^<{7}(?: .*)?$", re.MULTILINE)


def are_in(content: bytes) -> bool:
    return _BEGINS.search(content) is not None


def cells(content: bytes) -> dict[str, dict[str, Any]]:
    """The cells of both sides; of one that they say different things of, what the first says."""
    found: dict[str, dict[str, Any]] = {}
    for line in content.splitlines():
        with contextlib.suppress(ValueError):
            plain = json.loads(line.rstrip().removesuffix(b","))
            if isinstance(plain, dict) and isinstance(plain.get("cell"), str):
                found.setdefault(plain["cell"], plain)
    return found
