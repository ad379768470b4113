"""Writes search.catalog and search.json: a catalog, and what searches in it find, in order. Elixir is held against both.

`python tests/wire/make_search.py`. A search that finds otherwise than before is a change of docs/architecture.md, "How a search ranks".
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from envmgr.catalog import Filters, layout, search
from envmgr.catalog.layout import Item
from envmgr.catalog.reading import Catalog
from envmgr.catalog.words import words

HERE = Path(__file__).parent
VERBS = [
    "read",
    "write",
    "merge",
    "group",
    "sort",
    "mean",
    "median",
    "nanmean",
    "count",
    "drop",
    "fill",
    "to",
    "from",
    "is",
    "has",
    "unique",
    "interpolate",
    "Größe",
]
NOUNS = [
    "csv",
    "Frame",
    "DataFrame",
    "values",
    "index",
    "by",
    "json",
    "na",
    "rows",
    "Series",
    "datetime64",
    "x",
    "label_encoder",
    "html",
]
PLACES = ["", "", "io.", "core.frame.", "DataFrame.", "Series.", "stats.mean.", "linalg."]
SUMMARIES = [
    "",
    "Read a file of values.",
    "Mean of the values, NaN left out.",
    "Group rows by label.",
    "Fill what is missing.",
]
KINDS = ["function", "method", "class", "property", "constant"]


def catalog() -> bytes:
    choose = random.Random(5)
    names: set[str] = {"mean", "stats", "stats.mean", "DataFrame", "Series"}
    while len(names) < 260:
        name = choose.choice(VERBS) + choose.choice(["_", ""]) + choose.choice(["", *NOUNS])
        names.add(choose.choice(PLACES) + name.strip("_"))
    ordered = sorted(names, key=str.encode)
    choose.shuffle(ordered)
    owners, aliases = sorted(ordered[:200], key=str.encode), ordered[200:]
    items, paths = [], {}
    others: dict[str, list[str]] = {}
    for alias in aliases:
        # The canonical path is the shortest.
        shorter = [owner for owner in owners if (len(owner.encode()), owner) < (len(alias.encode()), alias)]
        if shorter:
            others.setdefault(choose.choice(shorter), []).append(alias)
    for number, owner in enumerate(owners):
        found, summary = [owner, *others.get(owner, [])], choose.choice(SUMMARIES)
        paths.update(dict.fromkeys(found, number))
        row = [owner, choose.choice(KINDS), None, None, summary, choose.choice([0, 0, 0, 1]), None]
        items.append(Item(row, {"path": owner, "aliases": found[1:]}, words(found, summary)))
    return layout.encode({"module": "m", "version": None, "errors": []}, paths, items)


def queries(content: bytes) -> list[dict[str, Any]]:
    choose = random.Random(7)
    found = Catalog(content)
    asked: list[tuple[str, dict[str, Any]]] = [
        ("", {}),
        ("mean", {}),
        ("lib.mean", {}),
        ("MEAN values", {"deprecated": False}),
        ("größe", {}),
        ("in", {}),
        ("a", {}),
        ("to_ csv", {"kind": "method"}),
        ("group rows", {"module": "DataFrame"}),
        ("mean", {"module": "stats", "deprecated": True}),
        ("x" * 100, {}),
    ]
    for path in choose.sample(found.paths(), 60):
        word = choose.choice([path, path.split(".")[-1], choose.choice(path.split(".")[-1].split("_"))])
        asked.append((_slip(choose, word) + choose.choice(["", " values", " " + choose.choice(NOUNS)]), {}))
    return [
        {
            "query": query,
            "filters": filters,
            "found": [
                f"{library}.{row.path}"
                for library, row in search(
                    {"lib": found, "another": found}, query, Filters(**filters), limit=12
                )
            ],
        }
        for query, filters in asked
    ]


def _slip(choose: random.Random, word: str) -> str:
    at = choose.randrange(len(word))
    match choose.randrange(5):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + "q" + word[at:]
        case 2:
            return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
        case 3:
            return word[:at] + "q" + word[at + 1 :]
        case _:
            return word


if __name__ == "__main__":
    content = catalog()
    (HERE / "search.catalog").write_bytes(content)
    lines = ",\n".join(json.dumps(query, ensure_ascii=False) for query in queries(content))
    (HERE / "search.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
