"""The golden examples that Elixir is held against too; `tests/wire/make_examples.py` wrote them."""

import ast
import json
from pathlib import Path

from envmgr.catalog import examples, spelling
from envmgr.catalog.reading import Catalog

WIRE = Path(__file__).parents[2] / "wire"
KNOWN = Catalog((WIRE / "examples.catalog").read_bytes())
TEXTS = json.loads((WIRE / "examples.json").read_text(encoding="utf-8"))


def test_every_path_has_its_texts():
    assert sorted(TEXTS) == KNOWN.paths()
    for path, texts in TEXTS.items():
        number = KNOWN.find(path)
        row = KNOWN.row(number)
        said = {name: text for name, text, _ in KNOWN.detail(number)["parsed"]["parameters"]}
        assert texts == [
            spelling.signature(row, f"lib.{path}"),
            examples.elixir(KNOWN, row, "lib", path, said),
            examples.python(KNOWN, row, path, said),
        ]


def test_they_are_python():
    for _, _, python in TEXTS.values():
        ast.parse(python.removeprefix("await "))
