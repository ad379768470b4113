"""The standard library's types: properties over what they can hold, and what is refused."""

from __future__ import annotations

import array
import datetime
import enum
import pathlib
import sys
import uuid
from collections import OrderedDict
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
import vector_types
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgpack import ExtType, packb
from tagged import same

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import types, zones
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError

OFFSETS = st.timedeltas(datetime.timedelta(minutes=-1439), datetime.timedelta(minutes=1439))
FIXED = st.one_of(
    st.builds(datetime.timezone, OFFSETS),
    st.builds(datetime.timezone, OFFSETS, st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)),
    st.just(datetime.timezone.utc),
)
ZONES = FIXED
if sys.version_info >= (3, 9):
    import zoneinfo

    ZONES = st.one_of(
        FIXED, st.sampled_from(["Europe/Rome", "America/St_Johns", "UTC"]).map(zoneinfo.ZoneInfo)
    )

INTEGERS = st.one_of(st.integers(), st.integers(-(10**40), 10**40))
TEXT = st.text(st.characters(), max_size=8)  # with surrogates
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    INTEGERS,
    st.floats(),
    TEXT,
    st.binary(max_size=8),
    st.complex_numbers(allow_nan=True),
    st.decimals(),
    st.fractions(),
    st.dates(),
    st.times(timezones=st.one_of(st.none(), ZONES)),
    st.datetimes(),
    st.datetimes(timezones=ZONES),
    st.timedeltas(),
    st.uuids(),
    st.builds(range, INTEGERS, INTEGERS, INTEGERS.filter(bool)),
    st.sampled_from([*vector_types.Color, *vector_types.Level, *vector_types.Word, *vector_types.Access]),
    st.integers(0, 7).map(vector_types.Access),
    st.builds(pathlib.PurePosixPath, st.text(st.characters(blacklist_characters="\0"), max_size=8)),
    st.builds(pathlib.PureWindowsPath, st.text(st.characters(codec="ascii"), max_size=8)),
    st.sampled_from([..., NotImplemented]),
)
KEYS = st.recursive(
    SCALARS.filter(lambda value: type(value) is not Decimal or not value.is_snan()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.frozensets(inner, max_size=3),
        st.builds(vector_types.Point, inner, inner),
    ),
    max_leaves=4,
)
BUFFERS = st.one_of(
    st.builds(bytearray, st.binary(max_size=8)),
    st.builds(memoryview, st.binary(max_size=8)),
    st.lists(st.integers(-100, 100), min_size=1, max_size=5).map(
        lambda v: memoryview(array.array("h", v))[::-1]
    ),
)
VALUES = st.recursive(
    st.one_of(SCALARS, BUFFERS, st.sets(KEYS, max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(KEYS, inner, max_size=3),
        st.lists(st.tuples(KEYS, inner), max_size=3).map(OrderedDict),
        st.builds(slice, inner, inner, inner),
        st.builds(vector_types.Order, inner, inner),
        st.builds(vector_types.Frozen, inner, inner),
        st.builds(vector_types.Derived, st.integers(), st.lists(inner, max_size=2)),
        st.builds(vector_types.Point, inner, inner),
    ),
    max_leaves=10,
)


def round_trip(value):
    refs = RefTable()
    codec = Codec(refs)
    found = codec.decode(codec.encode(value))
    assert len(refs) == 0, "it should go as a value"
    assert codec.warnings == []
    return found


@settings(max_examples=400, deadline=None)
@given(VALUES)
@example([Decimal("sNaN"), Decimal("-0"), Decimal("1E+999999")])
@example({-0.0: [complex(float("nan"), -0.0)], "\ud800": ["\udfff\U0001f40d"]})
def test_round_trip(value):
    found = round_trip(value)
    assert same(found, value), found


ODD = {
    "an IntEnum": vector_types.Level.HIGH,
    "an enum of text": vector_types.Word.A,
    "an alias": vector_types.Color.ROUGE,
    "no flags": vector_types.Access(0),
    "all flags": vector_types.Access(7),
    "a point by default": vector_types.Point(1),
    "a derived dataclass": vector_types.Derived(2, ["a"]),
    "a path": pathlib.Path("/tmp"),
    "a path of nothing": pathlib.PurePath(),
    "a UUID": uuid.UUID(int=0),
    "a fraction of a large number": Fraction(1, 3**200),
    "a slice of a range": slice(range(3), None),
    "a decimal of many digits": Decimal("1." + "7" * 10_000),
    "an integer of many digits": 7**20_000,
    "last moment": datetime.datetime.max,
    "first moment in a zone": datetime.datetime.min.replace(tzinfo=datetime.timezone.utc),
    "an offset of microseconds": datetime.datetime(
        2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(microseconds=-1))
    ),
}


@pytest.mark.parametrize("value", list(ODD.values()), ids=list(ODD))
def test_odd_values(value):
    found = round_trip(value)
    assert same(found, value)
    if isinstance(value, enum.Enum):
        assert found is value or not value.name


def test_a_decimal_does_not_ask_the_context():
    with localcontext() as context:
        context.prec = 3
        context.traps = dict.fromkeys(context.traps, True)
        assert str(round_trip(Decimal("1.23456789"))) == "1.23456789"
        assert str(round_trip(Decimal("sNaN"))) == "sNaN"


def test_making_a_record_runs_nothing_of_its_class(monkeypatch):
    def never(*args, **kwargs):
        raise AssertionError

    order, point = vector_types.Derived(1), vector_types.Point(1)
    for name in ("__init__", "__new__", "__post_init__"):
        monkeypatch.setattr(vector_types.Derived, name, never)
    assert round_trip(order) == order
    monkeypatch.setattr(vector_types.Point, "__new__", never)
    assert round_trip(point) == point


def test_a_type_that_was_replaced_is_another(monkeypatch):
    codec = Codec(RefTable())
    order = vector_types.Order(1)
    data = codec.encode(order)
    monkeypatch.setattr(vector_types, "Order", type("Order", (), {}))
    assert codec.decode(codec.encode(order)) is order, "it stays"
    with pytest.raises(ConversionError, match=r"vector_types\.Order is not made of fields"):
        codec.decode(data)


def test_types_are_looked_up_and_never_imported(monkeypatch):
    class Lazy(type(sys)):
        def __getattribute__(self, name):
            raise AssertionError("it would import itself")

    monkeypatch.setitem(sys.modules, "lazy_one", Lazy("lazy_one"))
    monkeypatch.setitem(sys.modules, "not_there", None)
    monkeypatch.setitem(sys.modules, "no_module", object())
    for name in (
        "lazy_one.X",
        "not_there.X",
        "no_module.X",
        "wsgiref.types.X",
        "",
        ".",
        "vector_types.",
        5,
        None,
    ):
        with pytest.raises(ConversionError, match="among the modules"):
            types.type_named(name)
    assert "wsgiref" not in sys.modules
    assert types.type_named("vector_types.Outer.Inner") is vector_types.Outer.Inner


def ext(code, *parts):
    return packb(ExtType(code, packb(parts[0] if len(parts) == 1 else list(parts))))


def record(kind, name, **fields):
    return ext(18, kind, name, [list(pair) for pair in fields.items()])


BROKEN = {
    "a date of three bytes": (packb(ExtType(9, bytes(3))), "a date is 4 bytes, not 3"),
    "a date out of range": (packb(ExtType(9, b"\x7f\xff\xff\xff")), "outside of Python's years"),
    "a datetime out of range": (packb(ExtType(11, b"\x7f" * 8 + b"\x00")), "outside of Python's years"),
    "a datetime that is far too late": (packb(ExtType(11, b"\x00" * 8 + b"\x02")), "fold of 0 or 1"),
    "a timedelta out of range": (packb(ExtType(13, b"\x7f" * 12)), "too many for a timedelta"),
    "a complex number of one part": (packb(ExtType(7, bytes(8))), "16 bytes, not 8"),
    "a decimal of words": (packb(ExtType(8, b"one")), "'one' is no decimal"),
    "a decimal that is not ASCII": (packb(ExtType(8, "١".encode())), "no decimal"),
    "a decimal of many words": (packb(ExtType(8, b"x" * 100)), "x'… is no"),
    "a UUID of 15 bytes": (packb(ExtType(23, bytes(15))), "16 bytes, not 15"),
    "a fraction of floats": (ext(24, 1.5, 2), "made of integers, and there is a float"),
    "a fraction of a boolean": (ext(24, True, 2), "there is a bool"),
    "a fraction over 0": (ext(24, 1, 0), "denominator is 0"),
    "a fraction of three": (ext(24, 1, 2, 3), "an array of 2 values, not of 3"),
    "a range of step 0": (ext(21, 0, 1, 0), "step is 0"),
    "a range of text": (ext(21, "a", 1, 2), "made of integers"),
    "a slice of two": (ext(22, 1, 2), "an array of 3 values"),
    "a time of the next day": (ext(10, 86_400_000_000, 0, None, None), "since midnight"),
    "a time of a long offset": (ext(10, 0, 0, 86_400_000_000, None), "less than a day"),
    "a time in no zone": (ext(10, 0, 0, None, 5), "knows no time zone 5"),
    "a moment out of range": (ext(12, 2**62, 0, 0, None, "", 0), "outside of Python's years"),
    "a moment in a float": (ext(12, 1.5, 0, 0, None, "", 0), "microseconds on the clock"),
    "a moment in no zone": (ext(12, 0, 0, 0, 5, "", 0), "a zone is a name"),
    "a path of no class": (ext(34, "str", "/"), "a path is a class of pathlib"),
    "a path of no text": (ext(34, "PurePath", 5), "a path is a class of pathlib"),
    "a path of another system": (ext(34, "WindowsPath", "C:"), "send a PureWindowsPath"),
    "pairs of one": (ext(28, 0, [[1]]), "pairs of key and value"),
    "pairs of another kind": (ext(28, 7, []), "no kind 7 of dict"),
    "pairs of a list": (ext(28, 0, [[[], 1]]), "cannot hash"),
    "a singleton that is none": (packb(ExtType(35, b"None")), "no singleton 'None'"),
    "a memoryview of nothing known": (packb(ExtType(25, packb([5, [1], True]) + b"a")), "described by its format"),
    "a memoryview of addresses": (packb(ExtType(25, packb(["P", [1], True]) + bytes(8))), "no memoryview of format 'P'"),
    "a memoryview of another size": (packb(ExtType(25, packb(["i", [2], True]) + bytes(4))), "over 4 bytes"),
    "a memoryview of part of an item": (packb(ExtType(25, packb(["i", [], True]) + bytes(3))), "over 3 bytes"),
    "a memoryview of another length": (packb(ExtType(25, packb(["B", [2], True]) + bytes(3))), "over 3 bytes"),
    "a memoryview of no format": (packb(ExtType(25, packb(["", [2], True]) + bytes(2))), "over 2 bytes"),
    "an enum that is none": (ext(17, "vector_types.Order", "A", 1), "is no enum"),
    "an enum of nothing": (ext(17, "nothing.at.all", "A", 1), "no type 'nothing.at.all'"),
    "a member that is none": (ext(17, "vector_types.Color", "BLUE", 1), "no member 'BLUE' .* it has RED, ROUGE, PAIR"),
    "a member by its value": (ext(17, "vector_types.Color", None, "red"), "no member None"),
    "a flag that is none": (ext(17, "vector_types.Access", None, 8), "."),
    "a dataclass of another": (record(0, "vector_types.Point", x=1, y=2), "not made of fields in this way"),
    "a named tuple of another": (record(1, "vector_types.Order", id=1, items=[]), "not made of fields in this way"),
    "a tuple as a named tuple": (record(1, "builtins.tuple", x=1), "no type 'builtins.tuple'|not made of fields"),
    "a class at all": (record(2, "vector_types.Order", id=1), "not made of fields in this way"),
    "another kind": (record(9, "vector_types.Order", id=1), "kind 9"),
    "a field too few": (record(0, "vector_types.Order", id=1), "fields of vector_types.Order are id, items; missing: items"),
    "a field too many": (record(1, "vector_types.Point", x=1, y=2, z=3), "not among them: z"),
    "a field twice": (ext(18, 0, "vector_types.Order", [["id", 1], ["id", 2]]), "stands there twice"),
    "fields that are no pairs": (ext(18, 0, "vector_types.Order", [["id"]]), "no list of names and values"),
    "fields without names": (ext(18, 0, "vector_types.Order", [[1, 2]]), "no list of names and values"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "words"), list(BROKEN.values()), ids=list(BROKEN))
def test_broken(data, words):
    with pytest.raises(ConversionError, match=words):
        Codec(RefTable()).decode(data)


def test_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConversionError, match="pandas is not in this library's environment"):
        Codec(RefTable()).decode(packb(ExtType(35, b"pandas.NaT")))


class ByAttributes:
    unpackers: dict = {}  # noqa: RUF012

    def find(self, kind):
        from envmgr_runtime.values.records import pack_object

        return pack_object if kind in (vector_types.Plain, list, Bare) else None

    def by_attributes(self, kind):
        return kind in (vector_types.Plain, Bare)


class Bare:
    __slots__ = ("a",)


def test_an_object_by_its_attributes():
    codec = Codec(RefTable(), ByAttributes())
    plain = vector_types.Plain(1)
    del plain.b
    found = codec.decode(codec.encode(plain))
    assert (found.a, found.__dict__) == (1, {})
    bare = Bare()
    assert not hasattr(codec.decode(codec.encode(bare)), "a")
    with pytest.raises(ConversionError, match="no place for a field 'b'"):
        codec.decode(record(2, f"{Bare.__module__}.Bare", b=1))
    with pytest.raises(ConversionError, match="not made of fields"):
        codec.decode(record(2, "vector_types.Outer"))


MOMENT = datetime.datetime(2024, 7, 1, 12, 30, 0, 5)


@pytest.mark.skipif(sys.version_info < (3, 9), reason="zoneinfo came with 3.9")
def test_zones_and_folds():
    rome = zoneinfo.ZoneInfo("Europe/Rome")
    ambiguous = datetime.datetime(2023, 10, 29, 2, 30, tzinfo=rome)
    for fold in (0, 1):
        found = round_trip(ambiguous.replace(fold=fold))
        assert (found.fold, found.utcoffset(), found.tzinfo) == (
            fold,
            ambiguous.replace(fold=fold).utcoffset(),
            rome,
        )
    missing = datetime.datetime(2023, 3, 26, 2, 30, tzinfo=rome)
    assert same(round_trip(missing), missing)
    assert round_trip(datetime.time(1, tzinfo=rome)).tzinfo is rome
    us = 1_698_546_600 * 10**6
    found = Codec(RefTable()).decode(ext(12, us, 3600 * 10**6, 0, "Europe/Rome", "CET", 0))
    assert found.fold == 1, "the offset tells which of two moments it is"
    with pytest.raises(ConversionError, match="at an offset of 1:00:00, not 5:00:00"):
        Codec(RefTable()).decode(ext(12, us, 18_000 * 10**6, 0, "Europe/Rome", "CET", 0))
    with pytest.raises(ConversionError, match="add tzdata"):
        Codec(RefTable()).decode(ext(12, us, 0, 0, "Europe/Nowhere", "X", 0))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "Europe/../x", "a\0b", "", "UTC+3:", "é"]
)
def test_names_that_are_no_zones(name):
    with pytest.raises(ConversionError):
        zones.zone_named(name)


@pytest.mark.skipif(sys.version_info < (3, 9), reason="a zone without a name is zoneinfo's")
def test_a_zone_without_a_name_stays():
    source = next(
        pathlib.Path(root, "Europe/Rome")
        for root in zoneinfo.TZPATH
        if pathlib.Path(root, "Europe/Rome").exists()
    )
    with source.open("rb") as file:
        value = MOMENT.replace(tzinfo=zoneinfo.ZoneInfo.from_file(file))
    codec = Codec(RefTable())
    assert codec.decode(codec.encode(value)) is value


def test_pytz():
    pytz = pytest.importorskip("pytz")
    rome = pytz.timezone("Europe/Rome")
    found = round_trip(rome.localize(MOMENT))
    assert (found, found.tzname(), zones.zone_of(found.tzinfo)) == (
        rome.localize(MOMENT),
        "CEST",
        "Europe/Rome",
    )
    fixed = round_trip(MOMENT.replace(tzinfo=pytz.FixedOffset(90)))
    assert (fixed.utcoffset(), fixed.tzname()) == (datetime.timedelta(minutes=90), "UTC+01:30")
    assert zones.zone_of(pytz.utc) == "UTC"
    ambiguous = datetime.datetime(2023, 10, 29, 2, 30)
    for is_dst in (True, False):
        value = rome.localize(ambiguous, is_dst=is_dst)
        found = round_trip(value)
        assert (found.replace(tzinfo=None, fold=0), found.utcoffset()) == (ambiguous, value.utcoffset())


def test_dateutil():
    tz = pytest.importorskip("dateutil.tz")
    found = round_trip(MOMENT.replace(tzinfo=tz.gettz("Europe/Rome")))
    assert (found.utcoffset(), found.tzname()) == (datetime.timedelta(hours=2), "CEST")
    assert round_trip(MOMENT.replace(tzinfo=tz.tzutc())).tzinfo is datetime.timezone.utc
    assert round_trip(MOMENT.replace(tzinfo=tz.tzoffset("X", 60))).tzname() == "X"
    codec = Codec(RefTable())
    local = MOMENT.replace(tzinfo=tz.tzlocal())
    assert codec.decode(codec.encode(local)) is local


@pytest.mark.skipif(sys.version_info >= (3, 9), reason="how Python 3.8 does it")
def test_python_38_has_zones_by_dateutil_or_pytz_or_keeps_the_offset(monkeypatch):
    data = ext(12, 1_700_000_000 * 10**6, 3600 * 10**6, 0, "Europe/Rome", "CET", 0)
    found = Codec(RefTable()).decode(data)
    assert (found.utcoffset(), found.tzname()) == (datetime.timedelta(hours=1), "CET")
    for name in ("dateutil", "dateutil.tz", "pytz"):
        monkeypatch.setitem(sys.modules, name, None)
    assert repr(Codec(RefTable()).decode(data).tzinfo) == repr(
        datetime.timezone(datetime.timedelta(hours=1), "CET")
    )


class OldZone(datetime.tzinfo):
    """As pytz makes them: the time alone does not say the offset."""

    def __init__(self, zone, hours=1):
        self.zone, self._hours = zone, hours

    def utcoffset(self, when):
        return datetime.timedelta(hours=self._hours)

    def dst(self, when):
        return datetime.timedelta(hours=self._hours - 1)

    def tzname(self, when):
        return "CEST" if self._hours == 2 else "CET"

    def localize(self, when, is_dst):
        return when.replace(tzinfo=OldZone(self.zone, 2 if is_dst else 1))


def old_zones(monkeypatch, **modules):
    """How Python 3.8 finds zones, with these modules in its environment."""
    for name in ("dateutil", "dateutil.tz", "pytz"):
        monkeypatch.setitem(sys.modules, name, None)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name.replace("_", "."), module)
    monkeypatch.setattr(zones.sys, "version_info", (3, 8, 18))


def test_zones_by_pytz(monkeypatch):
    class Unknown(KeyError):
        pass

    def timezone(name):
        if name != "Europe/Rome":
            raise Unknown
        return OldZone(name)

    pytz = types_module("pytz", timezone=timezone, UnknownTimeZoneError=Unknown)
    old_zones(monkeypatch, pytz=pytz)
    monkeypatch.setattr(OldZone, "__module__", "pytz.tzfile")
    decode = Codec(RefTable()).decode
    data = {hours: ext(12, 0, hours * 3600 * 10**6, 0, "Europe/Rome", "", 0) for hours in (1, 2)}
    for hours, moment in data.items():
        found = decode(moment)
        assert (found.tzinfo.zone, found.utcoffset()) == ("Europe/Rome", datetime.timedelta(hours=hours))
        assert decode(Codec(RefTable()).encode(found)).utcoffset() == found.utcoffset()
    with pytest.raises(ConversionError, match="in pytz"):
        decode(ext(12, 0, 0, 0, "Europe/Nowhere", "", 0))


def test_zones_by_dateutil(monkeypatch):
    tz = types_module("dateutil.tz", gettz=lambda name: OldZone(name) if name == "Europe/Rome" else None)
    old_zones(monkeypatch, dateutil=types_module("dateutil", tz=tz), dateutil_tz=tz)
    monkeypatch.delattr(OldZone, "localize")
    decode = Codec(RefTable()).decode
    assert decode(ext(12, 0, 3600 * 10**6, 0, "Europe/Rome", "", 0)).tzinfo.zone == "Europe/Rome"
    with pytest.raises(ConversionError, match="in dateutil"):
        decode(ext(12, 0, 0, 0, "Europe/Nowhere", "", 0))


def test_no_zones_at_all(monkeypatch):
    old_zones(monkeypatch)
    decode = Codec(RefTable()).decode
    found = decode(ext(12, 0, 3600 * 10**6, 0, "Europe/Rome", "CET", 0))
    assert repr(found.tzinfo) == repr(datetime.timezone(datetime.timedelta(hours=1), "CET"))
    with pytest.raises(ConversionError, match="knows no time zone"):
        decode(ext(10, 0, 0, None, "Europe/Rome"))


NAMES = [
    ("pytz", "DstTzInfo", {"zone": "Europe/Rome"}, "Europe/Rome"),
    ("pytz", "_FixedOffset", {"zone": None}, ""),
    ("dateutil.tz.tz", "tzutc", {}, "Etc/UTC"),
    ("dateutil.tz.tz", "tzoffset", {}, ""),
    ("dateutil.tz.tz", "tzfile", {"_filename": "/usr/share/zoneinfo/Europe/Rome"}, "Europe/Rome"),
    ("dateutil.tz.tz", "tzfile", {"_filename": "Europe/Rome"}, "Europe/Rome"),
    ("dateutil.tz.tz", "tzfile", {"_filename": "/etc/localtime"}, None),
    ("dateutil.tz.tz", "tzfile", {"_filename": None}, None),
    ("dateutil.tz.tz", "tzlocal", {}, None),
    ("somewhere", "Zone", {"zone": "Europe/Rome"}, None),
]


@pytest.mark.parametrize(("module", "name", "attributes", "expected"), NAMES)
def test_names_of_zones(module, name, attributes, expected):
    kind = type(name, (datetime.tzinfo,), {"__module__": module, **attributes})
    assert zones.zone_of(kind()) == expected


def types_module(name, **names):
    module = type(sys)(name)
    vars(module).update(names)
    return module


def test_a_time_in_a_fixed_zone_of_another_library_stays():
    kind = type("_FixedOffset", (datetime.tzinfo,), {"__module__": "pytz", "zone": None})
    value = datetime.time(1, tzinfo=kind())
    codec = Codec(RefTable())
    assert codec.decode(codec.encode(value)) is value
