"""Every key of the error map, whatever the exception does."""

from __future__ import annotations

import sys
import types
from functools import partial

import pytest

from envmgr_runtime.execution import failures as entry
from envmgr_runtime.execution.calls import Calls
from envmgr_runtime.execution.failures import failure
from envmgr_runtime.library.loading import Libraries
from envmgr_runtime.wire.packing import packb, unpackb

KEYS = {
    "code",
    "type",
    "module",
    "message",
    "traceback",
    "frames",
    "library",
    "path",
    "class",
    "retry",
    "hint",
}
KEYS |= {"mro", "notes", "chain", "group", "signature", "arguments", "step"}


def raised(error, **call):
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - any exception
        return failure("exception", caught, **call)


def told(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except BaseException as caught:  # noqa: BLE001 - any exception
        return failure("exception", caught, function=function, args=args, kwargs=kwargs)
    raise AssertionError


class Group(Exception):
    def __init__(self, *exceptions):
        super().__init__("some")
        self.exceptions = exceptions


def test_every_key_is_there_and_can_be_sent():
    found = raised(ValueError("x"))
    assert set(found) == KEYS
    assert unpackb(packb(found)) == found
    assert found["mro"] == ["builtins.ValueError", "builtins.Exception", "builtins.BaseException"]


def test_the_call_is_told():
    def login(host, password, *rest, port=1):
        """Logs in."""
        raise ValueError(f"bad password {password} at https://u:p@{host}")

    found = told(login, "db", "hunter2!", 3, port=[1, 2])
    assert found["signature"].endswith("login(host, password, *rest, port=1)")
    assert found["arguments"] == [
        ["host", "'db'"],
        ["password", "[redacted]"],
        ["rest[0]", "3"],
        ["port", "[1, 2]"],
    ]
    assert found["message"] == "bad password [redacted] at https://[redacted]@db"
    assert "hunter2" not in str(found)


def test_secrets_are_nowhere():
    key = "AKIAIOSFODNN7EXAMPLE"
    error = ValueError(f"{key}")
    error.__notes__ = [f"note {key}"]
    error.__cause__ = KeyError(f"cause {key}")
    found = raised(error, args=[{"url": f"https://a:b@c/{key}"}])
    assert key not in str(found)
    assert found["notes"] == ["note [redacted]"]


def test_arguments_without_a_signature():
    found = told(min, 5)
    assert found["arguments"] == [[0, "5"]]
    assert found["signature"].startswith("min(iterable")


def test_a_signature_that_cannot_be_had():
    class Strange:
        @property
        def __signature__(self):
            raise SystemExit

        @property
        def __doc__(self):
            raise SystemExit

        def __call__(self, value):
            raise ValueError("x")

    found = told(Strange(), 1)
    assert (found["signature"], found["arguments"]) == (None, [[0, "1"]])


def test_operations_and_attributes_of_objects():
    function = partial(getattr, [1], "appendd")
    found = told(function)
    assert (found["signature"], found["arguments"]) == (None, [])
    if sys.version_info >= (3, 10):
        assert found["hint"] == "did you mean `append`?"


def test_the_chain_from_the_nearest_on():
    def chain():
        try:
            try:
                int("x")
            except ValueError as inner:
                raise KeyError("middle") from inner
        except KeyError:
            raise LookupError("outer")  # noqa: B904 - the context is what is looked at

    found = told(chain)
    assert [(relation, other["type"]) for relation, other in found["chain"]] == [
        ("context", "KeyError"),
        ("cause", "ValueError"),
    ]
    assert found["chain"][0][1]["frames"][-1][2] == "chain"


def test_a_suppressed_context_is_not_told():
    def chain():
        try:
            int("x")
        except ValueError:
            raise KeyError from None

    assert told(chain)["chain"] == []


def test_circles_and_long_chains_end():
    one, two = ValueError("1"), KeyError("2")
    one.__cause__, two.__cause__ = two, one
    assert [other["type"] for _, other in raised(one)["chain"]] == ["KeyError"]
    error = last = ValueError("0")
    for n in range(50):
        last.__cause__ = ValueError(str(n))
        last = last.__cause__
    assert len(raised(error)["chain"]) == 20


def test_groups_by_what_they_have():
    found = raised(Group(ValueError("a"), Group(KeyError("b"))))
    assert [member["type"] for member in found["group"]] == ["ValueError", "Group"]
    assert [member["message"] for member in found["group"][1]["group"]] == ["'b'"]
    assert raised(ValueError())["group"] is None


def test_groups_are_limited():
    deep = ValueError("x")
    for _ in range(20):
        deep = Group(deep)
    found, depth = raised(deep), 0
    while found.get("group"):
        found, depth = found["group"][0], depth + 1
    assert depth == 5
    assert len(raised(Group(*[ValueError(str(n)) for n in range(500)]))["group"]) == 100


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")
def test_groups_of_python():
    group = ExceptionGroup("two", [ValueError(1), ExceptionGroup("in", [TypeError(2)])])  # noqa: F821
    found = raised(group)
    assert [member["type"] for member in found["group"]] == ["ValueError", "ExceptionGroup"]


def test_notes_that_are_none():
    for notes, want in (["a", 5, "b"], ["a", "b"]), ("text", ["text"]), (5, []), (None, []):
        error = ValueError()
        error.__notes__ = notes
        assert raised(error)["notes"] == want


class Hostile(ValueError):
    """Whatever can be asked of it raises or lies."""

    def __str__(self):
        raise SystemExit("in __str__")

    __repr__ = __str__

    @property
    def __notes__(self):
        raise KeyboardInterrupt

    @property
    def exceptions(self):
        raise SystemExit

    @property
    def __class__(self):
        return int

    @property
    def obj(self):
        raise MemoryError

    name = errno = filename = args = obj


def test_a_hostile_exception():
    found = raised(Hostile())
    assert set(found) == KEYS
    assert (found["type"], found["class"]) == ("Hostile", "usage")
    assert found["message"] == "<the exception's __str__ raised SystemExit>"
    assert (found["notes"], found["group"]) == ([], None)


class Meta(type):
    @property
    def __mro__(cls):
        raise SystemExit

    @property
    def __module__(cls):
        raise SystemExit


def test_a_class_that_lies():
    found = raised(Meta("Odd", (Exception,), {})())
    assert found["type"] == "Odd"
    assert set(found) >= KEYS - {"library"}
    assert found["traceback"].startswith("Odd")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SystemExit(3), "library"),
        (KeyboardInterrupt(), "policy"),
        (GeneratorExit(), "library"),
        (StopIteration(1), "usage"),
        (MemoryError(), "resource"),
        (RecursionError("deep"), "resource"),
    ],
    ids=lambda value: str(type(value).__name__),
)
def test_what_is_no_ordinary_exception(error, kind):
    found = raised(error)
    assert (found["type"], found["class"]) == (type(error).__name__, kind)
    assert found["hint"] or type(error) is GeneratorExit


def test_an_exception_that_cannot_be_pickled():
    error = ValueError("x")
    error.lock = lambda: 1
    error.frame = sys._getframe()
    assert raised(error)["message"] == "x"


def test_huge_and_odd_messages():
    assert len(raised(ValueError("x" * 10**7))["message"]) < 70_000
    assert raised(ValueError("caf\udce9"))["message"] == "caf\\udce9"


def test_with_no_memory_left_the_least_is_told(monkeypatch):
    broken = types.ModuleType("broken")

    def error_map(*_):
        raise MemoryError

    broken.error_map = error_map
    monkeypatch.setitem(sys.modules, "envmgr_runtime.failures.report", broken)
    found = entry.failure("exception", ValueError("x"), step="step 1")
    assert found["type"] == "ValueError"
    assert (found["class"], found["step"], found["frames"]) == ("resource", "step 1", [])
    assert packb(found)


def test_a_part_that_fails_takes_no_other_with_it(monkeypatch):
    from envmgr_runtime.failures import report

    def fails(*_):
        raise RecursionError

    for name in "chain", "group":
        monkeypatch.setattr(report.chain, name, fails)
    monkeypatch.setattr(report, "classified", fails)
    found = raised(ValueError("x"))
    assert set(found) == KEYS
    assert (found["chain"], found["group"], found["class"]) == ([], None, "library")


def test_advice_that_fails_is_none(monkeypatch):
    from envmgr_runtime.advice import advising

    def fails(*_):
        raise SystemExit

    monkeypatch.setattr(advising, "advice", fails)
    assert raised(SystemExit(1))["hint"] is None


def test_a_step_of_a_chain_has_its_own_call():
    libraries = Libraries()
    libraries.load({"json": ["json", ""], "builtins": ["builtins", ""]})
    payload = packb([[['{"a": 1}'], {}], [["b"], {}]])
    _, answer = Calls(libraries).run([[[0, "json.loads"], [1, "pop"]]], 0, payload)
    found = unpackb(answer)
    assert (found["type"], found["step"]) == ("KeyError", "step 2 (pop)")
    assert found["arguments"][0][1] == "'b'"
    assert found["hint"] == 'the keys are "a"'


def test_the_start_says_which_line_to_add():
    from envmgr_runtime.execution.calls import start_failure

    found = unpackb(start_failure(ModuleNotFoundError("No module named 'yaml'", name="yaml"), "config"))
    assert found["hint"].startswith('add with = ["PyYAML"] under [library.config] in envmgr.toml')
    assert found["class"] == "library"
