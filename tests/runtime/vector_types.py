"""The types that vectors and tests of values name."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple


class Color(enum.Enum):
    RED = "red"
    ROUGE = "red"
    PAIR = (1, 2)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Word(str, enum.Enum):
    A = "a"


class Access(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


@dataclass
class Order:
    id: int
    items: list = field(default_factory=list)
    unit: ClassVar[str] = "kg"


@dataclass(frozen=True)
class Frozen:
    """With slots, as Python 3.10's `slots=True` makes them."""

    __slots__ = ("x", "y")
    x: Any
    y: Any


@dataclass
class Derived(Order):
    total: int = field(init=False)

    def __post_init__(self):
        self.total = self.id * 2


class Outer:
    @dataclass
    class Inner:
        order: Order


class Point(NamedTuple):
    x: Any
    y: Any = 0


class Plain:
    """An object whose attributes are all there is, some of them in slots."""

    __slots__ = ("__dict__", "a")

    def __init__(self, a=None, b=None):
        self.a, self.b = a, b

    def __eq__(self, other):
        return type(other) is Plain and (self.a, self.b) == (other.a, other.b)

    __hash__ = None
