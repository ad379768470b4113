"""JSON Schema, draft 2020-12, of matrices/NAME.toml as a user writes it: `envmgr matrix schema` prints it."""

from __future__ import annotations

from functools import cache
from typing import Any

from envmgr.config.json_schema import of
from envmgr.matrix.tables import MatrixFile


@cache
def json_schema() -> dict[str, Any]:
    """Of the whole file; tables are in `$defs`. Not to be changed."""
    return of(MatrixFile, "a compatibility matrix")
