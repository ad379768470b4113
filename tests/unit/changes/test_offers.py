"""What the source of modules says of the names in them, from real files."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from made_apis import api, function

from envmgr.changes import keywords_in, offers, warnings_in
from envmgr.changes.names_in import Known
from envmgr.changes.sources import Reader

FILES = {
    "__init__.py": """
__version__ = "1"
__author__: str = "me"
__all__ = ["one"]
from lib.plain import one, two
if True:
    _TABLE = {"old": "new", "not a name": 1, "_hidden": 2, "__mark__": 3, "__all__": 4}
    def __getattr__(name):
        return _TABLE[name]
""",
    "plain.py": """
from lib._inner import helper
from lib._inner import stays as stays
from lib._inner import a as b
import os
def one(): ...
def two(): ...
""",
    "facade.py": "from lib._inner import helper\n",
    "open.py": "from lib._inner import helper\n__all__ = [x for x in dir()]\ndef own(): ...\n",
    "listed.py": "from lib._inner import helper, a\n__all__ = ['a']\n",
    "classes.py": """
from lib.deprecated import GOES
import warnings
def wrap(f):
    def inner(*args):
        warnings.warn("all of it goes", DeprecationWarning)
        return f(*args)
    return inner
class __getattr__:
    sheet = property(lambda self: 1)
    def other(self): ...
class C:
    x = _api.deprecated("2.0", message="use y now")(property(lambda self: 1))
    z: int = deprecate_privatize_attribute("2.0")
    @property
    def w(self): ...
    def late(self):
        if self.w:
            warnings.warn(GOES)
top = deprecated_function(C)
""",
    "deprecated.py": "GOES = DeprecationWarning('it goes in 3')\n",
}


@pytest.fixture(scope="module")
def lib(tmp_path_factory):
    site = tmp_path_factory.mktemp("site")
    (site / "lib").mkdir()
    for name, text in FILES.items():
        (site / "lib" / name).write_text(text.lstrip("\n"))
    modules = [
        replace(function(None, kind="module"), paths=(name,), file=f"lib/{name}.py", line=1)
        for name in ("plain", "facade", "open", "listed", "classes")
    ]
    line = {
        name: FILES["classes.py"].lstrip("\n").splitlines().index(text) + 1 for name, text in LINES.items()
    }
    objects = [
        replace(function("*args"), paths=("classes.made",), file="lib/classes.py", line=line["inner"]),
        replace(function(None, kind="class"), paths=("classes.C",), file="lib/classes.py", line=line["C"]),
        replace(function(None, kind="property"), paths=("classes.C.x",)),
        replace(function(None, kind="constant"), paths=("classes.C.z",)),
        replace(function("a"), paths=("classes.top",)),
        replace(function(""), paths=("classes.C.late",), file="lib/classes.py", line=line["late"]),
    ]
    return Reader(Path(site)).complete(api(*modules, *objects))


LINES = {"inner": "    def inner(*args):", "C": "class C:", "late": "    def late(self):"}


def test_what_is_only_imported(lib) -> None:
    assert lib.imported == {
        "two",
        "plain.helper",
        "plain.b",
        "plain.os",
        "listed.helper",
        "classes.GOES",
        "classes.warnings",
    }
    told = [lib.offers(path) for path in ("plain.one", "plain.helper", "plain.helper.method")]
    assert told == [True, False, False]


def test_what_may_be_there_for_who_asks(lib) -> None:
    assert lib.answered - {"new", "one", "me"} == {
        "old",
        "__mark__",
        "__version__",
        "__author__",
        "classes.sheet",
        "classes.other",
    }


def test_deprecations_that_stand_elsewhere(lib) -> None:
    said = {
        each.path: each.source and each.source.deprecated for each in lib.objects if each.kind != "module"
    }
    assert said == {
        "classes.made": "all of it goes",
        "classes.C": None,
        "classes.C.x": "2.0 use y now",
        "classes.C.z": "@deprecate_privatize_attribute('2.0')",
        "classes.top": "",
        "classes.C.late": None,
    }
    assert lib.get("classes.C.late").source.warns == ("it goes in 3",)


@pytest.mark.parametrize(
    ("code", "is_open"),
    [
        ("__all__ = ['a']", False),
        ("__all__ += ['a']", False),
        ("__all__ = ['a'] + other.__all__", True),
        ("if x:\n    __all__ = list(names)", True),
        ("x = list(names)", False),
    ],
)
def test_a_list_that_is_only_known_when_it_runs(code, is_open) -> None:
    assert offers.is_open(ast.parse(code)) is is_open


@pytest.mark.parametrize(
    ("code", "taken", "hands_on"),
    [
        ("def f(*args, **kw):\n    return g(*args, **kw)", set(), True),
        (
            "def f(*args, **kw):\n    kw.pop('a'); kw.get('b', 1); kw['c']; kw['d'] = 1; g(*args)",
            {"a", "b", "c"},
            False,
        ),
        ("def f(**kw):\n    other.pop('a'); kw.pop(name); kw.pop('no name')", set(), None),
        ("class C: ...", set(), None),
    ],
)
def test_what_a_body_does_with_its_keywords(code, taken, hands_on) -> None:
    node = ast.parse(code).body[0]
    assert (keywords_in.taken(node), keywords_in.hands_on(node)) == (taken, hands_on)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("@_deprecated('unwrap', '4.0')\ndef f(): ...", "@_deprecated('unwrap', '4.0')"),
        ("@deprecate_function('Use `g` now', version='1')\ndef f(): ...", "Use `g` now 1"),
        ("@deprecated\ndef f(): ...", ""),
        (
            "def f():\n    warn_deprecated('3.8', message='Keeping it is deprecated')",
            "Keeping it is deprecated",
        ),
        ("def f():\n    warn_deprecated('3.8', name='f')", "f is deprecated"),
    ],
)
def test_what_a_deprecation_says(code, said) -> None:
    assert warnings_in.function(ast.parse(code).body[0], Known()).deprecated == said


def test_decorators_of_parameters() -> None:
    code = "@_api.delete_parameter('3.8', 'a')\n@make_keyword_only('3', 'b')\n@cache\ndef f(a, b): ..."
    assert warnings_in.function(ast.parse(code).body[0], Known()).texts == (
        "@_api.delete_parameter('3.8', 'a')",
        "@make_keyword_only('3', 'b')",
    )
