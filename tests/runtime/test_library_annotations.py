"""What an annotation says that a list or a string must become: objects and text, on every Python."""

from __future__ import annotations

import collections.abc
import sys
import types
import typing
from typing import AbstractSet, Any, FrozenSet, Iterable, List, Optional, Sequence, Set, Tuple, TypeVar, Union

import pytest

from envmgr_runtime.library import signatures
from envmgr_runtime.library.annotations import into

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
        assert signatures.parameters(module.f) == [
            ["a", 0, None, "bytes"],
            ["b", 1, "None", "tuple"],
            ["rest", 2, None],
            ["c", 3, None, "frozenset"],
            ["d", 3, "[]"],
            ["more", 4, None],
        ]
        assert signatures.parameters(module.C) == [["shape", 1, None, "tuple"]]
    finally:
        del sys.modules[module.__name__]
