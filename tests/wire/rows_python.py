"""Rows of the standard library's types. Types that tests define are in `tests/runtime/vector_types.py`."""

from __future__ import annotations

import struct

from hand import NIL, double, ext, integer, many, text

HOUR = 3_600_000_000
SOME_DAY = 1_700_000_000 * 10**6 + 123_456


def clock(us: int, fold: int) -> bytes:
    return ext(11, struct.pack(">qB", us, fold))


def moment(
    us: int, offset: int, dst: int, zone: str | None, abbreviation: str, fold: int, told: bool = False
) -> tuple[object, bytes]:
    """`told`: the offset tells the fold, which is therefore not sent."""
    tagged = {
        "us": us,
        "offset": offset,
        "dst": dst,
        "zone": zone,
        "abbreviation": abbreviation,
        "fold": fold,
        "told": told,
    }
    parts = integer(us), integer(offset), integer(dst), NIL if zone is None else text(zone)
    return {"aware-datetime": tagged}, ext(12, many(*parts, text(abbreviation), integer(0 if told else fold)))


def time(us: int, fold: int = 0, offset: int | None = None, zone: str | None = None) -> tuple[object, bytes]:
    parts = (
        integer(us),
        integer(fold),
        NIL if offset is None else integer(offset),
        NIL if zone is None else text(zone),
    )
    return {"time": {"us": us, "fold": fold, "offset": offset, "zone": zone}}, ext(10, many(*parts))


def delta(days: int, seconds: int, us: int) -> tuple[object, bytes]:
    return {"timedelta": {"days": days, "seconds": seconds, "us": us}}, ext(
        13, struct.pack(">iII", days, seconds, us)
    )


def complex_of(real: str, imaginary: str) -> tuple[object, bytes]:
    return {"complex": [real, imaginary]}, ext(7, double(float(real))[1:] + double(float(imaginary))[1:])


def enum(kind: str, name: str | None, value: object, packed: bytes) -> tuple[object, bytes]:
    tagged = {"type": kind, "name": name, "value": value}
    return {"enum": tagged}, ext(17, many(text(kind), NIL if name is None else text(name), packed))


def record(kind: int, name: str, *fields: tuple[str, object, bytes]) -> tuple[object, bytes]:
    tagged = {"kind": kind, "type": name, "fields": [[field, value] for field, value, _ in fields]}
    packed = many(*(many(text(field), data) for field, _, data in fields))
    return {"record": tagged}, ext(18, many(integer(kind), text(name), packed))


def rows() -> list[tuple[str, str, object, bytes, bool]]:
    one, two = ({"int": "1"}, integer(1)), ({"int": "2"}, integer(2))
    made = [
        *(("complex", f"complex {a} {b}", complex_of(a, b)) for a, b in (("1.5", "-2.0"), ("-0.0", "0.0"), ("nan", "inf"))),
        *(("decimal", f"decimal {s}", ({"decimal": s}, ext(8, s.encode()))) for s in ("1.50", "-0", "0E-7", "1E+30", "NaN", "sNaN12", "-Infinity", "3.14159265358979323846264338327950288")),
        *(("date", f"date {days}", ({"date": days}, ext(9, struct.pack(">i", days)))) for days in (0, 19_000, -1, -719_162, 2_932_896)),
        ("time", "midnight", time(0)),
        ("time", "last of a day", time(86_400_000_000 - 1)),
        ("time", "half past one, the second time", time(5_400_000_000, fold=1)),
        ("time", "time in UTC", time(HOUR, offset=0, zone="Etc/UTC")),
        ("time", "time at an offset", time(HOUR, offset=2 * HOUR)),
        ("time", "time at an offset with a name", time(HOUR, offset=-5 * HOUR, zone="EST")),
        ("time", "time in Rome", time(HOUR, zone="Europe/Rome")),
        ("datetime", "1970", ({"datetime": {"us": 0, "fold": 0}}, clock(0, 0))),
        ("datetime", "datetime with microseconds", ({"datetime": {"us": SOME_DAY, "fold": 0}}, clock(SOME_DAY, 0))),
        ("datetime", "datetime with fold", ({"datetime": {"us": SOME_DAY, "fold": 1}}, clock(SOME_DAY, 1))),
        ("datetime", "first datetime", ({"datetime": {"us": -62_135_596_800 * 10**6, "fold": 0}}, clock(-62_135_596_800 * 10**6, 0))),
        ("datetime", "last datetime", ({"datetime": {"us": 253_402_300_800 * 10**6 - 1, "fold": 0}}, clock(253_402_300_800 * 10**6 - 1, 0))),
        ("aware-datetime", "datetime in UTC", moment(SOME_DAY, 0, 0, "Etc/UTC", "UTC", 0)),
        ("aware-datetime", "datetime in Rome, winter", moment(SOME_DAY, HOUR, 0, "Europe/Rome", "CET", 0)),
        ("aware-datetime", "datetime in Rome, summer", moment(1_690_000_000 * 10**6, 2 * HOUR, HOUR, "Europe/Rome", "CEST", 0)),
        ("aware-datetime", "half past two in Rome, the first time", moment(1_698_546_600 * 10**6, 2 * HOUR, HOUR, "Europe/Rome", "CEST", 0)),
        ("aware-datetime", "half past two in Rome, the second time", moment(1_698_546_600 * 10**6, HOUR, 0, "Europe/Rome", "CET", 1, told=True)),
        ("aware-datetime", "datetime in Rome with fold where nothing is ambiguous", moment(SOME_DAY, HOUR, 0, "Europe/Rome", "CET", 1)),
        ("aware-datetime", "datetime at an offset", moment(SOME_DAY, 2 * HOUR, 0, None, "UTC+02:00", 0)),
        ("aware-datetime", "datetime at an offset of seconds", moment(SOME_DAY, -HOUR - 30_000_000, 0, None, "UTC-01:00:30", 0)),
        ("aware-datetime", "datetime at an offset with a name", moment(SOME_DAY, -5 * HOUR, 0, None, "EST", 0)),
        *(("timedelta", f"timedelta {parts}", delta(*parts)) for parts in ((0, 0, 0), (-1, 86_399, 999_999), (999_999_999, 86_399, 999_999), (-999_999_999, 0, 0))),
        ("enum", "enum member", enum("vector_types.Color", "RED", {"str": "red"}, text("red"))),
        ("enum", "enum member of a tuple", enum("vector_types.Color", "PAIR", {"tuple": [one[0], two[0]]}, ext(3, b"\x92\x01\x02"))),
        ("enum", "member of an IntEnum", enum("vector_types.Level", "HIGH", two[0], two[1])),
        ("enum", "flag", enum("vector_types.Access", "READ", one[0], one[1])),
        ("enum", "flags together", enum("vector_types.Access", None, {"int": "5"}, integer(5))),
        ("record", "dataclass", record(0, "vector_types.Order", ("id", *one), ("items", {"list": [{"str": "a"}]}, b"\x91\xa1a"))),
        ("record", "frozen dataclass with slots", record(0, "vector_types.Frozen", ("x", *one), ("y", {"none": True}, NIL))),
        ("record", "dataclass in a dataclass", record(0, "vector_types.Outer.Inner", ("order", *record(0, "vector_types.Order", ("id", *two), ("items", {"list": []}, b"\x90"))))),
        ("record", "named tuple", record(1, "vector_types.Point", ("x", *one), ("y", *two))),
        ("record", "object by its attributes", record(2, "vector_types.Plain", ("a", *one), ("b", {"str": "x"}, text("x")))),
        ("range", "range", ({"range": ["0", "10", "3"]}, ext(21, many(integer(0), integer(10), integer(3))))),
        ("range", "range backwards, large", ({"range": [str(2**70), "-1", "-1"]}, ext(21, many(integer(2**70), integer(-1), integer(-1))))),
        ("slice", "slice", ({"slice": [one[0], {"none": True}, two[0]]}, ext(22, many(one[1], NIL, two[1])))),
        ("slice", "slice of strings", ({"slice": [{"str": "a"}, {"str": "b"}, {"none": True}]}, ext(22, many(text("a"), text("b"), NIL)))),
        ("uuid", "uuid", ({"uuid": "12345678-1234-5678-1234-567812345678"}, ext(23, bytes.fromhex("12345678123456781234567812345678")))),
        ("fraction", "fraction", ({"fraction": ["-1", "3"]}, ext(24, many(integer(-1), integer(3))))),
        ("fraction", "fraction of large numbers", ({"fraction": ["1", str(2**80)]}, ext(24, many(integer(1), integer(2**80))))),
        ("path", "pure path", ({"path": {"class": "PurePosixPath", "path": "/tmp/é"}}, ext(34, many(text("PurePosixPath"), text("/tmp/é"))))),
        ("path", "Windows path", ({"path": {"class": "PureWindowsPath", "path": "C:\\a"}}, ext(34, many(text("PureWindowsPath"), text("C:\\a"))))),
        ("path", "path that is not UTF-8", ({"path": {"class": "PosixPath", "path": {"surrogate-string": "edb3bf"}}}, ext(34, many(text("PosixPath"), ext(20, b"\xed\xb3\xbf"))))),
        ("singleton", "Ellipsis", ({"singleton": "Ellipsis"}, ext(35, b"Ellipsis"))),
        ("singleton", "NotImplemented", ({"singleton": "NotImplemented"}, ext(35, b"NotImplemented"))),
    ]  # fmt: skip
    return [(row, name, tagged, data, True) for row, name, (tagged, data) in made]
