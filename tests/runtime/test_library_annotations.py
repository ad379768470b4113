"""What an annotation says that a list or a string must become: objects and text, on every Python."""

from __future__ import annotations

import ast
import collections.abc
import enum
import sys
import types
import typing
from typing import AbstractSet, Any, FrozenSet, Iterable, List, Optional, Sequence, Set, Tuple, TypeVar, Union

import pytest

from envmgr_runtime.library.annotations import accepts, into
from envmgr_runtime.library.signatures import Reader, text

T = TypeVar("T")


class Point(typing.NamedTuple):
    x: int


class Meta(type):
    __module__ = property(lambda cls: 1 // 0)
    __eq__ = lambda cls, other: 1 // 0  # noqa: E731
    __hash__ = lambda cls: 1 // 0  # noqa: E731


class Asked:
    """Falls over when anything of it is asked."""

    def __getattribute__(self, name):
        raise SystemExit(name)


OBJECTS = [
    (tuple, "tuple"),
    (Tuple, "tuple"),
    (Tuple[int, ...], "tuple"),
    (Optional[Tuple[int, int]], "tuple"),
    (Union[Tuple[int, ...], Tuple[str, str], None], "tuple"),
    (Optional["Tuple[int]"], "tuple"),
    (Set[int], "set"),
    (AbstractSet[int], "set"),
    (collections.abc.MutableSet, "set"),
    (frozenset, "frozenset"),
    (FrozenSet[str], "frozenset"),
    (bytes, "bytes"),
    (Union[bytes, bytearray, memoryview], "bytes"),
    (bytearray, None),
    (Union[bytearray, memoryview], None),
    (Union[set, frozenset], None),
    (Union[bytes, str], None),
    (Union[tuple, Sequence[int]], None),
    (List[int], None),
    (Iterable[int], None),
    (Any, None),
    (str, None),
    (None, None),
    (T, None),
    (typing.Callable[[], tuple], None),
    (Point, None),
    (3, None),
    (Meta("M", (), {}), None),
    (Asked(), None),
]
TEXTS = [
    ("tuple", "tuple"),
    ("  tuple[int, ...] | None", "tuple"),
    ("None | 'tuple[int]'", "tuple"),
    ("Optional[Tuple[int, int]]", "tuple"),
    ("typing.Optional[typing.Union[tuple, Tuple[int]]]", "tuple"),
    ("Shape", "tuple"),
    ("Shape | int", None),
    ("np.ndarray", "ndarray"),
    ("npt.NDArray[np.float64] | None", "ndarray"),
    ("ndarray | Sequence[float]", None),
    ("unknown.ArrayLike", None),
    ("Set[int]", "set"),
    ("sympy.Set", None),
    ("FrozenSet[str]", "frozenset"),
    ("bytes | bytearray", "bytes"),
    ("Literal[b'x']", None),
    ("Mine", None),
    ("Loop", None),
    ("Callable[..., tuple]", None),
    ("Union[()]", None),
    ("1 + 1", None),
    ("...", None),
    ("f()", None),
    ("tuple if x else set", None),
    ("not an expression", None),
    ("(" * 300 + ")" * 300, None),
    ("", None),
]
NAMES = {
    "Optional": Optional,
    "Union": Union,
    "Tuple": Tuple,
    "Set": Set,
    "Sequence": Sequence,
    "typing": typing,
    "Shape": Tuple[int, ...],
    "Mine": type("tuple", (), {}),
    "Loop": Union["Loop", tuple],  # noqa: F821
    "Callable": typing.Callable,
}


@pytest.mark.parametrize(("annotation", "kind"), OBJECTS, ids=range(len(OBJECTS)))
def test_objects(annotation, kind):
    assert into(annotation, {}) == kind


@pytest.mark.parametrize(("annotation", "kind"), TEXTS)
def test_text(annotation, kind):
    assert into(annotation, NAMES) == kind


def test_names_for_type_checkers_alone():
    assert into("Optional[Tuple[int]]", {}) == "tuple"
    assert into("Annotated[bytes, 'x' | y]", {}) == "bytes"
    assert into("Set[int]", {}) is None  # may be anybody's


@pytest.mark.skipif(sys.version_info < (3, 10), reason="X | Y")
def test_newer_forms():
    assert into(tuple[int] | None, {}) == "tuple"
    assert into(typing.Annotated[bytes, 1], {}) == "bytes"
    assert into(typing.Annotated[tuple[int] | None, 1], {}) == "tuple"


def test_numpy():
    numpy = pytest.importorskip("numpy")
    assert into(numpy.ndarray, {}) == "ndarray"
    assert into(Optional[numpy.ndarray], {}) == "ndarray"
    assert into("np.ndarray", {"np": numpy}) == "ndarray"
    assert into("np.generic", {"np": numpy}) is None


def test_parameters_have_it_where_there_is_something_to_say():
    module = types.ModuleType("annotated_here")
    sys.modules[module.__name__] = module
    code = """
from typing import Optional
def f(a: bytes, /, b: Optional[tuple] = None, *rest: tuple, c: "frozenset[int]", d: list = [], **more: set): pass
class C:
    def __init__(self, shape: tuple): pass
"""
    exec(code, vars(module))
    try:
        rows, returns = Reader().read(module.f)
        assert [row[:4] for row in rows] == [
            ["a", 0, None, "bytes"],
            ["b", 1, "None", "tuple"],
            ["rest", 2, None, None],
            ["c", 3, None, "frozenset"],
            ["d", 3, "[]", None],
            ["more", 4, None, None],
        ]
        assert [row[5] for row in rows] == [
            ["str", "bytes"], ["none", "list", "tuple"], None, ["list", "set"], ["list", "tuple"], None,
        ]  # fmt: skip
        assert returns is None
        assert Reader().read(module.C)[0][0][3] == "tuple"
    finally:
        del sys.modules[module.__name__]


class Level(enum.Enum):
    LOW = 1


NUMBERS = ["bool", "int", "float"]
ACCEPTS = [
    (int, ["bool", "int"]),
    (float, NUMBERS),
    (complex, [*NUMBERS, "complex"]),
    (bool, ["bool", "int"]),
    (str, ["str"]),
    (bytes, ["str", "bytes"]),
    (None, ["none"]),
    (Optional[str], ["none", "str"]),
    (Union[int, str, None], ["none", "bool", "int", "str"]),
    (List[int], ["list", "tuple"]),
    (typing.Dict[str, int], ["dict"]),
    (typing.Mapping[str, int], ["dict"]),
    (typing.Callable[[int], str], ["callable"]),
    (typing.Callable, ["callable"]),
    (typing.SupportsFloat, NUMBERS),
    (typing.SupportsIndex if sys.version_info >= (3, 8) else int, ["bool", "int"]),
    (Union[str, Level], ["str"]),
    (Sequence[int], None),
    (Iterable[str], None),
    (Any, None),
    (object, None),
    (T, None),
    (Union[str, T], None),
    (Union[str, "os.PathLike[str]"], None),  # noqa: F821
    (Point, None),
    (typing.Type[int], None),
    (Meta("M", (), {}), None),
    (3, None),
    (Level, None),
    ("int", ["bool", "int"]),
    ("str | None", ["none", "str"]),
    ("Optional[int]", ["none", "bool", "int"]),
    ("Union[int, list[str]]", ["bool", "int", "list", "tuple"]),
    ("typing.Optional[Callable[..., int]]", ["none", "callable"]),
    ("Literal['a', 'b'] | None", ["none", "str"]),
    ("Literal[-1, 2]", ["bool", "int"]),
    ("Annotated[float, 'metres']", NUMBERS),
    ("SupportsIndex", ["bool", "int"]),
    ("Shape", ["list", "tuple"]),
    ("Sequence[str]", None),
    ("Unknown | int", None),
    ("Loop", None),
    ("Mine", None),
    ("...", None),
    ("", None),
    ("int |", None),
]


@pytest.mark.parametrize(("annotation", "kinds"), ACCEPTS, ids=range(len(ACCEPTS)))
def test_what_is_taken(annotation, kinds):
    assert accepts(annotation, NAMES) == kinds


def test_the_names_of_a_stub():
    """Where nothing but text is there: names are known by their last word, aliases by their AST."""
    names = {"Alias": ast.parse("int | Other", mode="eval").body, "Other": ast.parse("str", mode="eval").body}
    assert accepts("Optional[Alias]", names) == ["none", "bool", "int", "str"]
    assert accepts(ast.parse("t.SupportsFloat | None", mode="eval").body, {}) == ["none", *NUMBERS]
    assert accepts("str", {"str": object()}) is None
    assert into("Alias", {"Alias": ast.parse("tuple[int, ...] | None", mode="eval").body}) == "tuple"


@pytest.mark.skipif(sys.version_info < (3, 8), reason="Literal")
def test_literals():
    assert accepts(typing.Literal["a", 1], {}) == ["bool", "int", "str"]
    assert accepts(typing.Literal[Level.LOW], {}) is None


def test_a_default_is_taken_too():
    def f(a: str = None, b: int = 1.5, c: bool = object()):  # noqa: RUF013
        pass

    assert [row[5] for row in Reader().read(f)[0]] == [
        ["none", "str"], ["bool", "int", "float"], ["bool", "int"],
    ]  # fmt: skip


def test_text_of_annotations():
    assert text(int) == "int"
    assert text(Optional[int]) in ("Optional[int]", "Union[int, None]", "Union[int, NoneType]")
    assert text(collections.abc.Sized) == "collections.abc.Sized"
    assert text(" x | y ") == "x | y"
    assert text(type(None)) == "None"
    assert text(Meta("M", (), {})) == "..."
    assert len(text("x" * 1000)) == 300


def test_what_is_imported_for_type_checkers_alone(tmp_path, monkeypatch):
    package = tmp_path / "rt_typed"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "names.py").write_text("from typing import Union\nAxis = Union[int, str]\n")
    (package / "core.py").write_text(
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nfrom . import names\n"
        "if TYPE_CHECKING:\n    from .names import Axis, Missing\n    import rt_typed.names as names_too\n"
        "    import rt_not_loaded\n\n"
        "def f(axis: Axis, other: names_too.Axis, unknown: rt_not_loaded.X, missing: Missing): pass\n"
    )
    (package / "broken.py").write_text("TYPE_CHECKING = False\ndef f(x: int): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    from importlib import import_module

    both = ["bool", "int", "str"]
    assert [row[5] for row in Reader().read(import_module("rt_typed.core").f)[0]] == [both, both, None, None]
    broken = import_module("rt_typed.broken")
    (package / "broken.py").write_text("if TYPE_CHECKING:\n    not python\n")
    assert Reader().read(broken.f)[0][0][5] == ["bool", "int"]
    for name in [name for name in sys.modules if name.startswith("rt_typed")]:
        del sys.modules[name]
