"""Docstrings in the styles that libraries have."""

import pytest

from envmgr.catalog import docstrings
from envmgr.catalog.docstrings import parse, style_of, without_signature
from envmgr.catalog.facts import Object

NUMPY = """mean(a, axis=None)

The mean.

Of all values,
of course.

Parameters
----------
a : array_like
    The values.
axis, other : int, optional
    Which.

Returns
-------
m : ndarray
    The mean.

Raises
------
ValueError
    Without values.

Notes
-----
Slow.

Examples
--------
>>> mean([1])
1
"""
GOOGLE = """The mean.

Of all values.

Args:
    a (list): The values.

Returns:
    float: The mean.

Yields:
    int: Nothing.

Raises:
    ValueError: Without values.

Note:
    Slow.
"""
REST = """The mean.

Of all values.

:param a: The values.
:type a: list
:returns: The mean.
:rtype: float
:raises ValueError: Without values.
"""


def test_the_style_is_that_of_most():
    assert style_of([NUMPY, NUMPY, REST]) == "numpy"
    assert style_of([GOOGLE, "Nothing."]) == "google"
    assert style_of([REST]) == "rest"
    assert style_of(["Text: of no style.", ""]) == style_of([]) == "plain"


def test_numpy():
    assert parse(NUMPY, "mean", "numpy") == {
        "style": "numpy",
        "summary": "The mean.",
        "description": "Of all values,\nof course.",
        "parameters": [
            ["a", "array_like", "The values."],
            ["axis", "int", "Which."],
            ["other", "int", "Which."],
        ],
        "returns": [["m", "ndarray", "The mean."]],
        "yields": [],
        "raises": [["ValueError", "Without values."]],
        "examples": ">>> mean([1])\n1",
        "notes": "Slow.",
        "deprecated": None,
    }


def test_google():
    found = parse(GOOGLE, "mean", "google")
    assert (found["summary"], found["description"]) == ("The mean.", "Of all values.")
    assert found["parameters"] == [["a", "list", "The values."]]
    assert found["returns"] == [[None, "float", "The mean."]]
    assert found["yields"] == [[None, "int", "Nothing."]]
    assert found["raises"] == [["ValueError", "Without values."]]
    assert found["notes"] == "Slow."


def test_rest():
    found = parse(REST, "mean", "rest")
    assert (found["style"], found["summary"], found["description"]) == ("rest", "The mean.", "Of all values.")
    assert found["parameters"] == [["a", "list", "The values."]]
    assert found["returns"] == [[None, "float", "The mean."]]
    assert found["raises"] == [["ValueError", "Without values."]]


def test_what_has_no_sections_is_a_summary_and_a_description():
    found = parse("One\nline.\n\nMore.\n\nAnd more.", "f", "numpy")
    assert (found["summary"], found["description"]) == ("One line.", "More.\n\nAnd more.")


def test_a_parser_that_gives_up_leaves_nothing():
    def broken(text):
        raise RuntimeError

    assert parse(NUMPY, "mean", "numpy", broken) is None


@pytest.mark.parametrize(
    ("doc", "rest"),
    [
        ("f(x)\n\nDoes.", "Does."),
        ("f(x,\n  y)\n\nDoes.", "Does."),
        ("a.f(x)\n\nDoes.", "Does."),
        ("f(x)\nDoes.", "Does."),
        ("f(x)", "f(x)"),
        ("f (x) does.", "f (x) does."),
        ("Of f(x)\n\nmore.", "Of f(x)\n\nmore."),
        ("g(x)\n\nDoes.", "g(x)\n\nDoes."),
        ("f does.", "f does."),
    ],
)
def test_a_first_paragraph_that_only_shows_the_call(doc, rest):
    assert without_signature(doc, "f") == rest


def inferred(returns, kind="function", known=None):
    found = Object(["f"], kind, doc=f"F.\n\nReturns\n-------\n{returns}\n", returns=known)
    docstrings.complete([found])
    return found.returns, found.origins.get("returns")


def test_what_is_returned_is_inferred_where_nothing_else_told():
    assert inferred("int\n    How many.") == ("int", "docstring")
    assert inferred("a : ndarray\n    A.\nb : float\n    B.") == ("(ndarray, float)", "docstring")
    assert inferred("int\n    How many.", known="str") == ("str", None)
    assert inferred("int\n    How many.", kind="class") == (None, None)
    assert inferred("The number of rows that were found in it.") == (None, None)


def test_each_docstring_is_parsed_once(monkeypatch):
    seen = []
    real = docstrings._numpy
    monkeypatch.setattr(docstrings, "_numpy", lambda text: seen.append(text) or real(text))
    objects = [Object([f"{name}.mean"], "method", doc=NUMPY) for name in "abc"]
    docstrings.complete(objects)
    assert len(seen) == 1
    assert all(found.parsed["summary"] == "The mean." for found in objects)
