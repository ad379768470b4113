"""Where in a value something is, and what is said about it."""

from __future__ import annotations

import collections
import sys

import pytest
import vector_types

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import encoding, paths
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.values.words import lines, why_part


class Refuses(RefTable):
    """As the client's: it can send only refs that came from the worker."""

    def put(self, value):
        raise ConversionError("it cannot be sent")


class Base:
    __slots__ = ("unset", "x")


class Slots(Base):
    def __init__(self, x):
        self.x = x


STAYS = object()
OBJECTS = {
    "value[1]": [1, STAYS],
    'value["a"][2][0]': {"a": (1, 2, [STAYS])},
    'value["a\\"b"]': {'a"b': STAYS},
    "value[(1, 2)]": {(1, 2): STAYS},
    "value[1.5]{…}": {1.5: {STAYS}},
    "value{…}[1]": frozenset([(0, STAYS)]),
    "value.items[0]": vector_types.Order(1, [STAYS]),
    "value.y": vector_types.Point(1, STAYS),
    "value[0].x.y": [vector_types.Frozen(vector_types.Point(0, STAYS), 2)],
    'value["k"]': collections.OrderedDict(k=STAYS),
    f'value["{"k" * 59}…]': {"k" * 100: STAYS},
    "value[0][0][0][0][0][0][0][0][0][0][0][0][0][0]": [[[[[[[[[[[[[[STAYS]]]]]]]]]]]]]],
}


@pytest.mark.parametrize(("place", "value"), list(OBJECTS.items()), ids=list(OBJECTS))
def test_the_place_of_what_a_client_cannot_send(place, value):
    with pytest.raises(ConversionError) as caught:
        Codec(Refuses()).encode(value)
    assert str(caught.value) == f"{place}: it cannot be sent"


def test_a_key_is_at_its_own_step():
    with pytest.raises(ConversionError, match=r"^value\[<object object at 0x.*\]: it cannot"):
        Codec(Refuses()).encode({STAYS: 1})


def test_places_of_many_parts():
    slots = Slots(STAYS)
    value = [sys, int, len, test_places_of_many_parts, {"s": slots}, [slots, {"again": STAYS}]]
    found = paths.places(value, [STAYS, slots, 1.5])
    assert found == {id(slots): ["[4]", '["s"]'], id(STAYS): ["[4]", '["s"]', ".x"]}


def test_objects_of_an_array():
    np = pytest.importorskip("numpy")
    value = np.empty((2, 2), object)
    value[1, 0] = {"a": STAYS}
    assert paths.places([value], [STAYS])[id(STAYS)] == ["[0]", ".flat[2]", '["a"]']


def test_a_key_that_cannot_be_shown():
    class Silent:
        def __repr__(self):
            raise ValueError

    assert paths.step(Silent()) == "[…]"


def test_long_paths_are_cut():
    assert paths.shown("value", ["[0]"] * 30) == "value" + "[0]" * 12 + "…"


def test_a_look_does_not_take_for_ever(monkeypatch):
    monkeypatch.setattr(paths, "_MOST_LOOKED_AT", 50)
    assert paths.places([[n] for n in "x" * 100] + [STAYS], [STAYS]) == {}
    assert paths.cycle([[str(n), []] for n in range(100)]) is None


def test_no_cycle():
    part = [1, ("a",)]
    assert paths.cycle([part, {"a": part, "b": {1, 2}}, part]) is None


def test_nobodys_metaclass_spoils_the_answer(monkeypatch):
    def fails(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("envmgr_runtime.values.words.places", fails)
    assert lines([STAYS], [(STAYS, "stays")]) == ["value: stays"]


def test_an_exception_that_cannot_be_shown():
    class Mute(Exception):
        def __str__(self):
            raise ValueError

    assert why_part(1, Mute()) == "stays in Python because a int could not be converted (Mute)"


def test_types_that_come_and_go_are_forgotten(monkeypatch):
    monkeypatch.setattr(encoding, "_MOST_TYPES", 10)
    codec = Codec(RefTable())
    for n in range(50):
        codec.encode([type(f"T{n}", (), {})()])
    assert len(codec._packers) <= 10


def cycle(part):
    value = [part]
    value.append(value)
    return value


def test_surrogates_in_what_cannot_be_packed():
    codec = Codec(RefTable())
    value = cycle("\udc80")
    assert codec.decode(codec.encode(value)) is value
    value = ["\udc80", object()]
    full = Codec(RefTable(limit=0))
    with pytest.raises(Exception, match="holds 0 objects"):
        full.encode(value)


def test_buffers_in_wide_and_deep_values():
    codec = Codec(RefTable())
    value = {n: n for n in range(100)}
    value["wide"] = [{"x" * 5000: bytearray(b"a")}, ["y" * 5000, b"z" * 5000], {b"k": 1}]
    deep = part = [bytearray(b"deep")]
    for _ in range(100):
        deep = [deep, part]
    value["deep"] = deep
    assert codec.decode(codec.encode(value)) == value
    wide = {str(n): [n] for n in range(20_000)}
    assert codec.decode(codec.encode(wide)) == wide
    rows = [[n, "a"] for n in range(20_000)]
    assert codec.decode(codec.encode(rows)) == rows
