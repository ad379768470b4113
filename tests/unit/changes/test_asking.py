"""What a module says of names, in a process of its own."""

import sys
from pathlib import Path

from envmgr.changes import asking
from envmgr.changes.asking import ABSENT, FAILED, WARNS, Answer

CODE = """
import warnings
class C:
    def m(self): ...
    class D:
        here = 1
def hidden(): ...
def sub(): ...
def __getattr__(name):
    if name == "old":
        warnings.warn("old is going", FutureWarning)
        return 1
    if name == "own":
        warnings.warn("own goes too", LibDeprecationWarning)
        return 1
    if name == "loud":
        warnings.warn("loud", UserWarning)
        return 1
    if name == "boom":
        raise ValueError("boom " * 500)
    if name == "mute":
        raise Mute
    raise AttributeError(f"no {name} here")
class LibDeprecationWarning(UserWarning):
    ...
class Mute(Exception):
    def __str__(self):
        raise ValueError
"""


def test_each_name_is_answered(tmp_path, monkeypatch) -> None:
    package = tmp_path / "asked"
    package.mkdir()
    (package / "__init__.py").write_text(CODE)
    (package / "sub.py").write_text("x = 1")
    (package / "deep.py").write_text("import warnings\nwarnings.warn('deep', DeprecationWarning)\ny = 1\n")
    (package / "broken.py").write_text("raise ImportError('not here')")
    launcher = tmp_path / "python"
    launcher.write_text(f'#!/bin/sh\nshift; PYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    launcher.chmod(0o755)
    paths = [
        "C",
        "C.m",
        "C.D.here",
        "C.n",
        "C.gone.x",
        "old",
        "own",
        "loud",
        "boom",
        "mute",
        "none",
        "sub.x",
        "deep.y",
    ]
    answers = asking.ask(launcher, "asked", [*paths, "broken.z"])
    assert answers is not None
    assert answers.pop("boom") == Answer(FAILED, ("boom " * 500)[:600])
    assert answers == {
        "C.n": Answer(ABSENT, "type object 'C' has no attribute 'n'"),
        "C.gone.x": Answer(ABSENT, ""),
        "broken.z": Answer(ABSENT, ""),
        "old": Answer(WARNS, "old is going"),
        "own": Answer(WARNS, "own goes too"),
        "mute": Answer(FAILED, "Mute"),
        "none": Answer(ABSENT, "no none here"),
        "sub.x": Answer(ABSENT, "'function' object has no attribute 'x'"),
    }
    assert asking.both((launcher, launcher), "asked", ["none"]) == (
        {"none": Answer(ABSENT, "no none here")},
        {"none": Answer(ABSENT, "no none here")},
    )


def test_nothing_is_started_for_nothing() -> None:
    assert asking.ask(Path("/no/python"), "asked", []) == {}


def test_a_release_that_cannot_be_asked() -> None:
    assert asking.ask(Path("/no/python"), "asked", ["x"]) is None
    assert asking.ask(Path("/bin/false"), "asked", ["x"]) is None
    assert asking.both((Path("/bin/false"), Path("/bin/false")), "asked", ["x"]) == (None, {})
