"""Strategies by type: which one counts, what is sent, what happens when one fails, and what is refused."""

from __future__ import annotations

import json
import pickle
import sys
import types
from pathlib import Path

import msgpack
import pytest
import vector_types

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError, RefLimit
from envmgr_runtime.values.strategies import Strategies, merged

SECRET = bytes(range(32))


class Animal:
    def __init__(self, name, friends=()):
        self.name, self.friends = name, friends

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"


class Dog(Animal):
    pass


class Puppy(Dog):
    pass


class Text(str):
    pass


class Rude:
    def __repr__(self):
        raise RuntimeError("no \udc80 comment")

    def __reduce__(self):
        raise KeyboardInterrupt


ANIMAL, DOG = f"{__name__}.Animal", f"{__name__}.Dog"


class Zoo:
    """A serializer module of the environment."""

    @staticmethod
    def dumps(value):
        return {"name": value.name, "friends": list(value.friends)}

    @staticmethod
    def loads(value):
        return Dog(value["name"], tuple(value["friends"]))


@pytest.fixture
def zoo(monkeypatch):
    module = types.ModuleType("rt_zoo")
    module.Zoo = Zoo
    module.zoo = Zoo()
    module.broken = types.SimpleNamespace(dumps=len, loads=len)
    module.same = types.SimpleNamespace(dumps=lambda value: value, loads=lambda value: value)
    module.around = types.SimpleNamespace(dumps=lambda value: [1, [object()]], loads=list)
    module.ends = types.SimpleNamespace(dumps=lambda value: sys.exit("never"), loads=list)
    module.half = types.SimpleNamespace(dumps=len)
    monkeypatch.setitem(sys.modules, "rt_zoo", module)
    return module


def codec(named, environment="env-1", secret=SECRET, refs=None):
    strategies = Strategies()
    strategies.configure(named, environment, secret)
    return Codec(RefTable() if refs is None else refs, strategies)


def ext(packed):
    """(code, data) of what was packed, or the plain value."""
    found = msgpack.unpackb(packed, strict_map_key=False)
    return (found.code, found.data) if isinstance(found, msgpack.ExtType) else found


def told(codec):
    found, codec.warnings[:] = list(codec.warnings), []
    return found


def test_the_most_derived_class_that_is_named_counts():
    strategies = Strategies()
    strategies.configure({ANIMAL: "ref", DOG: "repr", "builtins.object": "value"})
    assert [strategies.strategy(kind) for kind in (Animal, Dog, Puppy, Rude)] == [
        "ref",
        "repr",
        "repr",
        "value",
    ]
    assert [strategies.strategy(kind) for kind in (int, str, bytes, list, dict, bool, type(None))] == [
        None
    ] * 7
    strategies.configure({})
    assert strategies.find(Dog) is None


def test_a_class_may_be_named_where_a_module_offers_it(monkeypatch):
    module = types.ModuleType("rt_offers")
    module.Hound = Dog
    monkeypatch.setitem(sys.modules, "rt_offers", module)
    strategies = Strategies()
    strategies.configure(
        {"rt_offers.Hound": "repr", ANIMAL: "ref", "rt_nowhere.X": "ref", "rt_offers.Y": "ref"}
    )
    assert [strategies.strategy(kind) for kind in (Animal, Dog, Puppy)] == ["ref", "repr", "repr"]


def test_ref_and_repr():
    by = codec({ANIMAL: "ref", DOG: "repr", "builtins.tuple": "ref"})
    assert by.encode(Puppy("Rex")) == msgpack.packb("Puppy('Rex')")
    assert ext(by.encode(Animal("Tom")))[0] == 16
    assert ext(by.encode((1, 2)))[0] == 16
    assert ext(by.encode([Puppy("a"), {"k": Puppy("b")}])) == ["Puppy('a')", {"k": "Puppy('b')"}]
    assert told(by) == []


def test_a_subclass_of_what_msgpack_packs():
    assert ext(codec({f"{__name__}.Text": "repr"}).encode([Text("x")])) == ["'x'"]


def test_value_of_a_class_without_a_conversion_is_its_attributes():
    by = codec({ANIMAL: "value"})
    value = Dog("Rex", (Dog("Max"), 2**70))
    packed = by.encode(value)
    assert ext(packed)[0] == 18
    assert by.decode(packed) == value
    for other in (codec({ANIMAL: "ref"}), codec({}), codec({f"{__name__}.Text": "value"})):
        with pytest.raises(ConversionError, match="is not made of fields in this way"):
            other.decode(packed)


def test_a_value_that_is_more_than_its_attributes_stays():
    class Here(Animal):
        pass

    by = codec({ANIMAL: "value", f"{__name__}.Text": "value"})
    for value in (Here("x"), Text("x"), Dog("Rex", (object(),))):
        assert ext(by.encode([value]))[0].code == 16
        assert "stays in Python because strategy 'value' failed" in told(by)[0]


def test_value_is_the_builtin_conversion():
    by = codec({"builtins.object": "ref", "builtins.tuple": "value"})
    assert by.decode(by.encode((1, (2,)))) == (1, (2,))


def test_pickle_there_and_back():
    by = codec({ANIMAL: "pickle"})
    value = [Dog("Rex", (Dog("Max"),)), 1]
    packed = by.encode(value)
    code, data = ext(msgpack.packb(msgpack.unpackb(packed)[0]))
    kind, environment, signature, pickled = msgpack.unpackb(data)
    assert (code, kind, environment, len(signature)) == (36, DOG, "env-1", 32)
    assert pickle.loads(pickled) == value[0]
    assert codec({ANIMAL: "pickle"}).decode(packed) == value


class Trap:
    """Counts how often it is unpickled."""

    sprung = 0

    def __reduce__(self):
        return (Trap.spring, ())

    @staticmethod
    def spring():
        Trap.sprung += 1


def altered(packed, position, value):
    """The pickle extension with another part."""
    parts = msgpack.unpackb(msgpack.unpackb(packed).data)
    parts[position] = value(parts[position])
    return msgpack.packb(msgpack.ExtType(36, msgpack.packb(parts)))


REFUSED = {
    "another type": (0, lambda kind: kind + "x", "was not made by a worker of this application"),
    "another environment": (
        1,
        lambda name: name + "x",
        "was made in environment 'env-1x' and this worker is of 'env-1'",
    ),
    "another signature": (2, lambda mac: bytes(32), "was not made by a worker of this application"),
    "a short signature": (2, lambda mac: b"", "was not made by a worker of this application"),
    "another pickle": (3, lambda data: data + b".", "was not made by a worker of this application"),
    "text for bytes": (3, lambda data: "x", "whose data is not type, environment, signature and bytes"),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_no_pickle_is_read_that_was_changed(case):
    position, value, words = REFUSED[case]
    by = codec({"builtins.object": "pickle"})
    packed = by.encode(Trap())
    Trap.sprung = 0
    with pytest.raises(ConversionError, match=words):
        by.decode(altered(packed, position, value))
    assert Trap.sprung == 0
    by.decode(packed)
    assert Trap.sprung == 1


def test_who_reads_pickles():
    packed = codec({ANIMAL: "pickle"}).encode(Animal("Tom"))
    refusals = [
        (codec({ANIMAL: "pickle"}, environment="env-2"), "is read only where it was made"),
        (codec({ANIMAL: "pickle"}, secret=b"x" * 32), "was not made by a worker of this application"),
        (codec({ANIMAL: "pickle"}, secret=None), "no secret"),
        (codec({ANIMAL: "pickle"}, environment=None), "no secret"),
        (codec({ANIMAL: "ref"}), "no type of this environment has the strategy `pickle`"),
        (Codec(RefTable(), Strategies()), "pickles are off"),
    ]
    for other, words in refusals:
        with pytest.raises(ConversionError, match=words):
            other.decode(packed)


def test_a_pickle_that_does_not_open():
    class Here(Animal):
        pass

    by = codec({ANIMAL: "pickle"})
    sys.modules[__name__].Here = Here
    Here.__qualname__ = "Here"
    packed = by.encode(Here("x"))
    del sys.modules[__name__].Here
    with pytest.raises(ConversionError, match="cannot be read: AttributeError"):
        by.decode(packed)


@pytest.mark.parametrize("name", ["rt_zoo:zoo", "rt_zoo:Zoo"])
def test_a_serializer_of_the_environment(zoo, name):
    by = codec({ANIMAL: name})
    value = Dog("Rex", ("Max", 2**70, Dog("Moe")))
    packed = by.encode({"dog": value})
    assert codec({ANIMAL: name}).decode(packed) == {"dog": value}
    data = msgpack.unpackb(packed)["dog"].data
    assert msgpack.unpackb(data)[:2] == [name, DOG]


def test_an_entry_point(zoo, monkeypatch):
    from envmgr_runtime.values import plugins

    point = types.SimpleNamespace(name="zoo", load=lambda: Zoo)
    monkeypatch.setattr(plugins, "entry_points", lambda: {"zoo": point})
    by = codec({ANIMAL: "zoo"})
    assert by.decode(by.encode(Dog("Rex"))) == Dog("Rex")
    by = codec({ANIMAL: "zo"})
    assert ext(by.encode(Dog("Rex")))[0] == 16
    assert "no entry point of this name in group envmgr.serializers (zoo)" in told(by)[0]


def test_only_what_is_configured_is_imported(zoo):
    packed = codec({ANIMAL: "rt_zoo:zoo"}).encode(Dog("Rex"))
    with pytest.raises(ConversionError, match="no type of this environment has the serializer 'rt_zoo:zoo'"):
        codec({ANIMAL: "rt_zoo:same"}).decode(packed)
    with pytest.raises(ConversionError, match="not serializer, type and value"):
        codec({ANIMAL: "rt_zoo:zoo"}).decode(msgpack.packb(msgpack.ExtType(37, msgpack.packb([1, 2]))))


def test_a_serializer_that_cannot_make_it_again(zoo):
    wrong = msgpack.packb(msgpack.ExtType(37, msgpack.packb(["rt_zoo:zoo", DOG, [1]])))
    with pytest.raises(ConversionError, match=f"'rt_zoo:zoo' cannot make a {DOG} of this: TypeError"):
        codec({ANIMAL: "rt_zoo:zoo"}).decode(wrong)


FAILURES = {
    "rt_zoo:broken": "TypeError: object of type 'Dog' has no len()",
    "rt_zoo:same": "`dumps` returned the value itself",
    "rt_zoo:around": "a part of it cannot be sent",
    "rt_zoo:ends": "SystemExit: never",
    "rt_zoo:half": "cannot be had: TypeError: it has no method `loads`",
    "rt_zoo:none": "cannot be had: AttributeError",
    "rt_none:none": "cannot be had: ModuleNotFoundError",
    "pickle": "pickles are off",
}


@pytest.mark.parametrize("strategy", sorted(FAILURES))
def test_what_fails_stays_and_the_caller_is_told(zoo, strategy):
    refs = RefTable()
    by = codec({ANIMAL: strategy}, secret=None, refs=refs)
    dog = Dog("Rex")
    code, data = ext(msgpack.packb(msgpack.unpackb(by.encode([1, dog]))[1]))
    number, kind = msgpack.unpackb(data)
    assert (code, kind, refs.get(number, kind)) == (16, DOG, dog)
    assert len(refs) == 1
    (line,) = told(by)
    assert DOG in line
    assert f"'{strategy}' failed" in line
    assert FAILURES[strategy] in line
    assert told(by) == []


def test_a_repr_and_a_pickle_that_fail():
    by = codec({f"{__name__}.Rude": "repr"})
    assert ext(by.encode(Rude()))[0] == 16
    assert "RuntimeError: no \\udc80 comment" in told(by)[0]
    by = codec({f"{__name__}.Rude": "pickle"})
    assert ext(by.encode(Rude()))[0] == 16
    assert "KeyboardInterrupt" in told(by)[0]


def test_a_worker_that_holds_too_much_says_so(zoo):
    by = codec({ANIMAL: "rt_zoo:around"}, refs=RefTable(0))
    with pytest.raises(RefLimit):
        by.encode(Dog("Rex"))


def test_strategies_of_a_hello():
    libraries = {"a": ["a", ""], "b": ["b", "", {"x.Y": "ref"}], "c": ["c", "", {"x.Z": "value"}]}
    assert merged(libraries) == {"x.Y": "ref", "x.Z": "value"}


class Lists:
    """The serializers that golden vectors name."""

    def dumps(self, value):
        return [value.a, value.b]

    def loads(self, parts):
        return vector_types.Plain(*parts)


class Tuples(Lists):
    def dumps(self, value):
        return value.a, value.b


ROOT = Path(__file__).parents[2]
VECTORS = [
    vector
    for vector in json.loads((ROOT / "tests" / "wire" / "vectors.json").read_text(encoding="utf-8"))
    if vector["row"] in ("pickle", "custom")
]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_golden_vectors(vector, monkeypatch):
    from envmgr_runtime.values import plugins

    module = types.ModuleType("vector_serializers")
    module.Lists = Lists
    monkeypatch.setitem(sys.modules, "vector_serializers", module)
    tuples = types.SimpleNamespace(load=lambda: Tuples)
    monkeypatch.setattr(plugins, "entry_points", lambda: {"vector-tuples": tuples})
    strategy = "pickle" if vector["row"] == "pickle" else vector["value"]["custom"]["serializer"]
    by = codec({"vector_types.Plain": strategy}, environment="shop-0f3c")
    data, value = bytes.fromhex(vector["hex"]), vector_types.Plain(1, "x")
    assert by.decode(data) == value
    encoded = by.encode(value)
    assert by.decode(encoded) == value
    if vector["row"] == "custom":  # the same pickle may be written in several ways
        assert encoded == data
