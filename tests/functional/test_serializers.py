"""Serializers of a real environment: tried, compared, part of health, and pickles that cross workers, not environments."""

import json

import pytest
from indexes import wheel
from projects import library, project

from envmgr.cli import run
from envmgr.environments.launch import decode
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.operations import calling, serializing
from envmgr.operations.health import health
from envmgr.operations.syncing import sync
from envmgr_runtime.worker.client import Client, RemoteRef, RemoteValue, WorkerError

SHOP = '''
"""A small pure library with classes of its own."""


class Order:
    def __init__(self, number, items): self.number, self.items = number, items
    def __eq__(self, other): return type(self) is type(other) and vars(self) == vars(other)


class Express(Order): pass


class Customer:
    def __init__(self, name="Ann"): self.name = name


class Cart:
    def __init__(self): self.lines = [open("/dev/null")]


def order(number: int, items: tuple = ()): return Order(number, items)
def express(number: int): return Express(number, [])
def customer(name: str): return Customer(name)
def cart(): return Cart()
def name_of(customer: Customer): return [type(customer).__name__, customer.name]
def items_of(order: Order): return [type(order.items).__name__, list(order.items)]
def kinds(*values): return [type(value).__name__ for value in values]
def check(a: bytes, b: "set[int] | None" = None, *, c: frozenset = frozenset()): return kinds(a, b, c)
def fail(): raise ValueError("no stock")
'''
WIRE = """
from shop import Order


class Orders:
    def dumps(self, order): return [type(order) is Order, order.number, order.items]
    def loads(self, parts): return Order(parts[1], parts[2])
    def samples(self): return [Order(1, ()), Order(2**70, (1, "x"))]


class Lossy(Orders):
    def loads(self, parts): return Order(parts[1], ())


class Refusing(Orders):
    def dumps(self, order): raise RuntimeError("closed today")
"""
FILES = {
    "shop/__init__.py": SHOP,
    "shop/wire.py": WIRE,
    "shop-1.0.dist-info/entry_points.txt": "[envmgr.serializers]\norders = shop.wire:Orders\n",
}
SERIALIZERS = {"shop.Order": "orders", "shop.Customer": "pickle", "shop.Cart": "ref"}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wheels")
    name, content = wheel("shop", "1.0", FILES)
    (directory / name).write_bytes(content)
    return directory


@pytest.fixture
def shop(wheels, tmp_path, monkeypatch):
    """Syncs a project whose library `shop` has these serializers; returns its directory and the project."""
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))

    def synced(serializers, *others):
        asked = project(tmp_path, library("shop", serializers=serializers), *others)
        sync(asked)
        return asked

    return synced


def told(report):
    return {
        test.type: (test.strategy, test.samples, test.trial.exact, test.trial.problem)
        for test in report.tests
    }


def test_each_configured_type_is_tried(shop, tmp_path):
    shop(SERIALIZERS, library("math", None))
    report = serializing.report(tmp_path)
    assert told(report) == {
        "shop.Order": ("orders", 2, True, ""),
        "shop.Customer": ("pickle", 1, True, ""),
        "shop.Cart": ("ref", 0, None, ""),
    }
    assert not report.failed
    measured = report.tests[0].trial
    assert measured.bytes > 20
    assert 0 < measured.encode_us < 10**6
    assert 0 < measured.decode_us < 10**6
    assert serializing.report(tmp_path, ["math"]).tests == ()
    with pytest.raises(EnvmgrError) as caught:
        serializing.report(tmp_path, ["shp"])
    assert (caught.value.code, caught.value.hint) == ("E-UNKNOWN-LIBRARY", 'did you mean "shop"?')


BROKEN = {
    "shop.Order": ("shop.wire:Lossy", "a sample came back as something else"),
    "shop.Express": ("ordres", "no entry point of this name in group envmgr.serializers (orders)"),
    "shop.Customer": ("shop.wire:Missing", "has no attribute 'Missing'"),
    "shop.Cort": ("ref", "shop has no Cort; did you mean `Cart`?"),
    "shop.order": ("ref", "shop.order is no class but a function"),
    "shopp.Cart": ("ref", "there is no module shopp"),
}


def test_what_fails_is_named_and_makes_the_environment_unhealthy(shop, tmp_path, monkeypatch, capsys):
    asked = shop({kind: strategy for kind, (strategy, _) in BROKEN.items()})
    for kind, (strategy, _, exact, problem) in told(serializing.report(tmp_path)).items():
        assert (strategy, exact in (None, False)) == (BROKEN[kind][0], True)
        assert BROKEN[kind][1] in problem
    for deep in (False, True):
        (looked,) = health(asked, deep=deep)
        assert not looked.healthy
        assert {found.problem for found in looked.findings} == {"a serializer failed"}
        assert {found.distribution for found in looked.findings} == {"shop"}
        assert len(looked.findings) == len(BROKEN)
        assert "[library.shop.serializers]" in looked.findings[0].advice
    (left,) = health(asked, repair=True)
    assert (left.healthy, left.generation, left.repaired) == (False, 1, None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "envmgr.toml").write_text("[library.shop]\n")
    assert run(["serializers"]) == 1
    assert "shop: shop.Cort: the type is not there: shop has no Cort" in capsys.readouterr().out
    sync(project(tmp_path, library("shop", serializers=SERIALIZERS)))
    assert run(["serializers", "shop"]) == 0
    assert "exact (2 samples)" in capsys.readouterr().out
    assert run(["health", "-q"]) == 0


def test_every_strategy_on_a_value_of_ones_own(shop, tmp_path, monkeypatch, capsys):
    shop({"shop.Order": "shop.wire:Refusing", "shop.Customer": "shop.wire:Lossy"})
    found = serializing.report(tmp_path, call="shop.order", args=[7], kwargs={"items": [1, "x"]}).comparison
    assert (found.type, found.current, found.recommended) == ("shop.Order", "shop.wire:Refusing", "value")
    outcomes = {each.strategy: (each.trial.exact, each.trial.problem) for each in found.alternatives}
    assert set(outcomes) == {
        "value",
        "ref",
        "repr",
        "pickle",
        "orders",
        "shop.wire:Lossy",
        "shop.wire:Refusing",
    }
    for strategy, exact in [
        ("value", True),
        ("ref", True),
        ("repr", False),
        ("pickle", True),
        ("orders", True),
    ]:
        assert outcomes[strategy] == (exact, "")
    assert outcomes["shop.wire:Lossy"] == (False, "")
    assert "RuntimeError: closed today" in outcomes["shop.wire:Refusing"][1]
    assert "comes back exactly" in found.reason

    cart = serializing.report(tmp_path, call="shop.cart").comparison
    assert (cart.current, cart.recommended) == (None, "ref")
    with pytest.raises(EnvmgrError) as caught:
        serializing.report(tmp_path, call="shop.fail")
    assert (caught.value.code, caught.value.message) == ("E-CALL", "shop.fail: ValueError: no stock")
    assert caught.value.details["python"]["frames"][-1][2] == "fail"

    monkeypatch.chdir(tmp_path)
    (tmp_path / "envmgr.toml").write_text("[library.shop]\n")
    assert run(["serializers", "--call", "shop.order", "--args", "[7]"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("shop.order returned a shop.Order (configured: shop.wire:Refusing)\n")
    assert '  "shop.Order" = "value"' in out
    assert run(["serializers", "--call", "shop.kinds", "--format", "json"]) == 0
    native = json.loads(capsys.readouterr().out)["data"]["comparison"]
    assert (native["type"], native["recommended"], len(native["alternatives"])) == (
        "builtins.list",
        "value",
        1,
    )


def test_a_call_answers_as_a_pool_does_and_takes_arguments_as_the_function_does(shop, tmp_path):
    shop(SERIALIZERS)
    order = calling.call(tmp_path, "shop.order", [7, ["x"]], {})
    assert isinstance(order, RemoteValue)
    assert order.to_json() == {"serializer": "orders", "type": "shop.Order", "value": [True, 7, ("x",)]}
    assert isinstance(calling.call(tmp_path, "shop.cart", [], {}), RemoteRef)
    kinds = calling.call(tmp_path, "shop.check", ["text"], {"b": [1, 2], "c": [3]})
    assert kinds == ["bytes", "set", "frozenset"]
    assert calling.call(tmp_path, "shop.check", ["text", None], {}) == ["bytes", "NoneType", "frozenset"]


def workers(root, environment, secret):
    launch = decode(Layout(root).launch(environment).read_bytes())
    return Client(
        launch["command"],
        calling.libraries(launch),
        environment=launch["key"],
        secret=secret,
        env={name: value for name, value in launch["env"].items() if value is not None},
        cwd=launch["cwd"],
        timeout=60,
    )


def test_a_pickle_is_read_by_workers_of_its_environment_and_by_no_other(shop, tmp_path):
    other = library(
        "shop2", "shop", "other", module="shop", serializers=SERIALIZERS, extra_requirements=("six",)
    )
    shop(SERIALIZERS, other)
    with workers(tmp_path, "shop", b"s" * 32) as one, workers(tmp_path, "shop", b"s" * 32) as two:
        ann = one.call("shop.customer", ["Ann"])
        assert (ann.to_json()["pickle"], one.pid == two.pid) == ("shop.Customer", False)
        assert two.call("shop.name_of", [ann]) == ["Customer", "Ann"]
        order = one.call("shop.order", [1, ["x"]])
        assert two.call("shop.items_of", [order]) == ["list", ["x"]]
        with workers(tmp_path, "other", b"s" * 32) as third:
            assert third.call("shop2.items_of", [order]) == ["list", ["x"]]
            with pytest.raises(WorkerError) as caught:
                third.call("shop2.name_of", [ann])
        assert caught.value.error["code"] == "conversion"
        assert "read only where it was made" in caught.value.error["message"]
        with workers(tmp_path, "shop", b"x" * 32) as fourth, pytest.raises(WorkerError) as caught:
            fourth.call("shop.name_of", [ann])
        assert "was not made by a worker of this application" in caught.value.error["message"]


def test_nothing_is_started_where_nothing_is_configured(shop, tmp_path, monkeypatch, capsys):
    asked = shop({})
    monkeypatch.setattr(serializing.process, "run", None)
    assert serializing.report(tmp_path).tests == ()
    assert health(asked)[0].healthy
    monkeypatch.chdir(tmp_path)
    (tmp_path / "envmgr.toml").write_text("[library.shop]\n")
    assert run(["serializers"]) == 0
    assert "no serializers are configured" in capsys.readouterr().out
