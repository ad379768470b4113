"""The keys in docs/matrices.md, made from the schema: `python -m envmgr.matrix.reference` prints them."""

from __future__ import annotations

from envmgr.config.reference import table
from envmgr.matrix.json_schema import json_schema

_TABLES = (
    ("top level", None),
    ("[axes]", "AxesTable"),
    ("[axes.DISTRIBUTION]", "ReleasesTable"),
    ("[axes.python]", "PythonsTable"),
    ("strategy = { … }", "SampleTable"),
    ("[[check]]", "CheckTable"),
    ("[[expect]]", "ExpectTable"),
    ("[timing]", "TimingTable"),
)


def markdown() -> str:
    """A heading and a table for each table of the file."""
    schema = json_schema()
    return "".join(
        part
        for name, key in _TABLES
        for part in table(f"### {name}", schema["$defs"][key] if key is not None else schema)
    )


if __name__ == "__main__":
    print(markdown(), end="")
