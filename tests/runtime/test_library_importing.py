"""Submodules that fail, take too long or change their parents."""

from __future__ import annotations

import importlib
import sys
import threading

import pytest

from envmgr_runtime.library import importing
from envmgr_runtime.library.importing import Importer

FILES = {
    "__init__.py": "from .same import same\n",
    "same.py": "def same(): pass\n",
    "lazy/__init__.py": "def __getattr__(name):\n    if name == 'f': from .f import f; return f\n    raise AttributeError(name)\n",
    "lazy/f.py": "def f(): pass\n",
    "zz_sleeps.py": "import time\ntime.sleep(600)\n",
    "words.py": "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd\n",
    "with space.py": "raise AssertionError\n",
    "space/inner.py": "",
    "space/deeper/more.py": "",
    "data/table.csv": "1\n",
    "outer/package/__init__.py": "",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / "rt_imported" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("rt_imported")
    for name in [name for name in sys.modules if name.startswith("rt_imported")]:
        del sys.modules[name]


def test_children(package, monkeypatch):
    monkeypatch.setattr(importing, "IMPORT_SECONDS", 3.0)
    importer = Importer()
    assert importer.children(package) == {"same", "lazy", "space", "outer"}
    assert importer.errors == [
        ["rt_imported.words", "Odd"],
        ["rt_imported.zz_sleeps", "not imported within 3 s"],
    ]
    assert package.same.__name__ == "same", "the function, not the module"
    assert callable(package.same)


def test_namespaces_within(package):
    importer = Importer()
    assert importer.children(importlib.import_module("rt_imported.space")) == {"inner", "deeper"}
    assert importer.errors == []


def test_what_a_lazy_package_gives_stays(package):
    lazy = importlib.import_module("rt_imported.lazy")
    assert Importer().children(lazy) == {"f"}
    assert callable(lazy.f)


def test_out_of_time(package, monkeypatch):
    monkeypatch.setattr(importing, "IMPORT_SECONDS", 0.0)
    importer = Importer()
    assert importer.children(package) == set()
    assert ["rt_imported.zz_sleeps", "not imported: out of time"] in importer.errors


def test_in_another_thread_there_is_no_alarm(package):
    found = []
    space = importlib.import_module("rt_imported.space")
    thread = threading.Thread(target=lambda: found.append(Importer().children(space)))
    thread.start()
    thread.join(60)
    assert found == [{"inner", "deeper"}]
