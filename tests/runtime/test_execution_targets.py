"""What a path, a ref and a chain lead to."""

from __future__ import annotations

import functools
import math
import sys
import typing

import pytest
from asking import Asking, Refused

from envmgr_runtime.execution.stepped import Stepped
from envmgr_runtime.wire.messages import AS_REF, ATTRIBUTE


class Shape:
    __slots__ = ("side",)
    count = 3

    def __init__(self, side=2):
        self.side = side

    @property
    def area(self):
        return self.side**2

    def grown(self, by=1):
        return Shape(self.side + by)

    async def later(self, by=1):
        return Shape(self.side + by)

    def fails(self):
        raise LookupError("no such side")

    def leaves(self):
        raise SystemExit(3)


class Cached:
    @functools.cached_property
    def once(self):
        return object.__name__


@pytest.fixture
def ask(monkeypatch):
    module = type(sys)("rt_shapes")
    module.Shape, module.Cached, module.limit = Shape, Cached, [1]
    monkeypatch.setitem(sys.modules, "rt_shapes", module)
    return Asking({"math": ["math", ""], "shapes": ["rt_shapes", ""], "os": ["os", ""]})


def refused(call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    return caught.value.error


def test_a_constant_is_answered_as_it_is_now(ask):
    assert ask("math.pi") == math.pi
    assert ask("shapes.Shape.count") == 3
    assert ask("shapes.limit") == [1]
    sys.modules["rt_shapes"].limit = [2]
    assert ask("shapes.limit") == [2]
    assert (
        refused(ask, "math.pi", 2)["message"] == "math.pi is a float, not a function: it takes no arguments"
    )
    assert refused(ask, "math.pi", to=2)["type"] == "TypeError"


def test_an_alias_of_types_is_a_constant(ask):
    sys.modules["rt_shapes"].Names = typing.List[str]
    assert ask("shapes.Names") == typing.List[str]
    assert "takes no arguments" in refused(ask, "shapes.Names", ["a"])["message"]


def test_a_module_is_not_called(ask):
    assert refused(ask, "os.path")["message"] == "'os.path' is a module, which cannot be called"
    assert refused(ask, "math")["code"] == "unresolved"


def test_a_property_takes_its_object(ask):
    shape = Shape(3)
    for path, value in (("shapes.Shape.area", 9), ("shapes.Shape.side", 3)):
        assert ask.calls.run(path, 0, ask.codec.encode([[shape], {}]))[1] == ask.codec.encode(value)
    assert ask.calls.run("shapes.Cached.once", 0, ask.codec.encode([[Cached()], {}]))[1] == b"\xa6object"
    assert refused(ask, "shapes.Shape.area")["type"] == "TypeError"


def test_members_of_a_ref(ask):
    number = ask.hold(Shape(3))
    assert ask([number, "area"], flags=ATTRIBUTE) == 9
    assert ask([number, "grown"], 2).area == 25
    assert ask([number, "__setattr__"], "side", 5) is None
    assert ask([number, "area"], flags=ATTRIBUTE) == 25
    assert ask([number, "__dir__"]) == ["area", "count", "fails", "grown", "later", "leaves", "side"]


@pytest.mark.parametrize(
    ("name", "flags", "words"),
    [
        (
            "_side",
            0,
            "'_side' is private. Of private names, these operations are allowed: __abs__, __add__, ",
        ),
        ("__addd__", 0, "'__addd__' is private: did you mean '__add__'?"),
        ("__globals__", 0, "is private"),
        ("__add__", ATTRIBUTE, "'__add__' is private: only public attributes can be read"),
        ("__dict__", ATTRIBUTE, "only public attributes"),
    ],
)
def test_private_names_of_a_ref(ask, name, flags, words):
    error = refused(ask, [ask.hold(Shape()), name], flags=flags)
    assert error["code"] == "unresolved"
    assert words in error["message"]


def test_a_chain_is_one_call(ask):
    found = ask.chain((0, "shapes.Shape", [3]), (1, "grown", [], {"by": 2}), (2, "area"), (1, "__add__", [1]))
    assert found == 26
    number = ask.hold(Shape(4))
    assert ask.chain((3, number), (1, "grown"), (2, "side")) == 5
    kept = len(ask.calls.refs)
    assert ask.chain((3, number), (1, "grown"), flags=AS_REF).side == 5
    assert len(ask.calls.refs) == kept + 1, "what is between the steps is not held"


@pytest.mark.parametrize(
    ("steps", "step", "code", "words"),
    [
        ([(0, "shapes.Shape"), (1, "fails")], "step 2 (fails)", "exception", "no such side"),
        ([(0, "shapes.Nothing"), (1, "fails")], "step 1 (shapes.Nothing)", "unresolved", "has no 'Nothing'"),
        ([(0, "shapes.Shape"), (1, "_x")], "step 2 (_x)", "unresolved", "private"),
        ([(0, "shapes.Shape"), (2, "volume"), (1, "f")], "step 2 (volume)", "exception", "volume"),
        ([(3, 4711), (1, "f")], "step 1 (object 4711)", "stale-ref", "object 4711"),
    ],
)
def test_a_chain_says_which_step_failed(ask, steps, step, code, words):
    error = refused(ask.chain, *steps)
    assert (error["step"], error["code"]) == (step, code)
    assert words in error["message"]


def test_a_library_that_leaves_in_a_chain(ask):
    assert refused(ask.chain, (0, "shapes.Shape"), (1, "leaves"))["type"] == "SystemExit"


@pytest.mark.parametrize(
    ("steps", "payload", "words"),
    [
        ([], [], "a target is a path"),
        ([[0]], [[[], {}]], "step 1 is none"),
        ([[0, "math.sqrt"], [True, "real"]], [[[], {}]] * 2, "step 2 is none"),
        ([[4, "math.sqrt"]], [[[], {}]], "step 1 is none"),
        ([[3, "math.sqrt"]], [[[], {}]], "step 1 is none"),
        ([[1, "real"]], [[[], {}]], "step 1 (real): a chain begins with a path or a ref"),
        ([[0, "math.sqrt"], [0, "math.sqrt"]], [[[4.0], {}]] * 2, "step 2 (math.sqrt): a chain begins"),
        ([[0, "math.sqrt"]], [], "one a step"),
        ([[0, "math.sqrt"]], [[[], {1: 2}]], "one a step"),
        ([[0, "math.sqrt"]], [[[4.0], {}], [[], {}]], "one a step"),
    ],
)
def test_what_is_no_chain(ask, steps, payload, words):
    assert words in refused(ask.sent, [steps], 0, payload)["message"]


def test_an_argument_of_a_chain_that_cannot_be_converted(ask):
    good, bad = b"\x92\x90\x80", b"\x92\x91\x91\xd4\x63\x00\x80"  # an extension that nobody knows
    _, answer = ask.calls.run([[[0, "shapes.Shape"], [1, "grown"]]], 0, b"\x92" + good + bad)
    error = ask.codec.decode(answer)
    assert (error["code"], error["step"], error["path"]) == ("conversion", "step 2 (grown)", "args[0][0]")


def finished(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        return end.value


def test_a_chain_over_a_coroutine_is_one(ask):
    number = ask.hold(Shape(1))
    steps = [[3, number], [1, "later"], [1, "grown"], [1, "later"], [2, "side"]]
    payload = ask.codec.encode([[[], {}]] * len(steps))
    chain, _ = ask.calls._targets.find([steps], 0, payload)
    assert finished(chain()) == 4
    steps = [[3, number], [1, "later"], [1, "later"], [1, "fails"]]
    chain, _ = ask.calls._targets.find([steps], 0, ask.codec.encode([[[], {}]] * len(steps)))
    with pytest.raises(Stepped, match=r"step 4 \(fails\)"):
        finished(chain())
    chain, _ = ask.calls._targets.find(
        [[[3, number], [1, "later"], [1, "grown"]]], 0, ask.codec.encode([[[], {}], [["x"], {}], [[], {}]])
    )
    with pytest.raises(Stepped, match=r"step 2 \(later\)"):
        finished(chain())


@pytest.mark.parametrize("target", [None, 5, [], [1], [[]], [1, 2], ["a", "b", "c"], [True, "real"]])
def test_targets_that_make_no_sense(ask, target):
    assert refused(ask, target)["message"] == "a target is a path, [ref, name] or a chain of steps"
