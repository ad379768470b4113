"""Bytecode that one environment has compiled serves another that links the same sources."""

from __future__ import annotations

import importlib.util
import os
import py_compile
import sys

import pytest

from envmgr.environments import builder, bytecode, contents
from envmgr.environments.contents import Contents
from envmgr.environments.layout import Layout, entry_name
from envmgr.model.project import Environment
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


def test_what_was_compiled_since_gets_into_an_entry_and_is_noted(tmp_path, kept, interpreter, pkg):
    layout = Layout(tmp_path / "project")
    entry = layout.entry(entry_name("matrix", "key"))
    place = environment(entry / "lib" / "python3.11" / "site-packages")
    layout.manifest(entry.name).write_bytes(contents.take(entry, {}).to_bytes())
    cell = Environment("matrix", "3.11", ())
    builder.borrow_bytecode(layout, cell, "key", interpreter=interpreter, distributions=[pkg])
    assert (place / COMPILED).samefile(kept / COMPILED)
    assert Contents.from_bytes(layout.manifest(entry.name).read_bytes()) == contents.take(entry, {})


def test_what_was_compiled_goes_beside_its_source_alone(tmp_path):
    place, made = environment(tmp_path / "place"), environment(tmp_path / "made")
    py_compile.compile(str(made / "pkg" / "a.py"))
    for stray in ("pkg/__pycache__/b.pyc", "pkg/b.pyc", "gone/__pycache__/c.pyc"):
        (made / stray).parent.mkdir(parents=True, exist_ok=True)
        (made / stray).write_bytes((made / COMPILED).read_bytes())
    added = bytecode.add(made, place)
    assert added == {COMPILED: contents.take(place, {}).files[COMPILED]}
    assert bytecode.add(made, place) == {}
