from typing import get_args

import pytest

from envmgr.config import schema
from envmgr.environments import locks, resolving
from envmgr.environments.locks import Inputs
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Pin
from envmgr.model.project import Environment, Library
from envmgr.tools import pypa
from envmgr.tools import uv as the_tool
from envmgr.tools.interpreters import Interpreter

PYTHON = Interpreter("/p/python", "3.12.1", "cpython", "abi", "linux", False, {"sys_platform": "linux"})
WEB = Environment("web", "3.12", (Library("six", "six>=1", None, "web"),))
RESOLVED = """\
lock-version = "1.0"
created-by = "uv"
requires-python = "==3.12.*"

[[packages]]
name = "six"
version = "1.17.0"
wheels = [{ url = "https://h/six-1.17.0-py3-none-any.whl", size = %s, hashes = { sha256 = "aa" } }]
"""


@pytest.fixture
def uv(monkeypatch):
    """A resolver that answers from a list and remembers what it was asked."""
    asked = []
    answers = []

    def resolve(requirements, terms, *, pins, **interpreter):
        asked.append((terms, pins))
        return answers.pop(0)

    monkeypatch.setattr(the_tool, "resolve", resolve)
    resolve.asked, resolve.answers = asked, answers
    return resolve


def write(layout, previous=None, environment=WEB, upgrade=False, exclude_newer=None):
    return resolving.write(
        layout, environment, PYTHON, previous=previous, upgrade=upgrade, exclude_newer=exclude_newer
    )


def test_a_lock_knows_what_it_was_made_from(layout, uv):
    uv.answers.append(RESOLVED % 1)
    lock, changed = write(layout)
    assert changed
    assert locks.read(layout, "web") == lock
    assert lock.pins == (Pin("six", "1.17.0"),)
    assert lock.packages(PYTHON)[0].hashes == ("sha256:aa",)
    assert locks.staleness(lock, locks.inputs(WEB, PYTHON)) == ""


def test_a_resolution_that_says_the_same_leaves_the_bytes(layout, uv):
    uv.answers.extend([RESOLVED % 1, RESOLVED % 2])
    first, _ = write(layout)
    again, changed = write(layout, previous=first)
    assert (again, changed) == (first, False)
    assert "size = 1" in layout.lock("web").read_text()
    assert [pins for _, pins in uv.asked] == [[], [("six", "1.17.0")]]


def test_an_upgrade_forgets_pins_and_a_date_is_noted(layout, uv):
    uv.answers.extend([RESOLVED % 1, RESOLVED % 1])
    first, _ = write(layout)
    second, changed = write(layout, previous=first, upgrade=True, exclude_newer="2026-01-01")
    assert changed
    assert uv.asked[1][1] == []
    assert second.document["tool"]["envmgr"]["exclude-newer"] == "2026-01-01"


def test_without_requirements_nothing_is_resolved(layout, uv):
    lock, changed = write(
        layout, environment=Environment("web", "3.12", (Library("math", None, None, "web"),))
    )
    assert (changed, lock.pins, lock.packages(PYTHON)) == (True, (), ())


def test_what_has_no_hash_is_no_lock(layout, uv):
    uv.answers.append(
        'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "mine"\ndirectory = { path = "/m" }\n'
    )
    with pytest.raises(EnvmgrError, match="environment web: mine cannot be locked"):
        write(layout)
    assert not layout.lock("web").exists()


STALE = {
    "a requirement came": (Inputs(("six>=1", "x"), (), "3.12"), "now asks x"),
    "a requirement changed": (Inputs(("six>=2",), (), "3.12"), "no longer asks six>=1; now asks six>=2"),
    "a constraint came": (Inputs(("six>=1",), ("a<1",), "3.12"), "now is constrained to a<1"),
    "overrides": (Inputs(("six>=1",), (), "3.12", overrides=("idna==2",)), "now overrides idna==2"),
    "no builds": (Inputs(("six>=1",), (), "3.12", no_build=True), "now takes wheels only"),
    "platforms": (
        Inputs(("six>=1",), (), "3.12", platforms=("linux-x86_64", "macos-arm64")),
        "now for linux-x86_64, macos-arm64 only",
    ),
    "another Python": (Inputs(("six>=1",), (), "3.13"), "was locked for Python 3.12, is now of Python 3.13"),
}


@pytest.mark.parametrize("case", STALE)
def test_staleness_in_words(layout, uv, case):
    wanted, words = STALE[case]
    uv.answers.append(RESOLVED % 1)
    lock, _ = write(layout)
    assert locks.staleness(lock, wanted) == words


STRICT = Environment("web", "3.12", WEB.libraries, (), ("idna==2",), True, ("linux-x86_64",))


def test_settings_that_are_set_are_asked_for_and_noted(layout, uv):
    uv.answers.append(RESOLVED % 1)
    lock, _ = write(layout, environment=STRICT)
    ((terms, _),) = uv.asked
    assert (terms.overrides, terms.no_build) == (("idna==2",), True)
    assert terms.platforms == ["sys_platform == 'linux' and platform_machine == 'x86_64'"]
    assert locks.staleness(lock, locks.inputs(STRICT, PYTHON)) == ""
    assert locks.staleness(lock, locks.inputs(WEB, PYTHON)) == (
        "no longer overrides idna==2; now may build from source; now for every platform"
    )


def test_settings_that_are_not_set_leave_older_locks_as_they_are(layout, uv):
    uv.answers.append(RESOLVED % 1)
    lock, _ = write(layout)
    assert set(lock.noted) == {"inputs", "python", "requirements", "constraints"}
    assert lock.noted["inputs"] == digest([["six>=1"], [], "3.12"])


def test_a_lock_for_other_platforms_is_refused(layout):
    content = (
        RESOLVED.replace("[[packages]]", "environments = [\"sys_platform == 'win32'\"]\n[[packages]]") % 1
    )
    lock = locks.parse(layout.lock("web"), content.encode())
    with pytest.raises(
        EnvmgrError, match=r"is not for this machine \(linux\): it is locked for sys_platform"
    ) as caught:
        lock.packages(PYTHON)
    assert (caught.value.code, "`platforms`" in caught.value.hint) == ("E-LOCK", True)


def test_every_platform_of_the_configuration_has_a_marker():
    assert set(pypa.PLATFORMS) == set(get_args(schema.Platform))


def test_locks_that_others_wrote_are_stale(layout):
    assert locks.staleness(None, locks.inputs(WEB, PYTHON)) == "there is no lock yet"
    foreign = locks.parse(layout.lock("web"), (RESOLVED % 1).encode())
    assert "now asks six>=1" in locks.staleness(foreign, locks.inputs(WEB, PYTHON))
    tampered = b'[tool.envmgr]\ninputs = "x"\nrequirements = ["six>=1"]\nconstraints = []\npython = "3.12"\n'
    assert locks.staleness(locks.parse(layout.lock("web"), tampered), locks.inputs(WEB, PYTHON)) == (
        "it was locked from something else"
    )


BROKEN = [
    b"= broken",
    b"\xff\xfe",
    b"packages = 5",
    b"packages = [5]",
    b"[[packages]]\nversion = '1'",
    b"[[packages]]\nname = 'a'\nversion = 1",
    b"[[packages]]\nname = 'a'\nwheels = [5]",
    b"tool = 5",
    b"[tool.envmgr]\nrequirements = 5",
    b"[tool.envmgr]\nexclude-newer = 5",
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_damaged_lock(layout, content):
    layout.lock("web").parent.mkdir()
    layout.lock("web").write_bytes(content)
    with pytest.raises(EnvmgrError, match="is not a valid lock") as caught:
        locks.read(layout, "web")
    assert caught.value.code == "E-LOCK"


def test_a_document_that_is_no_lock(layout):
    with pytest.raises(EnvmgrError, match="is not a valid lock"):
        locks.parse(layout.lock("web"), b"").packages(PYTHON)


def test_a_lock_holds_no_password(layout, uv):
    uv.answers.append((RESOLVED % 1).replace("https://h/", "https://u:secret@h/"))
    with pytest.raises(EnvmgrError, match="an address on h holds a user or a password") as caught:
        write(layout)
    assert "secret" not in caught.value.message
    assert not layout.lock("web").exists()


def test_the_order_of_libraries_plays_no_part():
    libraries = (Library("a", "a", None, "web", ("c",)), Library("b", "b", None, "web", ("c",)))
    one = locks.inputs(Environment("web", "3.12", libraries, ("y", "x")), PYTHON)
    two = locks.inputs(Environment("web", "3.12", libraries[::-1], ("x", "y")), PYTHON)
    assert one == two
    assert one.requirements == ("a", "b", "c")
