"""What becomes of requirements and pins, decided without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from envmgr.environments.locks import parse
from envmgr.errors import EnvmgrError
from envmgr.operations import carrying
from envmgr.operations.carrying import carry, chosen_python, environment_name, library_name, with_implied
from envmgr.operations.keeping import check_hashes, exactly, moved_pins, unneeded
from envmgr.tools import interpreters
from envmgr.tools.foreign.reading import AskedPython, Place, Reading, Wanted

FILE = Path("/project/requirements.txt")
MARKERS = {
    "python_version": "3.11",
    "python_full_version": "3.11.7",
    "sys_platform": "linux",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}


def reading(*requirements, pins=()):
    found = Reading("requirements", [FILE])
    for line, text in enumerate(requirements, 1):
        found.want(text, Place(FILE, line))
    for name, version, *rest in pins:
        found.pin(
            name, version, rest[0] if rest else (), Place(FILE, 99), marker=rest[1] if rest[1:] else None
        )
    return found


def left(carried):
    return {(one.what, one.why.partition(":")[0].partition(";")[0], one.place.line) for one in carried.left}


def test_tables_of_libraries():
    carried = carry(
        reading("Six==1.16.0", "requests[socks]<3,!=2.5,>=2", "ruamel.yaml", "2to3~=1.0", "a" * 70 + "===1"),
        MARKERS,
    )
    assert carried.libraries == {
        "six": {"version": "==1.16.0"},
        "requests": {"package": "requests[socks]", "version": ">=2,<3,!=2.5"},
        "ruamel-yaml": {},
        "lib-2to3": {"package": "2to3", "version": "~=1.0"},
        "a" * 64: {"package": "a" * 70, "version": "===1"},
    }
    assert carried.left == []


def test_markers_choose_and_are_said():
    carried = carry(
        reading(
            'numpy<2; python_version < "3.12"',
            'numpy>=2; python_version >= "3.12"',
            'tomli; sys_platform != "win32"',
            'colorama; sys_platform == "win32"',
            'pypy-only; implementation_name == "pypy"',
            'fast; extra == "speed"',
        ),
        MARKERS,
    )
    assert carried.libraries == {"numpy": {"version": "<2"}, "tomli": {}}
    excludes = "its marker excludes Python 3.11 on linux"
    assert left(carried) == {
        ('numpy>=2; python_version >= "3.12"', excludes, 2),
        ('tomli; sys_platform != "win32"', "a library is installed on every platform", 3),
        ('colorama; sys_platform == "win32"', excludes, 4),
        ('pypy-only; implementation_name == "pypy"', excludes, 5),
        ('fast; extra == "speed"', excludes, 6),
    }


def test_types_for_checkers_are_no_libraries():
    carried = carry(reading("requests", "types-requests==2.31", "pandas-stubs"), MARKERS)
    assert carried.libraries == {"requests": {}}
    assert {one.place.line for one in carried.left} == {2, 3}


def test_the_same_distribution_twice():
    carried = carry(reading("six>=1", "SIX[x]<2", "six[y]>=1"), MARKERS)
    assert carried.libraries == {"six": {"package": "six[x,y]", "version": ">=1,<2"}}


def test_one_pin_a_name():
    found = reading(
        pins=[
            ("six", "1.16", ["sha256:a"]),
            ("six", "1.16.0", ["sha256:b"]),
            ("numpy", "2.0"),
            ("numpy", "1.26"),
            ("torch", "2.0", (), 'sys_platform == "darwin"'),
            ("torch", "2.1", (), 'sys_platform == "linux"'),
            ("pywin32", "306", (), 'sys_platform == "win32"'),
            ("bad", "1", (), "sys_platform is linux"),
            ("plugin", "1", (), 'extra == "x"'),
        ]
    )
    carried = carry(found, MARKERS)
    assert {name: pin.version for name, pin in carried.pins.items()} == {
        "six": "1.16.0",
        "numpy": "2.0",
        "torch": "2.1",
        "bad": "1",
        "plugin": "1",
    }
    assert {one.what for one in carried.left} == {
        "six 1.16",
        "numpy 1.26",
        "pywin32 306",
        "bad: its marker 'sys_platform is linux'",
    }


def test_named_libraries_alone():
    found = reading("six", "idna>=3", pins=[("h11", "0.16.0")])
    carried = carry(found, MARKERS, ["IDNA", "h11", "h11"])
    assert carried.libraries == {"idna": {"version": ">=3"}, "h11": {}}
    assert left(carried) == {("six", "--library did not name it", 1)}
    with pytest.raises(EnvmgrError, match='no requirement called "idn"') as caught:
        carry(found, MARKERS, ["idn", "six"])
    assert (caught.value.code, caught.value.hint) == ("E-UNKNOWN-LIBRARY", 'did you mean "idna"?')


def test_implied_requirements_return_when_nothing_brings_them():
    found = reading("httpcore")
    found.implied.append(Wanted(Requirement("h2==4.1.0"), Place(FILE, 3)))
    carried = carry(found, MARKERS)
    assert with_implied(carried, found, {"h11"}) is None
    more = with_implied(carried, found, {"h2"})
    assert more.libraries == {"httpcore": {}, "h2": {"version": "==4.1.0"}}
    assert with_implied(more, found, {"h2"}) is None


@pytest.mark.parametrize(
    ("project", "environment"),
    [
        ("shop", "shop"),
        ("My Shop!", "My-Shop"),
        ("2024", "env-2024"),
        ("", "imported"),
        ("é", "imported"),
        ("x" * 80, "x" * 64),
    ],
)
def test_names_of_environments(project, environment):
    assert environment_name(project) == environment
    assert library_name("Zope.Interface") == "zope-interface"


def interpreter(version):
    return interpreters.Interpreter(f"/python{version}", version, "cpython", "abi", "linux", False, {})


@pytest.fixture
def machine(monkeypatch):
    """Has 3.9, 3.11 and 3.13; 3.11 runs envmgr."""
    there = {"3.9": "3.9.18", "3.11": "3.11.7", "3.13": "3.13.0", "3.13.0": "3.13.0"}

    def find(spec, *, root):
        if spec not in there:
            raise EnvmgrError("E-INTERPRETER", "no")
        return interpreter(there[spec])

    monkeypatch.setattr(carrying.interpreters, "find", find)
    monkeypatch.setattr(
        carrying.interpreters, "everything", lambda: map(interpreter, sorted({*there.values()}))
    )


@pytest.mark.parametrize(
    ("asked", "spec", "version", "unmet"),
    [
        ([("3.13.0", False)], "3.13.0", "3.13.0", []),
        ([("3.8", False), (">=3.9", True)], "3.11", "3.11.7", ["python 3.8"]),
        ([(">=3.12", True)], "3.13", "3.13.0", []),
        ([("<3.11", True)], "3.9", "3.9.18", []),
        ([(">=3.14", True)], "3.11", "3.11.7", ["python >=3.14"]),
        ([("banana", True)], "3.11", "3.11.7", ["python banana"]),
        ([], "3.11", "3.11.7", []),
    ],
)
def test_which_python(machine, asked, spec, version, unmet):
    found = reading()
    found.pythons = [AskedPython(text, Place(FILE, 1), is_range) for text, is_range in asked]
    chosen, said = chosen_python(found, FILE.parent, "3.11")
    assert (chosen.version, said) == (version, spec)
    assert [one.what for one in found.left] == unmet


LOCK = b"""\
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "six"
version = "1.16.0"
sdist = { url = "u", hashes = { sha256 = "aa" } }
wheels = [{ url = "w", hashes = { sha256 = "bb" } }]
[[packages]]
name = "idna"
version = "3.7"
archive = { url = "u", hashes = { sha256 = "cc" } }
"""


def test_pins_against_the_lock():
    lock = parse(FILE, LOCK)
    found = carry(
        reading(pins=[("six", "1.16.0", ["sha256:bb"]), ("idna", "3.6", ["sha256:cc"]), ("h11", "1")]),
        MARKERS,
    ).pins.values()
    assert [(moved.pin.name, moved.instead) for moved in moved_pins(found, lock)] == [("idna", "3.7")]
    assert [pin.name for pin in unneeded(found, lock)] == ["h11"]
    assert exactly(found) == ("h11==1", "idna==3.6", "six==1.16.0")
    check_hashes(found, lock)
    other = carry(
        reading(pins=[("six", "1.16.0", ["sha256:cc"]), ("idna", "3.7", ["sha256:aa"])]), MARKERS
    ).pins
    with pytest.raises(
        EnvmgrError, match=r"six 1.16.0 \(/project/requirements.txt:99\)\n  idna 3.7"
    ) as caught:
        check_hashes(other.values(), lock)
    assert caught.value.code == "E-TAMPERED"
    assert caught.value.details["pins"][0]["locked"] == ["sha256:aa", "sha256:bb"]
