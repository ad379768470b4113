"""Classes and objects that do as they like: none ends the walk, none is asked more than is needed."""

from __future__ import annotations

import sys

import pytest
from library_files import install

from envmgr_runtime.library import walk
from envmgr_runtime.library.catalog import collect
from envmgr_runtime.library.constants import is_plain, shown
from envmgr_runtime.library.members import members
from envmgr_runtime.library.ownership import Owner

HOSTILE = """
import time
asked = []
class Noted:
    def __get__(self, instance, owner=None):
        asked.append(instance)
        return 1
class Asked:
    noted = Noted()
    @property
    def size(self): asked.append("size"); return 1
class Exits:
    def __get__(self, instance, owner=None): raise SystemExit("read")
class Holder:
    exits = Exits()
    fine = 1
class Everything:
    def __getattribute__(self, name): raise SystemExit(name)
everything = Everything()
class Mock:
    def __getattr__(self, name): return Mock()
    def __call__(self): pass
mock = Mock()
class Repr:
    def __repr__(self): raise SystemExit
class Default:
    def method(self, value=Repr()): pass
class Meta(type):
    __module__ = property(lambda cls: 1 / 0)
    __mro__ = property(lambda cls: 1 / 0)
    __dict__ = property(lambda cls: 1 / 0)
Odd = Meta("Odd", (), {"method": lambda self: 1})
class Hash:
    __hash__ = None
    def __eq__(self, other): raise RuntimeError
unhashable = Hash()
class Doc:
    __doc__ = property(lambda self: 1 / 0)
    def method(self): pass
loop = []
loop.append(loop)
deep = []
for _ in range(5000): deep = [deep]
vars()["not a name"] = 1
after = 1
def __dir__(): return ["asked", "slow", "gone", "exits"]
def __getattr__(name):
    if name == "slow": time.sleep(600)
    if name == "exits": raise SystemExit
    raise AttributeError(name)
"""


@pytest.fixture
def found(tmp_path, monkeypatch):
    install(tmp_path, "rt_hostile", "rt-hostile", {"__init__.py": HOSTILE})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(walk, "_ATTRIBUTE_SECONDS", 1.0)
    yield collect("rt_hostile", "rt-hostile")
    del sys.modules["rt_hostile"]


def test_none_ends_the_walk(found):
    paths = {path: found["objects"][number] for path, number in found["paths"]}
    wanted = {
        "Asked.size",
        "Asked.noted",
        "Holder",
        "Holder.fine",
        "Mock",
        "mock",
        "after",
        "Default.method",
        "Doc.method",
    }
    assert wanted - {*paths} == set()
    assert {"loop", "deep", "slow", "gone", "exits", "not a name"} & {*paths} == set()
    assert paths["Asked.noted"]["kind"] == paths["Asked.size"]["kind"] == "property"
    assert paths["unhashable"]["kind"] == "constant"


def test_a_property_is_not_read(found):
    assert set(sys.modules["rt_hostile"].asked) <= {None}, (
        "a descriptor of an unknown kind gives it to the class"
    )


def test_members_are_those_of_the_class_order():
    class Old:
        def one(self):
            pass

        def two(self):
            pass

    class New(Old, dict):
        one = None

        def update(self):
            pass

    found = {member.name: member for member in members(New, Owner(sys.modules[__name__], None))}
    assert set(found) == {"one", "two", "update"}
    assert (found["one"].kind, found["two"].base, found["update"].base) == ("constant", Old, New)


PLAIN = [None, True, 1, 2.5, 1j, "a", b"a", ..., (1, [2]), {"a": {1, 2}}, frozenset({"x"}), [int, str], {}]
OTHER = [
    len,
    int,
    object(),
    [len],
    {"a": len},
    {len: 1},
    [object],
    type("Int", (int,), {})(3),
    range(3),
    [1] * 20_000,
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_plain(value):
    assert is_plain(value, lambda found: False)


@pytest.mark.parametrize("value", [*OTHER[:6], *OTHER[7:]], ids=range(9))
def test_not_plain(value):
    assert not is_plain(value, lambda found: False)


def test_how_a_constant_is_shown():
    class Bad:
        def __repr__(self):
            raise ValueError

    assert shown("x" * 200) == "'" + "x" * 79
    assert shown([1] * 100) == "<list of 100>"
    assert shown(Bad()) == "..."
    assert shown("\udc80") == "'\\udc80'"
