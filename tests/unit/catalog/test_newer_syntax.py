"""What newer Pythons declare, as an older one reads it."""

from __future__ import annotations

import ast

import pytest

from envmgr.catalog.newer_syntax import older, parsed

NEWER = """
type Numbers[T: int = int] = list[T]
type Number = int
class Box[T: (int, str), *Ts,
  U = dict[str, int]](Base[T]):
    type = 3
    def put[V](self, value: V, type: str = ...) -> V: ...
    x = 1; type Inner = int
    async def wait[**P](self): ...
def open[
    T,  # of whom
](a: T) -> T: ...
def type(x): ...
values[type] = type
"""


def test_the_rest_is_what_it_was() -> None:
    tree = parsed(NEWER)
    numbers, number, box, opened, kind, values = tree.body
    assert [ast.unparse(node) for node in (numbers, number)] == ["Numbers = list[T]", "Number = int"]
    assert isinstance(box, ast.ClassDef)
    assert [ast.unparse(base) for base in box.bases] == ["Base[T]"]
    assert [ast.unparse(node) for node in box.body] == [
        "type = 3",
        "def put(self, value: V, type: str=...) -> V:\n    ...",
        "x = 1",
        "Inner = int",
        "async def wait(self):\n    ...",
    ]
    assert ast.unparse(opened) == "def open(a: T) -> T:\n    ..."
    assert [kind.lineno, values.lineno] == [13, 14]
    assert ast.unparse(values) == "values[type] = type"


def test_lines_and_columns_stay() -> None:
    assert older("class C[T](Base): ...\n") == "class C   (Base): ...\n"
    assert older("type A = B\n").rstrip() == "A      = B"


def test_what_an_older_python_knows_is_read_as_it_is() -> None:
    assert ast.unparse(parsed("x: list[int]")) == "x: list[int]"


@pytest.mark.parametrize("text", ["def f(", "def f[T", "class", "x = ("])
def test_what_no_python_knows_is_told(text: str) -> None:
    with pytest.raises(SyntaxError):
        parsed(text)
