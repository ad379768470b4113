"""Importing libraries, and finding what a path names."""

from __future__ import annotations

import math
import os.path
import sys

import pytest

from envmgr_runtime.library.loading import Libraries, LoadError, Unresolved

FILES = {
    "rt_lib/__init__.py": "__version__ = '1.5'\ndef top(): pass\nvalue = 3\nclass Box:\n    def open(self): pass\n"
    "    @property\n    def size(self): return self.n\n    @classmethod\n    def new(cls): return cls()\n"
    "    limit = 4\n    __slots__ = ('n',)\nclass Crate(Box): pass\n",
    "rt_lib/sub.py": "def inner(): pass\n",
    "rt_lib/needs.py": "import rt_not_there\n",
    "rt_lib/fails.py": "raise RuntimeError('at import')\n",
    "rt_lib/_hidden.py": "def secret(): pass\n",
    "rt_accessor.py": "class Text:\n    def __init__(self, of): self.of = of\n    def upper(self): return self.of.data.upper()\n"
    "    @property\n    def size(self): return len(self.of.data)\n    limit = 9\n"
    "class Accessor:\n    def __get__(self, obj, cls): return Text if obj is None else Text(obj)\n"
    "class Series:\n    text = Accessor()\n    class Inner:\n        def __init__(self): pass\n        def own(self): return self\n"
    "    def __init__(self, data): self.data = data\n",
    "rt_leaves.py": "raise SystemExit(4)\n",
    "rt_lazy.py": "def __getattr__(name):\n    if name == '__version__': return 7\n    raise AttributeError(name)\n",
}


@pytest.fixture
def files(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("rt_")]:
        del sys.modules[name]


def loaded(**settings):
    libraries = Libraries()
    libraries.load(settings)
    return libraries


@pytest.mark.parametrize(
    ("settings", "doing", "cause"),
    [
        (["rt_nowhere", ""], "the import of 'rt_nowhere'", ModuleNotFoundError),
        (["rt_lib.fails", ""], "the import of 'rt_lib.fails'", RuntimeError),
        (["rt_lib.needs", ""], "the import", ModuleNotFoundError),
        (["rt_leaves", ""], "the import", SystemExit),
        (["rt_lib", "1/0"], "the init source", ZeroDivisionError),
        (["rt_lib", "a b"], "the init source", SyntaxError),
        (["rt_lib", "raise SystemExit"], "the init source", SystemExit),
    ],
)
def test_a_library_that_does_not_load(files, settings, doing, cause):
    with pytest.raises(LoadError, match=f"{doing}.* of library 'mine' failed") as caught:
        loaded(good=["math", ""], mine=settings)
    assert caught.value.library == "mine"
    assert type(caught.value.__cause__) is cause


def test_init_runs_after_the_import_and_in_a_namespace_of_its_own(files):
    libraries = loaded(mine=["rt_lib", "import rt_lib; rt_lib.added = lambda: __name__"])
    assert libraries.resolve("mine.added")() == "__envmgr_init__"


def test_versions(files):
    assert loaded(mine=["rt_lib", ""], lazy=["rt_lazy", ""], std=["math", ""]).versions() == {
        "mine": "1.5",
        "lazy": None,
        "std": None,
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [("mine.top", "top"), ("mine.Box", "Box"), ("mine.Box.open", "open"), ("mine.sub.inner", "inner")],
)
def test_paths(files, path, name):
    assert loaded(mine=["rt_lib", ""]).resolve(path).__name__ == name


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("other.top", "no library 'other'; it has mine"),
        ("mine.tpo", "rt_lib has no 'tpo'"),
        ("mine.sub.nothing", "rt_lib.sub has no 'nothing'"),
        ("mine.Box.shut", "Box has no 'shut'"),
        ("mine._hidden.secret", "'_hidden' .*private"),
        ("mine.Box.__init__", "private"),
        ("mine.value.bit", "int has no 'bit'"),
        ("mine.", "leads nowhere"),
        ("", "no library ''"),
    ],
)
def test_paths_that_lead_nowhere(files, path, words):
    with pytest.raises(Unresolved, match=words):
        loaded(mine=["rt_lib", ""]).resolve(path)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("mine.needs.f", ModuleNotFoundError, "rt_not_there"),
        ("mine.fails.f", RuntimeError, "at import"),
    ],
)
def test_a_submodule_that_fails_says_why(files, path, error, words):
    """A missing dependency is not the same as a wrong path."""
    with pytest.raises(error, match=words):
        loaded(mine=["rt_lib", ""]).resolve(path)


def test_what_cannot_be_called_is_found_too(files):
    libraries = loaded(mine=["rt_lib", ""])
    assert libraries.resolve("mine.value") == 3
    assert libraries.resolve("mine") is sys.modules["rt_lib"]


def test_the_standard_library():
    libraries = loaded(m=["math", ""], o=["os", ""])
    assert libraries.resolve("m.sqrt") is math.sqrt
    assert libraries.resolve("o.path.join") is os.path.join


def test_a_property_is_a_function_of_its_object(files):
    libraries = loaded(mine=["rt_lib", ""])
    crate = libraries.resolve("mine.Crate")()
    crate.n = 5
    for path in ("mine.Box.size", "mine.Crate.size", "mine.Crate.n"):
        assert libraries.resolve(path)(crate) == 5
    assert libraries.resolve("mine.Crate.size").__qualname__ == "Crate.size"
    with pytest.raises(TypeError, match=r"Crate\.size is a property of Crate objects, not of Box"):
        libraries.resolve("mine.Crate.size")(libraries.resolve("mine.Box.new")())
    assert libraries.resolve("mine.Box.limit") == 4


def test_members_and_properties_of_enumerations():
    import enum

    libraries = loaded(e=["enum", ""], h=["http", ""])
    assert libraries.resolve("h.HTTPStatus.OK") is sys.modules["http"].HTTPStatus.OK
    assert libraries.resolve("e.Enum.name")(enum.Enum("Color", "RED").RED) == "RED"


def test_properties_of_c_types_and_of_other_kinds():
    import datetime
    import functools
    import types

    class Kept:
        @functools.cached_property
        def value(self):
            return 6

    module = types.ModuleType("rt_kept")
    module.Kept = Kept
    sys.modules["rt_kept"] = module
    libraries = loaded(k=["rt_kept", ""], d=["datetime", ""])
    assert libraries.resolve("k.Kept.value")(Kept()) == 6
    assert libraries.resolve("d.date.year")(datetime.date(2020, 1, 1)) == 2020
    del sys.modules["rt_kept"]


def test_what_is_behind_an_accessor_takes_the_object_that_has_it(files):
    libraries = loaded(acc=["rt_accessor", ""])
    series = libraries.resolve("acc.Series")("ab")
    assert libraries.resolve("acc.Series.text.upper")(series) == "AB"
    assert libraries.resolve("acc.Series.text.upper")(series.text) == "AB"
    assert libraries.resolve("acc.Series.text.size")(series) == 2
    assert libraries.resolve("acc.Series.text.limit") == 9
    assert libraries.resolve("acc.Series.text.upper").__name__ == "upper"
    inner = libraries.resolve("acc.Series.Inner")()
    assert libraries.resolve("acc.Series.Inner.own")(inner) is inner
