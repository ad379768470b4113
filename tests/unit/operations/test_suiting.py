"""Which interpreters walk which release."""

from datetime import UTC, datetime

import pytest

from envmgr.errors import EnvmgrError
from envmgr.matrix import tags
from envmgr.operations import suiting
from envmgr.tools.index import Release
from envmgr.tools.index_pages import File
from envmgr.tools.interpreters import Interpreter


def python(version, *, free_threaded=False):
    return Interpreter(f"/py/{version}", version, "cpython", "abi", "linux-x86_64", free_threaded, {})


HERE = [python(version) for version in ("3.9.1", "3.11.2", "3.11.7", "3.12.1", "3.13.0")]
HERE.append(python("3.13.0", free_threaded=True))


def release(version, *pythons, day=None, yanked=False, requires=""):
    machine = tags.here().partition("-")[2]
    names = [f"lib-{version}-cp3{minor}-cp3{minor}-linux_{machine}.whl" for minor in pythons] or [
        f"lib-{version}-py3-none-any.whl"
    ]
    moment = None if day is None else datetime.fromisoformat(day).replace(tzinfo=UTC)
    return Release("lib", version, tuple(File(name, moment, requires, yanked) for name in names))


def tried(before, after, preferred=None, *, only=False):
    return [
        (each.before.version, each.after.version, each.newer)
        for each in suiting.attempts(before, after, preferred, HERE, only=only)
    ]


NONE = (None, None)


def test_the_newest_of_the_days_of_the_older_release_and_dependencies_of_their_days() -> None:
    before, after = release("1", day="2022-11-01"), release("2", day="2025-01-01")
    dates = ("2022-11-02T00:00:00Z", "2025-01-02T00:00:00Z")
    assert tried(before, after) == [
        ("3.11.7", "3.11.7", dates),
        ("3.11.7", "3.11.7", NONE),
        ("3.9.1", "3.9.1", dates),
        ("3.9.1", "3.9.1", NONE),
    ]


def test_one_that_both_have_files_for() -> None:
    assert tried(release("1", 9, 11), release("2", 11, 12)) == [("3.11.7", "3.11.7", NONE)]
    assert tried(release("1", 11, 12), release("2", 12), HERE[1])[0] == ("3.12.1", "3.12.1", NONE)
    assert tried(release("1", 11, 12), release("2", 11, 12), HERE[1])[0] == ("3.11.2", "3.11.2", NONE)


def test_one_for_each_where_no_one_has_both() -> None:
    assert tried(release("1", 9), release("2", 13)) == [("3.9.1", "3.13.0", NONE)]
    assert tried(release("1", requires="<3.10"), release("2", requires=">=3.12")) == [
        ("3.9.1", "3.13.0", NONE)
    ]


def test_where_nothing_fits_uv_says_why() -> None:
    assert tried(release("1", 7), release("2", 12)) == [("3.13.0", "3.12.1", NONE)]
    assert tried(release("1", 9), release("2", 13), HERE[0], only=True) == [("3.9.1", "3.9.1", NONE)]
    assert list(suiting.attempts(release("1"), release("2"), None, [], only=False)) == []


def test_a_yanked_release_that_is_named_will_do() -> None:
    assert tried(release("1", yanked=True), release("2"))[0][0] == "3.13.0"


def test_the_release_of_a_version() -> None:
    known = [release(version) for version in ("1.0", "1.1", "2.0")]
    assert suiting.find(known, "lib", "1.0.0").version == "1.0"
    with pytest.raises(EnvmgrError, match=r"no index has lib 1\.5") as raised:
        suiting.find(known, "lib", "1.5")
    assert raised.value.hint == "near it there is 1.0, 1.1, 2.0"
    with pytest.raises(EnvmgrError) as raised:
        suiting.find([], "lib", "1.5")
    assert raised.value.code == "E-LOCK"
    with pytest.raises(EnvmgrError, match="is no version of lib"):
        suiting.find(known, "lib", "newest")
