"""Whether what came back is what went out."""

from __future__ import annotations

import datetime
import pickle

import pytest

from envmgr_runtime.execution.sameness import same


class Plain:
    def __init__(self, **fields):
        self.__dict__.update(fields)


class Slotted:
    __slots__ = ("__weakref__", "a")

    def __init__(self, a):
        self.a = a


class Both(Slotted):
    def __init__(self, a, b):
        self.a, self.b = a, b


class Opaque:
    __slots__ = ()


class Frame:
    """As pandas compares."""

    def __init__(self, equal):
        self.equal = equal

    def equals(self, other):
        return self.equal


class Rude:
    def __eq__(self, other):
        raise SystemError("no")


class NotEvenMe:
    """Equal to nothing, as NaN is, and known by its attributes."""

    def __init__(self, a):
        self.a = a

    def __eq__(self, other):
        return False

    __hash__ = None


CYCLE = []
CYCLE.append(CYCLE)
OTHER_CYCLE = []
OTHER_CYCLE.append(OTHER_CYCLE)

CASES = [
    (1, 1, True),
    (1, 2, False),
    (1, True, False),
    (1, 1.0, False),
    (float("nan"), float("nan"), True),
    (0.0, -0.0, False),
    (complex(0.0, -0.0), complex(0.0, 0.0), False),
    ([1, [float("nan")]], [1, [float("nan")]], True),
    ([1], (1,), False),
    ([1, 2], [1], False),
    ({"a": 1, "b": 2}, {"a": 1, "b": 2}, True),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False),
    ({"a": -0.0}, {"a": 0.0}, False),
    ({1, 2}, {2, 1}, True),
    (datetime.date(2026, 1, 1), datetime.date(2026, 1, 1), True),
    (Plain(a=float("nan")), Plain(a=float("nan")), True),
    (Plain(a=1), Plain(a=2), False),
    (Slotted([1]), Slotted([1]), True),
    (Slotted([1]), Slotted([2]), False),
    (Both(1, 2), Both(1, 2), True),
    (Both(1, 2), Both(1, 3), False),
    (Opaque(), Opaque(), None),
    ([Opaque()], [Opaque()], None),
    ([Opaque(), 1], [Opaque(), 2], False),
    (Frame(True), Frame(True), True),
    (Frame(False), Frame(False), False),
    (Rude(), Rude(), None),
    (NotEvenMe(1), NotEvenMe(1), True),
    (NotEvenMe(1), NotEvenMe(2), False),
    (CYCLE, OTHER_CYCLE, None),
]


@pytest.mark.parametrize(("one", "other", "expected"), CASES, ids=range(len(CASES)))
def test_each(one, other, expected):
    assert same(one, other) is expected
    assert same(one, one) is True


def test_arrays():
    numpy = pytest.importorskip("numpy")
    nan = numpy.array([numpy.nan, -0.0])
    assert same(nan, nan.copy()) is True
    assert same(nan, numpy.array([numpy.nan, 0.0])) is False
    assert same(nan, nan.astype(">f8")) is False
    assert same(nan, nan.reshape(2, 1)) is False
    objects = numpy.array([[1], "x", None], dtype=object)
    assert same(objects, pickle.loads(pickle.dumps(objects))) is True
    assert same(objects, numpy.array([[1], "y", None], dtype=object)) is False
    assert same(numpy.float64(1), numpy.float64(1)) is True
