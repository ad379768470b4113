"""Operations of the data model, as Python's own syntax does them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from envmgr_runtime.execution.functions import ElixirError
from envmgr_runtime.execution.operations import OPERATIONS


def do(name, owner, *args, **kwargs):
    return OPERATIONS[f"__{name}__"](owner, *args, **kwargs)


class Reflects:
    def __radd__(self, other):
        return ("reflected", other)

    def __rpow__(self, other):
        return ("power of", other)


CASES = [
    ("add", (2, 3), 5),
    ("radd", (2, 3), 5),
    ("rsub", (2, 3), 1),
    ("sub", ({1, 2}, {1}), {2}),
    ("rfloordiv", (2, 7), 3),
    ("pow", (2, 5), 32),
    ("pow", (2, 5, 7), 4),
    ("rpow", (2, 5), 25),
    ("divmod", (7, 2), (3, 1)),
    ("rdivmod", (2, 7), (3, 1)),
    ("lt", (1, 2), True),
    ("eq", (1, "1"), False),
    ("ne", (1, "1"), True),
    ("neg", (2,), -2),
    ("abs", (-2,), 2),
    ("invert", (2,), -3),
    ("and", (6, 3), 2),
    ("rlshift", (1, 3), 6),
    ("getitem", ({"a": 1}, "a"), 1),
    ("contains", ("abc", "b"), True),
    ("len", ("abc",), 3),
    ("length_hint", (iter([1, 2]),), 2),
    ("bool", ([],), False),
    ("int", (2.9,), 2),
    ("float", (2,), 2.0),
    ("complex", (2,), 2 + 0j),
    ("bytes", ([1, 2],), b"\x01\x02"),
    ("index", (3,), 3),
    ("round", (2.345, 1), 2.3),
    ("round", (2.5,), 2),
    ("floor", (-2.5,), -3),
    ("ceil", (2.1,), 3),
    ("trunc", (2.9,), 2),
    ("str", (Fraction(1, 2),), "1/2"),
    ("repr", ("a",), "'a'"),
    ("format", (3.14159, ".2f"), "3.14"),
    ("format", (3,), "3"),
    ("hash", (7,), 7),
    ("call", (max, 1, 3), 3),
    ("copy", ([1],), [1]),
    ("deepcopy", ([[1]],), [[1]]),
    ("concat", ([1], [2]), [1, 2]),
]


@pytest.mark.parametrize(("name", "operands", "value"), CASES, ids=[name for name, _, _ in CASES])
def test_what_python_does(name, operands, value):
    found = do(name, *operands)
    assert found == value
    assert type(found) is type(value)


def test_the_other_side_is_asked_as_python_asks_it():
    assert do("add", 1, Reflects()) == ("reflected", 1)
    assert do("pow", 1, Reflects()) == ("power of", 1)
    with pytest.raises(TypeError, match="unsupported operand"):
        do("add", 1, "a")


def test_in_place():
    items = [1]
    assert do("iadd", items, [2]) is items
    assert items == [1, 2]
    assert do("iadd", 1, 2) == 3


def test_items():
    items = {}
    assert do("setitem", items, "a", 1) is None
    assert items == {"a": 1}
    do("delitem", items, "a")
    assert items == {}
    with pytest.raises(KeyError):
        do("getitem", items, "a")


def test_iteration():
    iterator = do("iter", [1])
    assert do("next", iterator) == 1
    with pytest.raises(StopIteration):
        do("next", iterator)
    assert do("next", iterator, None) is None
    assert list(do("reversed", [1, 2])) == [2, 1]
    assert do("call", dict, a=1) == {"a": 1}


class Door:
    def __init__(self):
        self.seen = []

    def __enter__(self):
        self.seen.append("in")
        return self

    def __exit__(self, *error):
        self.seen.append(error)
        return error[0] is KeyError


def test_with():
    door = Door()
    assert do("enter", door) is door
    assert do("exit", door) is False
    assert door.seen == ["in", (None, None, None)]
    assert do("exit", door, "the caller failed") is False
    kind, error, _ = door.seen[-1]
    assert (kind, str(error)) == (ElixirError, "the caller failed")
    told = {"type": "ArgumentError", "message": "no", "stacktrace": "deep"}
    assert do("exit", door, told) is False
    kind, error, _ = door.seen[-1]
    assert (kind, str(error), error.stacktrace) == (ElixirError, "ArgumentError: no", "deep")
    assert do("exit", door, KeyError("k")) is True
    assert do("exit", door, ValueError, ValueError(), None) is False
    with pytest.raises(TypeError, match="a list has no __enter__"):
        do("enter", [])


def test_attributes():
    door = Door()
    do("setattr", door, "colour", "red")
    assert do("dir", door) == ["colour", "seen"]
    do("delattr", door, "colour")
    assert do("dir", door) == ["seen"]
    for name in ("_seen", "__class__", "", 3, None):
        with pytest.raises(AttributeError, match="only public attributes can be written"):
            do("setattr", door, name, 1)
        with pytest.raises(AttributeError, match="only public"):
            do("delattr", door, name)


def test_nothing_that_reaches_behind_an_object_is_among_them():
    behind = [
        "getattribute",
        "getattr",
        "class",
        "dict",
        "globals",
        "reduce",
        "init",
        "new",
        "del",
        "get",
        "set",
    ]
    assert not {f"__{name}__" for name in behind} & OPERATIONS.keys()
    assert all(name[:2] == name[-2:] == "__" for name in OPERATIONS)
