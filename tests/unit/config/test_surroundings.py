"""`hooks`, `pipelines`, `aliases` and `trace`: what they mean, and what is wrong with them."""

from __future__ import annotations

import pytest

from envmgr.config import load

SIX = "[library.six]\n"
PIPELINE = '[library.six.pipelines."u"]\n'
VALIDATE = '[library.six.pipelines."u".validate.x]\n'


def test_what_is_written_is_what_the_project_has(project):
    text = """
    [defaults]
    trace = true
    [library.six]
    hooks = { on-load = "a.b:c", before = "hooks/six_hooks.py:Checks.before" }
    [library.six.pipelines."moves.map"]
    rename = { function = "f" }
    convert = { day = "datetime:date.fromisoformat", n = "int" }
    validate = { n = { type = "int", min = 1, one-of = [1, 2] }, day = { required = true, not-none = true } }
    project = ["a", "b.c"]
    convert-result = ".upper"
    limit = 10
    [library.idna]
    trace = false
    """
    libraries = load(project(text)).libraries
    assert (libraries["six"].trace, libraries["idna"].trace) == (True, False)
    assert libraries["six"].hooks == {"on-load": "a.b:c", "before": "hooks/six_hooks.py:Checks.before"}
    assert libraries["six"].pipelines == {
        "moves.map": {
            "rename": {"function": "f"},
            "convert": {"day": "datetime:date.fromisoformat", "n": "int"},
            "validate": {
                "n": {"type": "int", "min": 1, "one-of": [1, 2]},
                "day": {"required": True, "not-none": True},
            },
            "project": ["a", "b.c"],
            "convert-result": ".upper",
            "limit": 10,
        }
    }
    assert (libraries["idna"].hooks, libraries["idna"].pipelines, libraries["idna"].aliases) == ({}, {}, {})


def test_aliases_lead_to_libraries(project):
    text = """
    [library.numpy]
    [library.pandas]
    [aliases]
    np = "numpy"
    "np.avg" = "numpy.average"
    norm = "np.linalg.norm"
    avg = "np.avg"
    pd = "pandas"
    table = "pd.DataFrame"
    """
    libraries = load(project(text)).libraries
    assert libraries["numpy"].aliases == {
        "np": "numpy",
        "np.avg": "numpy.average",
        "norm": "numpy.linalg.norm",
        "avg": "numpy.average",
    }
    assert libraries["pandas"].aliases == {"pd": "pandas", "table": "pandas.DataFrame"}


PROBLEMS = {
    SIX + 'hooks.before = "f"': "2:16: `f` does not name a function",
    SIX + 'hooks.before = "../h.py:f"': "2:16: `../h.py:f` does not name a function",
    SIX + 'hooks.before = "/tmp/h.py:f"': "2:16: `/tmp/h.py:f` does not name",
    SIX + 'hooks.befor = "a:f"': "2:7: unknown key `befor`\n",
    SIX + "hooks.after = 1": "2:15: expected text in quotes, got 1",
    SIX + "trace = 1": "2:9: expected true or false, got 1",
    SIX + '[library.six.pipelines."six.u"]': "2:24: the path stands without the library: `six.u` is",
    SIX + '[library.six.pipelines."_u"]': "2:24: `_u` is not a path in a library",
    PIPELINE + "limt = 1": "2:1: unknown key `limt`\n",
    PIPELINE + "limit = 0": "2:9: 0 is out of range: it must be at least 1",
    PIPELINE + 'convert = { x = "itn" }': "2:17: `itn` is nothing that converts",
    PIPELINE + 'convert = { x = "eval" }': "2:17: `eval` is nothing that converts",
    PIPELINE + 'convert = { x = ".upper" }': "2:17: `.upper` is nothing that converts",
    PIPELINE + 'convert = { "x.y" = "int" }': "2:13: `x.y` cannot be a parameter's name",
    PIPELINE + 'convert-result = "._x"': "2:18: `._x` is nothing that converts",
    PIPELINE + "project = []": "2:11: expected a dotted path, or an array of names",
    PIPELINE + 'project = "a..b"': "2:11: `a..b` is not a dotted path",
    PIPELINE + 'project = ["a._b"]': "2:11: `a._b` is private",
    PIPELINE + "project = 1": "2:11: expected a dotted path",
    PIPELINE + 'rename = { a = "x", b = "x" }': "2:25: `a` is renamed to `x` already",
    PIPELINE + 'rename = { a = "b", b = "c" }': "2:16: `b` is renamed itself",
    PIPELINE
    + 'rename = { a = "x" }\nconvert = { a = "int" }': "3:13: `a` is `x` by then: names are changed first",
    PIPELINE + 'rename = { a = "x" }\nvalidate = { a = {} }': "3:14: `a` is `x` by then",
    VALIDATE + 'type = "integer"': "2:8: `integer` is no type",
    VALIDATE + "type = []": "2:8: expected the name of a type",
    VALIDATE + "type = 3": "2:8: expected the name of a type",
    VALIDATE + "min = true": "2:7: expected a number",
    VALIDATE + 'max = "9"': "2:7: expected a number",
    VALIDATE + "min = 3\nmax = 2": "3:7: `max` is less than `min`: nothing passes",
    VALIDATE + "min-length = 3\nmax-length = 2": "3:14: `max-length` is less than `min-length`",
    VALIDATE + "min-length = -1": "2:14: -1 is out of range",
    VALIDATE + "one-of = []": "2:10: expected an array of texts, numbers or booleans",
    VALIDATE + "one-of = [[1]]": "2:10: expected an array of texts",
    VALIDATE + 'pattern = "("': "2:11: `(` is not a regular expression: missing )",
    SIX + '[aliases]\ns = "sxi"': "3:5: `sxi` is neither a library nor an alias",
    SIX + '[aliases]\nsix = "six.u"': "3:1: the alias `six` is a library's name",
    SIX + '[aliases]\n"six.v" = "six.u"': "3:1: the alias `six.v` is in the library `six`",
    SIX + '[aliases]\na = "b"\nb = "a.c"': "3:5: the alias leads to itself: `a` → `b` → `a.c`",
    SIX + '[aliases]\na = "a"': "3:5: the alias leads to itself: `a` → `a`",
    SIX + '[aliases]\na = "a.b"': "3:5: the alias leads to itself",
    SIX + '[aliases]\n"1a" = "six"': "3:1: `1a` is not a path",
    SIX + '[aliases]\na = "six._u"': "3:5: `six._u` is not a path",
    SIX + '[aliases]\na = ["six"]': "3:5: expected text in quotes, got an array",
}


@pytest.mark.parametrize(("text", "expected"), PROBLEMS.items(), ids=range(len(PROBLEMS)))
def test_each_problem_has_its_place(project, failure, text, expected):
    assert f"\nenvmgr.toml:{expected}" in failure(project(text)).message + "\n"


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (PIPELINE + 'convert = { x = "flaot" }', "float"),
        (VALIDATE + 'type = "integer"', "int"),
        (SIX + '[aliases]\ns = "sxi.u"', "six.u"),
        (PIPELINE + 'rename = { a = "x" }\nvalidate = { a = {} }', "x"),
        (SIX + '[library.six.pipelines."six.u"]', "u"),
        (SIX + 'hooks.onload = "a:b"', "on-load"),
    ],
)
def test_what_was_probably_meant(project, failure, text, near):
    assert failure(project(text)).details["problems"][0]["suggestion"] == near
