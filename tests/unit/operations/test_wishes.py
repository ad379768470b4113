"""What `plan` and `upgrade` are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Library, Project
from envmgr.operations import wishes

LIBRARIES = (
    Library("six", "Six[a]>=1.10,<1.17", None, "data"),
    Library("math", None, None, "data"),
    Library("far", "far @ https://example.org/far.whl", None, "data"),
)
PROJECT = Project(
    Path("/x"),
    "app",
    {
        "data": Environment("data", "3.12", LIBRARIES),
        "kept": Environment("kept", "3.12", (Library("old", "old", None, "kept"),), adopt="/venv"),
    },
)


@pytest.mark.parametrize(
    ("text", "spelled", "allowed", "exact"),
    [
        ("six", "", True, False),
        (" six == 1.16.0 ", "==1.16.0", True, True),
        ("six==1.17", "==1.17", False, True),
        ("six==1.*", "==1.*", True, False),
        ("six>=1.16, !=1.16.1", ">=1.16,!=1.16.1", True, False),
        ("six>=2", ">=2", False, False),
        ("six==1.16rc1", "==1.16rc1", True, True),
    ],
)
def test_a_library_and_perhaps_versions(text, spelled, allowed, exact):
    wish = wishes.read(PROJECT, text)
    assert (wish.spelled, wish.is_allowed, wish.is_exact) == (spelled, allowed, exact)
    assert (wish.text, wish.distribution, wish.environment.name) == (f"six{spelled}", "six", "data")


def test_what_a_version_is_to_a_wish():
    exact, newest = wishes.read(PROJECT, "six==1.16"), wishes.read(PROJECT, "six")
    assert (exact.holds("1.16.0"), exact.holds("1.15"), exact.holds(""), newest.holds("")) == (
        True,
        False,
        False,
        True,
    )


@pytest.mark.parametrize(
    ("text", "code", "message", "hint"),
    [
        ("sx", "E-UNKNOWN-LIBRARY", 'no library called "sx"', 'did you mean "six"?'),
        ("data", "E-UNKNOWN-LIBRARY", "data is an environment", "name one of its libraries: six, math, far"),
        ("", "E-USAGE", "does not name a library", "write LIB or LIB==VERSION"),
        ("==1", "E-USAGE", "does not name a library", "write LIB or LIB==VERSION"),
        ("six 1.17", "E-USAGE", "'1.17' does not say versions of six", "write six==1.17"),
        ("six=1.17", "E-USAGE", "'=1.17' does not say versions", "write six==1.17"),
        ("six[b]==1", "E-USAGE", "does not say versions", 'write "six==1.2.3", or "six>=1,<2"'),
        ("six>2,<1", "E-USAGE", "no version is >2,<1", ""),
        ("math==1", "E-USAGE", "a module of the interpreter itself", ""),
        ("far==1", "E-USAGE", "comes from an address", "change `package` in envmgr.toml, then run `envmgr sync`"),
        ("old==1", "E-ADOPT", "is adopted", "change it with the tool that made it, then run `envmgr sync`"),
    ],
)  # fmt: skip
def test_what_cannot_be_wished_for(text, code, message, hint):
    with pytest.raises(EnvmgrError) as caught:
        wishes.read(PROJECT, text)
    assert (caught.value.code, caught.value.hint) == (code, hint)
    assert message in caught.value.message
