"""Signatures that are told by a docstring's first lines, or not at all."""

from __future__ import annotations

import pytest

from envmgr_runtime.library import signatures
from envmgr_runtime.library.describing import Describer
from envmgr_runtime.library.docstrings import forms
from envmgr_runtime.library.places import Places, deprecated

FORMS = [
    ("f(a, b, out=None)\n\nSays.", [[["a", 1, None], ["b", 1, None], ["out", 1, "None"]]]),
    ("\n    f(a)\n\n    Says.", [[["a", 1, None]]]),
    ("f()", [[]]),
    ("f() -> int", [[]]),
    ("module.Class.f(x, /, *, y='a, b')", [[["x", 0, None], ["y", 3, "'a, b'"]]]),
    ("f(\n  a,\n  b=(1, 2),\n)\n--", [[["a", 1, None], ["b", 1, "(1, 2)"]]]),
    ("f(*args, **kwargs)", [[["args", 2, None], ["kwargs", 4, None]]]),
    ("f(start, stop[, step])", [[["start", 1, None], ["stop", 1, None], ["step", 1, "..."]]]),
    ("f(a[, b[, c=1]])", [[["a", 1, None], ["b", 1, "..."], ["c", 1, "1"]]]),
    ("f(x, dtype=np.float64, subok=True[, signature, extobj])",
     [[["x", 1, None], ["dtype", 1, "np.float64"], ["subok", 1, "True"], ["signature", 1, "..."],
       ["extobj", 1, "..."]]]),
    ("f(it, *[, key=None])", [[["it", 1, None], ["key", 3, "None"]]]),
    ("f(keepdims=<no value>)", [[["keepdims", 1, "..."]]]),
    ("f(x: int, y: str = 'a') -> str", [[["x", 1, None], ["y", 1, "'a'"]]]),
    ("f(x=-1, y=1+2)", [[["x", 1, "-1"], ["y", 1, "..."]]]),
    ("f(stop) -> object\nf(start, stop[, step]) -> object\n\nMore.",
     [[["stop", 1, None]], [["start", 1, None], ["stop", 1, None], ["step", 1, "..."]]]),
]  # fmt: skip
NONE = [
    "f((a1, a2, ...), axis=0)",
    "f([start,] stop)",
    "f(a, ...)",
    "f(a, b) is what it does to a and b.",
    "f(a",
    "f(a, b=)",
    "f(a=1, b)",
    "f(a]",
    "f(" + "(" * 3000,
    "g(a)",
    "Does f(a).",
    "",
    None,
    7,
]


@pytest.mark.parametrize(("doc", "found"), FORMS, ids=range(len(FORMS)))
def test_told(doc, found):
    assert [[row[:3] for row in rows] for rows in forms(doc, "f", None)] == found


@pytest.mark.parametrize("doc", NONE, ids=range(len(NONE)))
def test_not_told(doc):
    assert forms(doc, "f", None) == []


def test_the_object_of_a_method_comes_first():
    assert [row[0] for row in forms("a.f(axis=None)", "f", "self")[0]] == ["self", "axis"]
    assert [row[0] for row in forms("f(self, axis)", "f", "self")[0]] == ["self", "axis"]


def test_c_functions():
    read = Describer(Places("/")).callable
    length = read("function", "len", len)
    assert ([row[:3] for row in length["parameters"]], length["origin"]) == ([["obj", 0, None]], "runtime")
    assert (length["file"], length["line"], length["module"]) == (None, None, "builtins")
    many = read("function", "max", max)
    assert (many["parameters"], many["origin"]) == (None, "docstring")
    assert [rows[0][0] for rows, _ in many["overloads"]] == ["iterable", "arg1"]
    assert many["overloads"][1][0][2:] == [
        ["args", 2, None, None, None, None],
        ["key", 3, "func", None, None, None],
    ]
    assert [row[:2] for row in read("method", "append", list.append)["parameters"]] == [
        ["self", 0],
        ["object", 0],
    ]


def test_a_wrapper_that_says_nothing():
    def wrapper(*args, **kwargs):
        """inner(a, b=2)

        Says.
        """

    wrapper.__qualname__ = wrapper.__name__ = "inner"
    facts = Describer(Places("/")).callable("function", "inner", wrapper)
    assert ([row[0] for row in facts["parameters"]], facts["origin"]) == (["a", "b"], "docstring")
    wrapper.__doc__ = "Says."
    facts = Describer(Places("/")).callable("function", "inner", wrapper)
    assert ([row[0] for row in facts["parameters"]], facts["origin"]) == (["args", "kwargs"], "runtime")


def test_constructors():
    def decorate(cls):
        class Wrapper(cls):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)

        Wrapper.__wrapped__ = cls
        return Wrapper

    class Inner:
        def __new__(cls, *args, **kwargs):
            return object.__new__(cls)

        def __init__(self, size):
            pass

    class Outer:
        def __init__(self, *rest):
            pass

    read = Describer(Places("/")).callable
    assert [row[0] for row in read("class", "Inner", Inner)["parameters"]] == ["size"]
    assert [row[0] for row in read("class", "Outer", Outer)["parameters"]] == ["rest"]
    assert [row[0] for row in read("class", "X", decorate(Inner))["parameters"]] in (
        ["size"],
        ["args", "kwargs"],
    )
    assert [row[0] for row in read("class", "E", type("E", (ImportError,), {}))["parameters"]] == [
        "args",
        "kwargs",
    ]


def test_constructors_as_cython_writes_them():
    doc = "Path(self, path, namespaces=None)\nFinds."
    made = type("Path", (dict,), {"__doc__": doc, "__init__": dict.__init__})
    facts = Describer(Places("/")).callable("class", "Path", made)
    assert ([row[0] for row in facts["parameters"]], facts["origin"]) == (["path", "namespaces"], "docstring")


def test_an_object_that_answers_to_any_name():
    class Answer:
        def __bool__(self):
            raise TypeError("neither")

    class Column:
        """Any column."""

        def __getattr__(self, name):
            return Answer()

        def __call__(self, name, *more):
            """One column."""

    facts = Describer(Places("/")).callable("function", "col", Column())
    assert [row[:2] for row in facts["parameters"]] == [["name", 1], ["more", 2]]
    assert (facts["doc"], facts["module"], facts["origin"]) == ("One column.", __name__, "runtime")


def test_ufuncs_of_versions_without_signatures():
    class ufunc:  # noqa: N801 - as NumPy calls it
        __signature__ = "none"
        nin, nout = 1, 2
        __call__ = len  # as all of them are C

    facts = Describer(Places("/")).callable("ufunc", "modf", ufunc())
    assert [row[:3] for row in facts["parameters"]] == [
        ["x", 0, None], ["out", 1, "(None, None)"], ["where", 3, "True"], ["casting", 3, "'same_kind'"],
        ["order", 3, "'K'"], ["dtype", 3, "None"], ["subok", 3, "True"],
    ]  # fmt: skip


DEPRECATED = [
    ("Does.\n\n.. deprecated:: 1.2\n   Use g.\n   Or h.\n\n   More.", "1.2: Use g. Or h."),
    (".. deprecated:: 2.0", "2.0"),
    (".. deprecated::\n", "deprecated"),
    ("DEPRECATED: gone in 3.", "gone in 3."),
    ("Does.\n\nParameters\n----------\nx\n    .. deprecated:: 1", None),
    ("It is deprecated:: no.", None),
    (None, None),
]


@pytest.mark.parametrize(("doc", "said"), DEPRECATED, ids=range(len(DEPRECATED)))
def test_deprecated_by_words(doc, said):
    assert deprecated(len, doc) == said


def test_deprecated_by_a_mark():
    def decorate(function, msg):
        def wrapper(*args):
            return (msg, function(*args))

        wrapper._deprecated_original = function
        return wrapper

    assert deprecated(decorate(len, "use more"), None) == "use more"

    class Old:
        pass

    assert deprecated(Old, None) is None
    Old.__init__ = decorate(len, "use New")
    assert deprecated(Old, None) == "use New"
    Old.__deprecated__ = ""
    assert deprecated(Old, None) == "deprecated"


def test_innermost_stops():
    def f():
        pass

    f.__wrapped__ = f
    assert signatures.innermost(f) is f
