"""What cannot be sent stays, and a ref takes its place; nothing is left in the table that no ref names."""

from __future__ import annotations

import collections
import enum
import fractions
import threading

import pytest

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import codec as codec_module
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError, RefLimit
from envmgr_runtime.wire.messages import MAX_FRAME, MAX_PAYLOAD


class Number(enum.IntEnum):
    ONE = 1


class Word(str, enum.Enum):
    A = "a"


class Text(str):
    pass


class Answers(type):
    __module__ = property(lambda cls: 1 / 0)


class AnyClass:
    """Asking what it is an instance of raises."""

    __class__ = property(lambda self: 1 / 0)


Point = collections.namedtuple("Point", "x y")
Odd = Answers("Odd", (), {})
Surrogate = type("Surrogate", (), {"__module__": "\udc80"})

STAY = [
    object(),
    Number.ONE,
    Word.A,
    Text("a"),
    collections.OrderedDict(a=1),
    collections.defaultdict(int),
    Point(1, 2),
    fractions.Fraction(1, 2),
    frozenset([1]),
    range(3),
    1j,
    len,
    int,
    enum,
    (n for n in ()),
    threading.Lock(),
    Odd(),
    Surrogate(),
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
    assert [refs.put(v)[1] for v in (Point(1, 2), Odd(), Surrogate())] == [
        Point.__module__ + ".Point",
        "object",
        "?.Surrogate",
    ]


def cycle():
    value = [object()]
    value.append(value)
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


WHOLE = {
    "lone surrogate": lambda: [object(), "\udc80"],
    "lone surrogate in a key": lambda: {object(): 1, "\ud800": 2},
    "lone surrogate in a tuple": lambda: (object(), ("\udc80",)),
    "a list in itself": cycle,
    "deep lists": lambda: deep(list),
    "deep tuples": lambda: deep(tuple),
    "deep dicts": deep_dict,
}


@pytest.mark.parametrize("make", list(WHOLE.values()), ids=list(WHOLE))
def test_what_cannot_be_packed_around_stays_whole(make):
    refs = RefTable()
    codec = Codec(refs)
    value = make()
    data = codec.encode(value)
    assert codec.decode(data) is value
    assert len(refs) == 1, "nothing is left of the attempt"
    assert codec.encode([1, "a"]) == b"\x92\x01\xa1a", "the codec is as good as new"


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
    monkeypatch.setattr(codec_module, "MAX_PAYLOAD", 1000)
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
