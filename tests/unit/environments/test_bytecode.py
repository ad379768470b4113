"""Bytecode that one environment has compiled serves another that links the same sources."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import sys

import pytest

from envmgr.environments import bytecode, contents
from envmgr.tools import interpreters
from envmgr.tools.pypa import Distribution, Recorded

TAG = sys.implementation.cache_tag
COMPILED = f"pkg/__pycache__/a.{TAG}.pyc"


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory):
    return interpreters.find(sys.executable, root=tmp_path_factory.mktemp("root"))


@pytest.fixture
def pkg():
    return Distribution(
        "pkg", "1", ("pkg",), (Recorded("pkg/a.py", "x"), Recorded("pkg-1.dist-info/RECORD", None))
    )


def environment(place, time=1_000_000_000):
    (place / "pkg").mkdir(parents=True)
    (place / "pkg" / "a.py").write_text("a = 1\n")
    os.utime(place / "pkg" / "a.py", (time, time))
    return place


@pytest.fixture
def kept(tmp_path, interpreter, pkg):
    first = environment(tmp_path / "first")
    py_compile.compile(str(first / "pkg" / "a.py"))
    (first / "pkg" / "__pycache__" / "stray.pyc").write_bytes(b"of no source")
    bytecode.keep(first, [pkg], interpreter, contents.take(first, {}), tmp_path / "staged")
    return first


def test_it_is_linked_beside_the_same_source(tmp_path, kept, interpreter, pkg):
    second = environment(tmp_path / "second")
    linked, lacking = bytecode.borrow(second, [pkg], interpreter)
    assert (second / COMPILED).samefile(kept / COMPILED)
    assert (linked, lacking) == ({COMPILED: contents.take(second, {}).files[COMPILED]}, ())
    assert not (second / "pkg" / "__pycache__" / "stray.pyc").exists()
    assert importlib.util.cache_from_source(str(second / "pkg" / "a.py")) == str(second / COMPILED)


@pytest.mark.parametrize("change", ["other sources", "other Python", "other time", "edited bytecode"])
def test_it_serves_nothing_else(tmp_path, kept, interpreter, pkg, change):
    from dataclasses import replace

    second = environment(tmp_path / "second", 1_000_000_007 if change == "other time" else 1_000_000_000)
    if change == "other sources":
        pkg = replace(pkg, record=(Recorded("pkg/a.py", "y"),))
    elif change == "other Python":
        interpreter = replace(interpreter, version="3.99.0")
    elif change == "edited bytecode":
        (kept / COMPILED).write_bytes((kept / COMPILED).read_bytes()[:-1] + b"!")
    assert bytecode.borrow(second, [pkg], interpreter) == ({}, (pkg,))
    assert not (second / COMPILED).exists()


def test_what_is_of_an_older_time_is_kept_anew(tmp_path, kept, interpreter, pkg):
    second = environment(tmp_path / "second", 1_000_000_007)
    bytecode.borrow(second, [pkg], interpreter)
    py_compile.compile(str(second / "pkg" / "a.py"))
    bytecode.keep(second, [pkg], interpreter, contents.take(second, {}), tmp_path / "staged")
    third = environment(tmp_path / "third", 1_000_000_007)
    bytecode.borrow(third, [pkg], interpreter)
    assert (third / COMPILED).samefile(second / COMPILED)
