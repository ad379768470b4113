"""Documents as TOML text, in any of the forms that TOML has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Path = tuple[str | int, ...]


class Writer:
    """Renders a document in one of its forms, and notes the offset of each key and value as it writes."""

    def __init__(self, choose: Callable[..., str]) -> None:
        self.choose = choose
        self.text = ""
        self.offsets: dict[tuple[str, Path], int] = {}

    def key(self, path: Path) -> None:
        self.offsets.setdefault(("key", path), len(self.text))
        name = path[-1]
        is_bare = re.fullmatch("[A-Za-z0-9_-]+", name)
        forms = (
            [json.dumps(name, ensure_ascii=False)]
            + [name] * bool(is_bare)
            + [f"'{name}'"] * ("'" not in name)
        )
        self.text += self.choose(*forms)

    def table(self, document: dict[str, Any], path: Path) -> None:
        with_header = [
            n for n, v in document.items() if isinstance(v, dict) and self.choose("[]", "{}") == "[]"
        ]
        for name in [name for name in document if name not in with_header]:
            self.text += self.choose("", "  ", "# [x]\n", "\n")
            self.key((*path, name))
            self.text += self.choose("=", " = ", "\t=")
            self.value(document[name], (*path, name))
            self.text += self.choose("\n", " # ] } ,\n", "\n\n")
        for name in with_header:
            self.header((*path, name))
            self.table(document[name], (*path, name))

    def header(self, path: Path) -> None:
        self.text += self.choose("[", "  [ ")
        for length in range(1, len(path)):
            self.key(path[:length])
            self.text += self.choose(".", " . ")
        self.offsets.pop(("key", path), None)
        self.key(path)
        self.text += self.choose("]\n", ' ] # "\n')

    def value(self, value: Any, path: Path) -> None:
        self.offsets["value", path] = len(self.text)
        if isinstance(value, list):
            self.text += self.choose("[", "[ ", "[\n# ]\n")
            for index, item in enumerate(value):
                self.value(item, (*path, index))
                self.text += self.choose(",", " ,\n", ", # x\n")
            self.text += "]"
        elif isinstance(value, dict):
            self.text += self.choose("{", "{ ")
            for index, (name, item) in enumerate(value.items()):
                self.text += ", " if index else ""
                self.key((*path, name))
                self.text += " = "
                self.value(item, (*path, name))
            self.text += self.choose("}", " }")
        elif isinstance(value, str):
            basic = json.dumps(value, ensure_ascii=False)
            forms = [basic, f'""{basic}""']
            if "'" not in value:
                forms += [f"'{value}'"] * ("\n" not in value) + [f"'''\n{value}'''"]
            self.text += self.choose(*forms)
        else:
            self.text += str(value).lower() if isinstance(value, bool) else str(value)
