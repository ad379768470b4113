"""A small library with stubs: run time decides what there is, stubs say what it does not."""

from pathlib import Path

import pytest

from envmgr.catalog.facts import Object
from envmgr.catalog.stub_lookup import Lookup
from envmgr.catalog.stubs import Stubs

FILES = {
    "tiny/__init__.pyi": """
from typing import Any, Final, Literal as L, Protocol, TypeAlias, TypeVar, overload
from typing_extensions import deprecated
from . import sub
from .sub import far as near, Base
from ._types import Shape, _Call, _Op
from .sub import *

T = TypeVar("T")
Number: TypeAlias = int | float
class bool: ...
alias = near
held: Final[_Call]
op: _Op[L["op"], L[2]]
_one: Base
bound = _one.pull
limit: Final[int] = ...
text: str
def plain(a: int, /, b: str = "x", *args: Any, c: Number | None = ..., **kwargs: Any) -> list[int]: ...
def old(__a: int, b: float = 0.5) -> None: ...
def other(flag: bool, shape: Shape, way: L["up", "down"]) -> "tuple[int, ...]": ...
@overload
def many(a: int) -> int: ...
@overload
def many(a: str, n: int = ...) -> str: ...
@overload
@deprecated("use plain")
def gone(a: int) -> int: ...
@overload
@deprecated("use plain")
def gone(a: str) -> str: ...
class Table(Base):
    width: int
    @property
    def size(self) -> tuple[int, int]: ...
    def __init__(self, rows: list[T], *, names: list[str] | None = None) -> None: ...
    @classmethod
    def read(cls, path: str) -> Table: ...
    @staticmethod
    def zero(n: int) -> Table: ...
    def show(self, n: int = 5) -> str: ...
    again = show
class Bare: ...
class Circle(Circle): ...
""",
    "tiny/sub.pyi": """
__all__ = ["starred"]
def far(x: bytes) -> None: ...
def starred(x: float) -> float: ...
class Base:
    def pull(self, x: int) -> float: ...
""",
    "tiny/_types.py": """
from typing import Protocol, TypeAlias, Generic, TypeVar
Shape: TypeAlias = "tuple[int, ...]"
A = TypeVar("A")
B = TypeVar("B")
class _Call(Protocol):
    def __call__(self, x: int) -> str: ...
class _Op(Generic[A, B]):
    def __call__(self, x: int, y: int, /) -> float: ...
""",
    "tiny/broken.pyi": "def (",
    "tiny/_compiled.pyi": "class Deep:\n    def dive(self, to: int) -> float: ...\n",
    "tiny/_other.pyi": "class Twice: ...\n",
    "tiny/_another.pyi": "class Twice: ...\n",
    "lone-stubs/__init__.pyi": "def f(x: int) -> int: ...\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    site = tmp_path_factory.mktemp("site")
    for name, text in FILES.items():
        path = site / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return site


@pytest.fixture
def complete(site):
    def complete(path, kind="function", module="tiny", qualname=None, library="tiny", **facts):
        found = Object([path], kind, module, qualname or path, **facts)
        Stubs(library, Lookup(site, (3, 12))).complete([found])
        return found

    return complete


def row(name, kind, default=None, into=None, text=None, accepts=None):
    return [name, kind, default, into, text, accepts]


def test_a_function_without_a_signature_gets_all_of_it(complete):
    found = complete("plain")
    assert found.parameters == [
        row("a", 0, None, None, "int", ["bool", "int"]),
        row("b", 1, "'x'", None, "str", ["str"]),
        row("args", 2, text="Any"),
        row("c", 3, "...", None, "Number | None", ["none", "bool", "int", "float"]),
        row("kwargs", 4, text="Any"),
    ]
    assert found.returns == "list[int]"
    assert found.origins == {"signature": "stub", "types": "stub", "returns": "stub"}


def test_positional_only_as_it_was_said_before_python_3_8(complete):
    assert [each[:3] for each in complete("old").parameters] == [["a", 0, None], ["b", 1, "0.5"]]


def test_what_run_time_knows_stays_and_types_come_by_name(complete):
    seen = [row("zero", 0), row("c", 3, "None"), row("b", 1, "'y'", text="object")]
    found = complete(
        "plain", parameters=[list(each) for each in seen], origins={"signature": "runtime"}, returns="R"
    )
    assert found.parameters == [
        row("zero", 0, None, None, "int", ["bool", "int"]),
        row("c", 3, "None", None, "Number | None", ["none", "bool", "int", "float"]),
        row("b", 1, "'y'", text="object"),
    ]
    assert (found.returns, found.origins["signature"]) == ("R", "runtime")


def test_a_default_is_accepted_too(complete):
    found = complete("many", parameters=[row("a", 1), row("n", 1, "None")])
    assert found.parameters[1][5] == ["none", "bool", "int"]


@pytest.mark.parametrize("seen", [[row("args", 2), row("kwargs", 4)], [row("args", 2)]])
def test_a_wrapper_that_takes_anything_is_told_better(complete, seen):
    assert complete("plain", parameters=seen).parameters[0][0] == "a"


def test_aliases_and_names_of_other_modules(complete):
    found = complete("other")
    assert [each[3:] for each in found.parameters] == [
        [None, "bool", None],  # of this module: not Python's own
        ["tuple", "Shape", ["list", "tuple"]],
        [None, "L['up', 'down']", ["str"]],
    ]
    assert found.returns == "tuple[int, ...]"


@pytest.mark.parametrize(
    ("path", "returns"),
    [
        ("near", "None"),
        ("alias", "None"),
        ("starred", "float"),
        ("sub.far", "None"),
        ("held", "str"),
        ("op", "float"),
    ],
)
def test_imports_other_names_and_variables_are_followed(complete, path, returns):
    assert complete(path).returns == returns


def test_a_method_of_a_hidden_instance_has_its_object_already(complete):
    assert [each[0] for each in complete("bound").parameters] == ["x"]
    found = complete("moved", module="tiny.sub", qualname="Base.pull")
    assert [each[0] for each in found.parameters] == ["x"]
    assert [each[0] for each in complete("Table.pull", "method").parameters] == ["self", "x"]


def test_overloads(complete):
    found = complete("many")
    assert found.parameters == [
        row("a", 1, None, None, "int | str", ["bool", "int", "str"]),
        row("n", 1, "...", None, "int", ["bool", "int"]),
    ]
    assert [returns for _, returns in found.overloads] == ["int", "str"]
    assert (found.returns, found.origins["overloads"]) == ("int | str", "stub")


def test_deprecation(complete):
    assert complete("gone").deprecated == "use plain"
    assert complete("many").deprecated is None


def test_classes_and_what_they_have(complete):
    assert [each[:2] for each in complete("Table", "class").parameters] == [["rows", 1], ["names", 3]]
    assert complete("Bare", "class").parameters is None
    assert complete("Circle", "class").parameters is None
    assert [each[0] for each in complete("Table.read", "classmethod").parameters] == ["path"]
    assert [each[0] for each in complete("Table.zero", "staticmethod").parameters] == ["n"]
    assert [each[0] for each in complete("Table.again", "method").parameters] == ["self", "n"]
    assert complete("Table.size", "property").returns == "tuple[int, int]"
    assert complete("Table.width", "property").returns == "int"
    assert complete("limit", "constant").returns == "int"
    assert complete("text", "constant").returns == "str"


def test_what_a_stub_does_not_have_or_nobody_can_read(complete):
    for path, module in (
        ("absent", "tiny"),
        ("x", "tiny.broken"),
        ("Table.absent", "tiny"),
        ("x", "absent.module"),
    ):
        found = complete(path, module=module)
        assert (found.parameters, found.returns, found.origins) == (None, None, {})
    assert complete("sub", "module", file="f").origins == {}


def test_a_compiled_class_that_names_another_module(complete):
    found = complete("api.Deep.dive", "method", module="tiny.api", qualname="Deep.dive")
    assert (found.returns, len(found.parameters)) == ("float", 2)
    assert (
        complete("api.Deep.dive", "method", module="tiny.api", qualname="Deep.dive", file="deep.py").returns
        is None
    )
    assert complete("api.Twice", "class", module="tiny.api", qualname="Twice").parameters is None


def test_stubs_of_their_own_distribution_and_typeshed(complete):
    assert complete("f", library="lone", module="lone").returns == "int"
    found = complete("sqrt", library="math", module="math", parameters=[row("x", 0)])
    assert found.returns == "float"
    assert found.parameters[0][5] == ["bool", "int", "float"]
    assert (
        complete("batched", library="itertools", module="itertools", kind="class").parameters[0][0]
        == "iterable"
    )
