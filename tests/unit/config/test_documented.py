"""What the documents show as envmgr.toml is one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from envmgr.config import load

ROOT = Path(__file__).parents[3]
FENCE = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)
TABLES = {"library", "environment", "defaults", "project", "profile", "aliases"}


def shown() -> list[object]:
    pages = [ROOT / "README.md", ROOT / "elixir/README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = [
        pytest.param(text, id=f"{page.name}-{number}")
        for page in pages
        for number, text in enumerate(FENCE.findall(page.read_text(encoding="utf-8")))
        if TABLES.issuperset(tomllib.loads(text))
    ]
    assert len(found) > 10
    return found


@pytest.mark.parametrize("text", shown())
def test_examples_are_accepted(text, project):
    document = tomllib.loads(text)
    lived_in = {table.get("environment", name) for name, table in document.get("library", {}).items()}
    for name in document.get("environment", {}).keys() - lived_in:
        text += f'\n[library.lives-in-{name}]\nenvironment = "{name}"\n'
    assert load(project(text)).libraries
