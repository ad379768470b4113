"""Writes examples.catalog and examples.json: objects of every kind, and how both languages write and call them.

`python tests/wire/make_examples.py`. Elixir's examples and signatures are held against these.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from envmgr.catalog import examples, layout, spelling
from envmgr.catalog.layout import Item
from envmgr.catalog.reading import Catalog

HERE = Path(__file__).parent
TYPES = [
    ("s", "str", ["str"]), ("json_path", None, ["str"]), ("url", "str | None", ["none", "str"]),
    ("how", "Literal['left', 'right']", ["str"]), ("mode", 'Literal["r"]', None), ("n", "int", ["bool", "int"]),
    ("ratio", "float", ["float"]), ("z", "complex", ["complex"]), ("flag", "bool", ["bool"]), ("data", "bytes", ["bytes"]),
    ("names", "set[str]", ["set"]), ("pair", "tuple[int, int]", ["tuple"]), ("rows", "list[int]", ["list"]),
    ("table", "dict[str, int]", ["dict"]), ("nothing", "None", ["none"]), ("key", "Callable[[int, str], bool]", ["callable"]),
    ("later", "Callable[[], int]", None), ("each", "Callable", None), ("path", "FilePath", None), ("a", "ArrayLike", None),
    ("items", "Iterable[int]", None), ("shape", "_ShapeLike", None), ("x", "SupportsFloat", None), ("i", "SupportsIndex", None),
    ("text", "AnyStr", None), ("buffer", "ReadableBuffer", None), ("anything", "Any", None), ("frame", "DataFrame", None),
    ("func", None, None), ("filename", None, None), ("n_rows", None, None), ("obj", None, None), ("X", None, None),
    ("class", None, None), ("_private9", None, None), ("größe", None, None),
]  # fmt: skip


def parameter(name: str, kind: int, default: str | None, *more: Any) -> list[Any]:
    return [name, kind, default, *([None, *more] if any(more) else [])]


def objects() -> list[tuple[list[str], str, Any, str | None, dict[str, str]]]:
    """Paths, kind, parameters, what is returned, types in the docstring."""
    own = ["self", 1, None]
    found: list[tuple[list[str], str, Any, str | None, dict[str, str]]] = [
        ([f"takes.p{number:02}"], "function", [parameter(name, 1, None, text, accepts)], None, {})
        for number, (name, text, accepts) in enumerate(TYPES)
    ]
    return [
        *found,
        (["said"], "function", [parameter("values", 1, None), parameter("other", 1, None)], None, {"other": "tuple of int"}),
        (["full"], "function", [
            parameter("a", 0, None), parameter("b", 1, None, "int", ["int"]), parameter("c", 1, "1", "float", ["float"]),
            parameter("d", 3, None, "str", ["str"]), parameter("e", 3, "'x'"), parameter("kw", 4, None),
        ], "list[int]", {}),
        (["named"], "function", [parameter("only", 3, None, "int", ["int"]), parameter("_odd", 3, None)], None, {}),
        (["many"], "function", [parameter("values", 2, None, "int", ["int"]), parameter("sep", 3, "' '")], None, {}),
        (["many_more"], "function", [parameter("first", 0, None), parameter("values", 2, None, "int", ["int"])], None, {}),
        (["unknown"], "function", None, "int", {}),
        (["empty"], "function", [], None, {}),
        (["waits"], "coroutine", [parameter("n", 1, None, "int", ["int"])], "str", {}),
        (["yields"], "generator", [parameter("n", 1, None, "int", ["int"])], None, {}),
        (["yields_later"], "async-generator", [], None, {}),
        (["ufunc"], "ufunc", [parameter("x1", 0, None), parameter("x2", 0, None), parameter("out", 1, "None")], None, {}),
        (["Holder", "inside.Holder"], "class", [parameter("size", 1, None, "int", ["int"])], "Holder", {}),
        (["Holder.head", "inside.Holder.head"], "method", [own, parameter("n", 1, "5", "int", ["int"])], "Self", {}),
        (["Holder.put"], "method", [own, parameter("key", 1, None), parameter("value", 1, None)], None, {}),
        (["Holder.shape"], "property", [own], "tuple[int, int]", {}),
        (["Holder.make"], "classmethod", [parameter("text", 1, None, "str", ["str"])], "Holder", {}),
        (["Holder.check"], "staticmethod", [], "bool", {}),
        (["Plain"], "class", [], None, {}),
        (["Plain.run"], "method", [own], None, {}),
        (["lost.run"], "method", [own, parameter("n", 1, None)], None, {}),
        (["lost.shape"], "property", [own], None, {}),
        (["PI"], "constant", None, "float", {}),
        (["inside"], "module", None, None, {}),
    ]  # fmt: skip


def write() -> tuple[bytes, dict[str, list[str]]]:
    found = sorted(objects(), key=lambda each: each[0][0].encode())
    paths = {path: number for number, each in enumerate(found) for path in each[0]}
    items = []
    for names, kind, parameters, returns, said in found:
        row = [names[0], kind, parameters, returns, "", 0, None]
        told = {"parameters": [[name, text, ""] for name, text in said.items()]}
        detail = {"path": names[0], "aliases": names[1:], "kind": kind, "parsed": told, "origins": {}}
        items.append(Item(row, detail, frozenset()))
    content = layout.encode({"module": "m", "version": None, "errors": []}, paths, items)
    return content, spelled(Catalog(content))


def spelled(known: Catalog) -> dict[str, list[str]]:
    """Of each path: its signature, a call in Elixir, a call in Python."""
    texts = {}
    for path in known.paths():
        number = known.find(path)
        assert number is not None
        row = known.row(number)
        said = {name: text for name, text, _ in known.detail(number)["parsed"]["parameters"]}
        texts[path] = [
            spelling.signature(row, f"lib.{path}"),
            examples.elixir(known, row, "lib", path, said),
            examples.python(known, row, path, said),
        ]
    return texts


if __name__ == "__main__":
    content, texts = write()
    (HERE / "examples.catalog").write_bytes(content)
    lines = ",\n".join(
        f"{json.dumps(path)}: {json.dumps(text, ensure_ascii=False)}" for path, text in texts.items()
    )
    (HERE / "examples.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
