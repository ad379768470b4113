"""Trials of strategies: each configured type, and each strategy on one value."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

import msgpack
import pytest

from envmgr_runtime.execution import trials
from envmgr_runtime.execution.trials import Trials, find

SHOP = """
class Order:
    def __init__(self, number): self.number = number
    def __eq__(self, other): return self.number == other.number


class Sub(Order): pass


class Cart:
    def __init__(self): self.total = 0


class Orders:
    def dumps(self, order): return order.number
    def loads(self, number): return Order(number)
    def samples(self): return [Order(1), Order("x")]


class Other(Orders):
    def samples(self): return [1]


class Odd(Orders):
    def samples(self): raise OSError("no samples today")


class Lossy(Orders):
    def loads(self, number): return Order(0)


class Partial(Orders):
    def dumps(self, order): return [order.number, open("/dev/null")]


def order(number): return Order(number)
def orders(*numbers): return list(numbers)
def fail(): raise SystemExit(3)
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    directory = tmp_path_factory.mktemp("shop")
    (directory / "rt_shop").mkdir()
    (directory / "rt_shop" / "__init__.py").write_text(SHOP)
    (directory / "rt_shop" / "broken.py").write_text("import rt_nowhere.at_all\n")
    sys.path.insert(0, str(directory))
    yield directory
    sys.path.remove(str(directory))


def outcomes(**serializers):
    named = {f"rt_shop.{kind}": strategy for kind, strategy in serializers.items()}
    return Trials(named, "e").tests({"shop": named})


def test_a_serializer_is_tried_on_its_samples(shop):
    (test,) = outcomes(Order="rt_shop:Orders")
    assert (test["library"], test["type"], test["strategy"]) == ("shop", "rt_shop.Order", "rt_shop:Orders")
    assert (test["problem"], test["exact"], test["samples"]) == ("", True, 2)
    assert test["bytes"] > 0
    assert test["encode_us"] > 0
    assert test["decode_us"] > 0


def test_samples_of_a_class_are_what_it_makes_of_nothing(shop):
    cart, order, ref, text = outcomes(Cart="pickle", Order="pickle", Sub="ref", Orders="repr")
    assert (cart["exact"], cart["samples"]) == (True, 1)
    assert [(t["problem"], t["exact"], t["samples"]) for t in (order, ref, text)] == [("", None, 0)] * 3


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ("rt_shop:Lossy", "a sample came back as something else"),
        ("rt_shop:Partial", "a part of it cannot be sent"),
        ("rt_shop:Other", "one of its `samples` is a builtins.int"),
        ("rt_shop:Odd", "its `samples` failed: OSError: no samples today"),
        ("rt_shop:Nothing", "cannot be had: AttributeError"),
        ("rt_shop:order", "cannot be had: TypeError: it has no method `dumps`"),
    ],
)
def test_what_does_not_work(shop, strategy, words):
    (test,) = outcomes(Order=strategy)
    assert words in test["problem"]


NAMES = {
    "rt_shop.Ordr": "rt_shop has no Ordr; did you mean `Order`?",
    "rt_shop.order": "rt_shop.order is no class but a function",
    "rt_shop.Order.Inner": "rt_shop has no Inner",
    "rt_nowhere.X": "there is no module rt_nowhere",
    "rt_shop.broken.X": "No module named 'rt_nowhere'",
}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_types_that_are_not_there(shop, name):
    with pytest.raises((LookupError, ImportError)) as caught:
        find(name)
    assert NAMES[name] in str(caught.value)
    (test,) = Trials({name: "ref"}, "e").tests({"shop": {name: "ref"}})
    assert "the type is not there" in test["problem"]


def test_types_are_found_wherever_they_are_offered():
    assert find("json.JSONDecoder") is json.JSONDecoder
    assert find("collections.abc.Mapping").__name__ == "Mapping"


def test_every_strategy_on_one_value(shop):
    import rt_shop

    named = {"rt_shop.Order": "rt_shop:Orders", "rt_shop.Cart": "rt_shop:Lossy"}
    found = Trials(named, "e").comparison(rt_shop.Order(7))
    assert (found["type"], found["current"], found["default"]) == ("rt_shop.Order", "rt_shop:Orders", "ref")
    exact = {each["strategy"]: each["exact"] for each in found["alternatives"]}
    assert list(exact)[:4] == ["value", "ref", "repr", "pickle"]
    assert {**exact, "value": True} == {
        "value": True,
        "ref": True,
        "repr": False,
        "pickle": True,
        "rt_shop:Lossy": False,
        "rt_shop:Orders": True,
    }
    assert Trials(named, "e").comparison(rt_shop.Sub(7))["current"] == "rt_shop:Orders"


def test_a_type_inside_the_value(shop):
    import rt_shop

    value = {"orders": [1, "x", (rt_shop.Order(7), rt_shop.Cart())]}
    found = Trials({"rt_shop.Order": "rt_shop:Orders"}, "e").comparison(value)
    assert (found["returned"], found["type"]) == ("builtins.dict", "rt_shop.Order")
    assert found["current"] == "rt_shop:Orders"
    works = {each["strategy"]: not each["problem"] for each in found["alternatives"]}
    assert works == {"value": False, "ref": True, "repr": False, "pickle": False, "rt_shop:Orders": False}
    value["orders"][2] = (rt_shop.Order(7), rt_shop.Order(8))
    exact = {each["strategy"]: each["exact"] for each in Trials({}, "e").comparison(value)["alternatives"]}
    assert exact == {"value": True, "ref": True, "repr": False, "pickle": True}
    assert Trials({}, "e").comparison((1, [2]))["type"] == "builtins.tuple"


def test_what_messagepack_packs_has_no_alternatives():
    found = Trials({}, "e").comparison([1])
    assert ([each["strategy"] for each in found["alternatives"]], found["native"]) == (["value"], True)
    assert found["default"] == "value"


def asked(directory, call=None):
    into = directory / "answer"
    path = f"import sys; sys.path.insert(0, {str(directory)!r})"
    request = {
        "libraries": {"path": ["sys", path], "shop": ["rt_shop", "", {"rt_shop.Order": "rt_shop:Orders"}]},
        "environment": "e",
        "into": str(into),
        "call": call,
    }
    return into, ["serializers", json.dumps(request)]


def call(path, *args):
    return [path, base64.b64encode(msgpack.packb([args, {}])).decode()]


def test_as_the_control_plane_asks(shop, tmp_path, layer):
    into, arguments = asked(shop)
    subprocess.run([sys.executable, "-I", "-B", str(layer / "worker.py"), *arguments], check=True)
    (test,) = msgpack.unpackb(into.read_bytes())["tests"]
    assert (test["problem"], test["exact"]) == ("", True)


def test_calls(shop):
    into, arguments = asked(shop, call("shop.order", 7))
    trials.main(arguments)
    assert msgpack.unpackb(into.read_bytes())["comparison"]["type"] == "rt_shop.Order"
    into, arguments = asked(shop, call("shop.fail"))
    trials.main(arguments)
    assert msgpack.unpackb(into.read_bytes())["raised"]["type"] == "SystemExit"
    into, arguments = asked(shop, call("shop.nothing"))
    trials.main(arguments)
    assert "leads nowhere" in msgpack.unpackb(into.read_bytes())["raised"]["message"]
