"""The error map says what Python says, whatever the exception does."""

from __future__ import annotations

import importlib.util
import linecache
import sys
from pathlib import Path

import pytest
from msgpack import ExtType, packb

from envmgr_runtime.execution import failures
from envmgr_runtime.execution.calls import Calls, start_failure
from envmgr_runtime.execution.failures import failure
from envmgr_runtime.library.loading import Libraries
from envmgr_runtime.wire.packing import unpackb

SOURCE = """
class Own(Exception):
    def __str__(self):
        raise KeyError("in __str__")
class Exits(Exception):
    def __str__(self):
        raise SystemExit(3)
class Surrogates(Exception):
    __module__ = "\\udc80"
Surrogates.__qualname__ = "S\\udc81"
def plain(): raise ValueError("no good")
def silent(): raise Own()
def exits(): raise Exits()
def surrogates(): raise ValueError("caf\\udce9")
def odd_class(): raise Surrogates("x")
def recursion(): return recursion()
def long(): raise ValueError("x" * 10**6)
def chain():
    try:
        plain()
    except ValueError as error:
        raise LookupError("outer") from error
def leave(): raise SystemExit(2)
def interrupted(): raise KeyboardInterrupt
def syntax(): compile("a b", "<given>", "exec")
def group(): raise ExceptionGroup("two", [ValueError(1), TypeError(2)])
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("failing") / "failing_library.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("failing_library", str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules["failing_library"] = module
    yield module
    del sys.modules["failing_library"]


def run(library, name):
    """The error map of a call that goes through the runtime."""
    libraries = Libraries()
    libraries.load({"lib": [library.__name__, ""]})
    _, payload = Calls(libraries).run(f"lib.{name}", 0, packb([[], {}]))
    return unpackb(payload)


CASES = {
    "plain": ("ValueError", "builtins", "no good"),
    "silent": ("Own", "failing_library", "<the exception's __str__ raised KeyError>"),
    "exits": ("Exits", "failing_library", "<the exception's __str__ raised SystemExit>"),
    "surrogates": ("ValueError", "builtins", "caf\\udce9"),
    "odd_class": ("S\\udc81", "\\udc80", "x"),
    "chain": ("LookupError", "builtins", "outer"),
    "leave": ("SystemExit", "builtins", "2"),
    "interrupted": ("KeyboardInterrupt", "builtins", ""),
}


@pytest.mark.parametrize("name", list(CASES))
def test_what_is_said(library, name):
    found = run(library, name)
    assert found["code"] == "exception"
    assert (found["type"], found["module"], found["message"]) == CASES[name]
    assert found["library"] is None


@pytest.mark.parametrize("name", [*CASES, "recursion", "long", "syntax"])
def test_no_frame_of_the_runtime_is_shown(library, name):
    found = run(library, name)
    ours = str(Path(failures.__file__).parents[1])
    assert ours not in found["traceback"]
    assert found["frames"]
    assert {file for file, *_ in found["frames"]} == {library.__file__}


def test_frames_are_outermost_first_with_their_lines(library):
    found = run(library, "chain")
    (file, line, function, source), *rest = found["frames"]
    assert (file, function, source) == (library.__file__, "chain", 'raise LookupError("outer") from error')
    assert SOURCE.splitlines()[line - 1].strip() == source
    assert rest == []


def test_causes_are_in_the_traceback(library):
    text = run(library, "chain")["traceback"]
    assert text.index("ValueError: no good") < text.index("direct cause") < text.index("LookupError: outer")
    assert text.startswith("Traceback (most recent call last):\n")


def test_deep_recursion_is_cut(library):
    found = run(library, "recursion")
    assert found["type"] == "RecursionError"
    assert len(found["frames"]) <= 100
    assert len(found["traceback"]) < 70_000


def test_a_long_message_is_cut_in_the_middle(library):
    found = run(library, "long")
    assert len(found["message"]) < 70_000
    assert "… cut …" in found["message"]
    assert found["message"][0] == found["message"][-1] == "x"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")
def test_groups_are_told_whole(library):
    text = run(library, "group")["traceback"]
    assert "ValueError: 1" in text
    assert "TypeError: 2" in text


def test_errors_of_ours_show_nothing_of_what_led_to_them(library):
    libraries = Libraries()
    libraries.load({"lib": [library.__name__, ""]})
    _, payload = Calls(libraries).run("lib.plain", 0, b"\xa1\xff")
    found = unpackb(payload)
    assert (found["code"], found["frames"]) == ("conversion", [])
    assert "codec.py" not in found["traceback"]
    assert "UTF-8" in found["traceback"]


def test_errors_of_values_say_their_place(library):
    libraries = Libraries()
    libraries.load({"lib": [library.__name__, ""]})
    broken = packb([[{"rows": [1, ExtType(8, b"no number")]}], {}])
    _, payload = Calls(libraries).run("lib.plain", 0, broken)
    found = unpackb(payload)
    assert found["path"] == 'args[0]["rows"][1]'
    assert found["message"].startswith(found["path"] + ": ")
    _, payload = Calls(libraries).run("lib.plain", 0, packb([[], {}]))
    assert unpackb(payload)["path"] is None


def test_source_lines_that_cannot_be_had(library, monkeypatch):
    def raises(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(linecache, "getline", raises)
    monkeypatch.setattr(linecache, "checkcache", raises)
    try:
        library.plain()
    except ValueError as error:
        found = failure("exception", error)
    assert (found["frames"], found["traceback"]) == ([], "ValueError: no good\n")


def test_a_start_that_failed():
    found = unpackb(start_failure(ImportError("no such"), "pandas1"))
    assert (found["code"], found["library"], found["message"]) == ("start", "pandas1", "no such")
    told = {
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
    assert set(found) == told | {"mro", "notes", "chain", "group", "signature", "arguments", "step"}
