"""What cannot be sent stays, and a ref takes its place; nothing is left in the table that no ref names."""

from __future__ import annotations

import array
import collections
import ctypes
import dataclasses
import datetime
import enum
import re
import threading

import pytest
import vector_types

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import encoding
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError, RefLimit
from envmgr_runtime.wire.messages import MAX_FRAME, MAX_PAYLOAD


class Text(str):
    pass


class Answers(type):
    __module__ = property(lambda cls: 1 / 0)


class AnyClass:
    """Asking what it is an instance of raises."""

    __class__ = property(lambda self: 1 / 0)


def local():
    """Members of types that cannot be found by their names."""

    class Number(enum.IntEnum):
        ONE = 1

    @dataclasses.dataclass
    class Order:
        id: int

    return [Number.ONE, Order(1), collections.namedtuple("Point", "x y")(1, 2)]


class Extended(vector_types.Order):
    """Says nothing of its own about being a dataclass."""


def with_more_than_its_fields():
    order = vector_types.Order(1)
    order.more = 2
    return order


class Own(datetime.tzinfo):
    """A zone that has no name."""

    utc = type("Zone", (datetime.tzinfo,), {})()

    def utcoffset(self, when):
        return datetime.timedelta(0)

    dst = tzname = utcoffset


Odd = Answers("Odd", (), {})
Surrogate = type("Surrogate", (), {"__module__": "\udc80"})

STAY = [
    object(),
    *local(),
    Extended(1),
    with_more_than_its_fields(),
    vector_types.Plain(),
    Text("a"),
    collections.defaultdict(int),
    len,
    int,
    enum,
    (n for n in ()),
    threading.Lock(),
    Odd(),
    Surrogate(),
    Own.utc,
    datetime.datetime(2024, 1, 1, tzinfo=Own()),
    datetime.time(1, tzinfo=Own()),
    memoryview(array.array("i", [])),
    memoryview((ctypes.c_void_p * 2)()),
]


@pytest.mark.parametrize("value", STAY, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: (1, {"k": (v,)})], ids="012")
def test_stays(value, wrap):
    refs = RefTable()
    codec = Codec(refs)
    whole = wrap(value)
    found = codec.decode(codec.encode(whole))
    assert len(refs) == 1
    assert whole is value or found is not whole, "what is around it goes as a value"
    while type(found) in (list, tuple, dict):
        found = found["k"] if type(found) is dict else found[-1]
    assert found is value


def test_no_question_is_asked_of_the_value_itself():
    pytest.importorskip("numpy")  # a NumPy scalar is told by its class
    codec = Codec(RefTable())
    value = [AnyClass()]
    found = codec.decode(codec.encode(value))
    assert found is not value
    assert found[0] is value[0]


def test_the_type_is_named():
    refs = RefTable()
    assert [refs.put(v)[1] for v in (vector_types.Point(1), Odd(), Surrogate())] == [
        "vector_types.Point",
        "object",
        "?.Surrogate",
    ]


def cycle():
    value = [object()]
    value.append(value)
    return value


def tuple_cycle():
    value = []
    value.append((value, object()))
    return value


def record_cycle():
    value = vector_types.Order(1)
    value.items.append({"o": value})
    return value


def doubled(make):
    value = make(1)
    for _ in range(62):
        value = make(value)
    return value


def deep(kind):
    value = kind()
    for _ in range(3000):
        value = kind([value])
    return value


def deep_dict():
    value = {}
    for _ in range(3000):
        value = {1: value}
    return value


BACK = "the whole value stays in Python because this leads back to what it is in"
WHOLE = {
    "a list in itself": (cycle, rf"value\[1\]: {BACK}"),
    "a list in its tuple": (tuple_cycle, rf"value\[0\]\[0\]: {BACK}"),
    "a record in itself": (record_cycle, rf"value\.items\[0\]\[\"o\"\]: {BACK}"),
    "deep lists": (
        lambda: deep(list),
        "value: stays in Python because lists and dicts .* more than 500 deep",
    ),
    "deep tuples": (
        lambda: deep(tuple),
        "value: stays in Python because extension types .* more than 64 deep",
    ),
    "deep dicts": (deep_dict, "value: stays in Python because lists and dicts are nested"),
    "lists of itself": (lambda: doubled(lambda x: [x, x]), "it takes more than 511 MiB"),
    "tuples of itself": (lambda: doubled(lambda x: (x, x)), "it takes more than 511 MiB"),
    "dicts of itself": (lambda: doubled(lambda x: {"a": x, 1: x}), "it takes more than 511 MiB"),
    "records of itself": (lambda: doubled(lambda x: vector_types.Frozen(x, x)), "it takes more than 511 MiB"),
    "a wide list of a wide list": (lambda: [[1.5] * 10**5] * 10**5, "it takes more than 511 MiB"),
    "a wide list of a wide tuple": (lambda: [(0,) * 10**5] * 10**5, "it takes more than 511 MiB"),
    "a text very often": (lambda: ["x" * 10**6] * 10**4, "it takes more than 511 MiB"),
    "texts very often": (lambda: ["x" * 10**6, 1] * 10**4, "it takes more than 511 MiB"),
    "bytes very often": (lambda: [{1: bytes(10**6)}] * 10**4, "it takes more than 511 MiB"),
    "a large integer very often": (lambda: [2 ** (8 * 10**6)] * 10**4, "it takes more than 511 MiB"),
}


@pytest.mark.parametrize(("make", "words"), list(WHOLE.values()), ids=list(WHOLE))
def test_what_cannot_be_packed_around_stays_whole(make, words):
    refs = RefTable()
    codec = Codec(refs)
    value = make()
    data = codec.encode(value)
    assert codec.decode(data) is value
    assert len(refs) == 1, "nothing is left of the attempt"
    (warning,) = codec.warnings
    assert re.search(words, warning), warning
    assert codec.encode([1, "a"]) == b"\x92\x01\xa1a", "the codec is as good as new"


def test_what_comes_twice_and_is_no_bomb():
    part = ("x" * 600, [1, (2,)])
    value = [part, {"a": part}, (part, part)]
    codec = Codec(RefTable())
    assert codec.decode(codec.encode(value)) == value
    assert codec._packed == {}, "nothing of a value is kept when it is sent"


def test_a_part_whose_own_methods_raise():
    broken = vector_types.Order.__new__(vector_types.Order)
    refs = RefTable()
    codec = Codec(refs)
    value = {"a": [1, {"b": (broken, object())}]}
    found = codec.decode(codec.encode(value))
    assert found["a"][1]["b"][0] is broken
    assert len(refs) == 2
    (warning,) = codec.warnings
    assert warning.startswith(
        'value["a"][1]["b"][0]: stays in Python because a Order could not be converted (AttributeError: '
    )


def test_many_remarks_are_counted():
    codec = Codec(RefTable())
    broken = [vector_types.Order.__new__(vector_types.Order) for _ in range(50)]
    codec.encode(broken)
    assert len(codec.warnings) == 21
    assert codec.warnings[3].startswith("value[3]: ")
    assert codec.warnings[-1] == "and 30 more remarks about parts of this value"


def test_a_dict_that_changes_while_it_is_packed():
    """As when a thread of the library's writes to it."""
    value = {1: object(), 2: 3}

    class Changes(RefTable):
        def put(self, kept):
            if kept is value[1]:
                value[len(value) + 1] = None
            return super().put(kept)

    refs = Changes()
    codec = Codec(refs)
    assert codec.decode(codec.encode(value)) is value
    assert len(refs) == 1


def test_too_large(monkeypatch):
    assert MAX_PAYLOAD < MAX_FRAME
    monkeypatch.setattr(encoding, "MAX_PAYLOAD", 1000)
    monkeypatch.setattr(encoding, "_KEEP_BUFFER", 1000)
    refs = RefTable()
    codec = Codec(refs)
    assert type(codec.decode(codec.encode(bytes(900)))) is bytes
    value = [object(), bytes(1000)]
    assert codec.decode(codec.encode(value)) is value
    assert len(refs) == 1


def test_the_limit_takes_nothing_along():
    refs = RefTable(limit=3)
    codec = Codec(refs)
    kept = codec.encode([object(), object()])
    with pytest.raises(RefLimit):
        codec.encode([1, object(), (object(),)])
    assert len(refs) == 2
    assert len(codec.decode(kept)) == 2
    assert codec.encode([1]) == b"\x91\x01"
    with pytest.raises(RefLimit):
        Codec(RefTable(limit=0)).encode_ref(1)


def test_a_table_that_refuses():
    """As the client's: it can send only refs that came from the worker."""

    class Refuses(RefTable):
        def put(self, value):
            raise ConversionError(f"no {type(value).__name__} here")

    codec = Codec(Refuses())
    with pytest.raises(ConversionError, match="no object here"):
        codec.encode([1, object()])
    assert codec.encode([1]) == b"\x91\x01"


def test_a_ref_to_a_plain_value():
    refs = RefTable()
    codec = Codec(refs)
    value = [1]
    assert codec.decode(codec.encode_ref(value)) is value
