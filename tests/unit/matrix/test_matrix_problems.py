"""Every problem of a matrix's file, at its line and column, all at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from listing import Listing, arrays, pure

from envmgr.config.source import parse
from envmgr.config.toml import toml_document
from envmgr.errors import EnvmgrError
from envmgr.matrix.expanding import expand
from envmgr.matrix.reading import read
from envmgr.matrix.resolving import Around
from envmgr.matrix.selecting import Selections
from envmgr.model.project import Environment, Project

HEAD = 'matrix-version = 1\nlibrary = "numpy"\n'
TODAY = date(2026, 11, 26)
AROUND = Around("3.12", "3.12", "linux-x86_64")


def project(root, *libraries):
    homes = {found.name: Environment(found.name, "3.12", (found,)) for found in libraries}
    return Project(root, "app", homes)


def refusal(root, text, index):
    """With which it ends; None for a good file."""
    source = parse(root / "matrices" / "numpy.toml", text.encode())
    try:
        spec = read(source, project(root))
        expand(spec, source, project(root), AROUND, Selections(index, {}, TODAY), TODAY)
    except EnvmgrError as problem:
        return problem
    return None


@pytest.fixture
def problems(tmp_path, monkeypatch):
    """What is said of a file: `line:column message`, each with its hint and suggestion."""
    monkeypatch.chdir(tmp_path)

    def found(text):
        problem = refusal(tmp_path, text, Listing(numpy=arrays(), pandas=pure("pandas", "3.0")))
        assert problem.code == "E-CONFIG"
        assert problem.hint.endswith("`envmgr matrix list numpy`")
        said = problem.details["problems"]
        assert all(one["place"].startswith("matrices/numpy.toml:") for one in said)
        return {f"{one['line']}:{one['column']} {one['message']}": one for one in said}

    return found


AXES = HEAD + "[axes]\n"
REST = "\n[axes]\nnumpy = '2'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[axes]\nnumpy = ['latest']", ["1:1 the key `library` is missing"]),
        (HEAD, ["1:1 the matrix has no cells"]),
        (AXES + 'numpy = "lastest"', ["4:9 `lastest` selects no release"]),
        (AXES + 'numpy = ["2", "!2"]', ["4:15 `!2` selects no release"]),
        (AXES + 'numpy = ["2", ">=two"]', ["4:15 `>=two` selects no release"]),
        (AXES + "numpy = [2.0]", ["4:10 expected text in quotes, got 2.0"]),
        (AXES + "numpy = []", ["4:9 the axis has no values"]),
        (AXES + "platform = []", ["4:12 an empty array says nothing"]),
        (AXES + "numpy = 3", ["4:9 expected a table, got 3"]),
        (AXES + 'numpy = ["2", "2"]', ["4:9 the value `2` is there 2 times"]),
        (AXES + 'numpy = ["none", "2"]', ["4:9 the matrix is of `numpy`: no cell can be without it"]),
        (AXES + 'numpy = "2"\nNumPy = "2"', ["5:1 `numpy` is an axis of the same distribution"]),
        (AXES + '"numpy>2" = "2"', ["4:1 `numpy>2` is no name of a distribution"]),
        (AXES + 'python = ["2.7"]', ["4:11 `2.7` selects no Python version"]),
        (AXES + 'python = ["3.7"]', ["4:11 Python 3.7 is too old"]),
        (AXES + 'python = ["latset"]', ["4:11 `latset` selects no Python version"]),
        (AXES + 'python = ">=x"', ["4:10 `>=x` is not a version specifier"]),
        (AXES + "python = { releases = [3] }", ["4:24 expected text in quotes, got 3"]),
        (AXES + 'platform = "linux"', ["4:12 `linux` is no platform"]),
        (AXES + 'resolution = ["lowest"]', ["4:15 `lowest` is no resolution"]),
        (AXES + 'numpy = { support-window = "soon" }', ["4:28 `soon` is no span of time"]),
        (AXES + 'numpy = { each = "minr" }', ['4:18 expected "major", "minor" or "patch", got "minr"']),
        (AXES + "numpy = { every = 'minor' }", ["4:11 unknown key `every`"]),
        (AXES + "python = { each = 'minor' }", ["4:12 unknown key `each`"]),
        (HEAD + 'strategy = "fully"' + REST, ['3:12 expected "full" or "pairwise", got "fully"']),
        (HEAD + "strategy = { sample = 3, sed = 2 }" + REST, ["3:26 unknown key `sed`"]),
        (HEAD + "strategy = { sample = 0 }" + REST, ["3:23 0 is out of range: it must be at least 1"]),
        ("matrix-version = 2\nlibrary = 'numpy'" + REST, ["1:18 2 is out of range: it must be at most 1"]),
        (HEAD + "constraints = ['numpy ~ 2']" + REST,
         ["3:16 `numpy ~ 2` is not a requirement: expected semicolon (after name with no version specifier) or end"]),
        (AXES + "numpy = '2'\n[[check]]", ["5:3 a check has exactly one of import, health, pytest, command, elixir:"
                                           " there is none"]),
        (AXES + "numpy = '2'\n[[check]]\nimport = true\npytest = ['a']", ["5:3 a check has exactly one of import,"
         " health, pytest, command, elixir: there are `import`, `pytest`"]),
        (AXES + "numpy = '2'\n[[check]]\nimport = false", ["6:10 there is nothing but true here"]),
        (AXES + "numpy = '2'\n[[check]]\nhealth = true", ["6:1 health calls are those of a library of envmgr.toml, and"
         " the matrix is of none"]),
        (AXES + "numpy = '2'\n[[check]]\ncommand = '\"a'", ["6:11 the command cannot be read: no closing quotation"]),
        (AXES + "numpy = '2'\n[[check]]\ncommand = ''", ["6:11 the command is empty"]),
        (AXES + "numpy = '2'\n[[check]]\npytest = ['a']\n[[check]]\npytest = ['b']",
         ["7:3 check 1 is called `pytest` too"]),
        (AXES + "numpy = '2'\n[[check]]\nname = 'a b'\nimport = true", ["6:8 `a b` cannot be a check's name"]),
        (AXES + "numpy = '2'\n[[check]]\nimport = true\ntimeout = 5\nmemory = '2GB'",
         ["7:11 expected a duration in quotes", "8:10 `2GB` is no size"]),
        (AXES + "numpy = '2'\n[[exclude]]", ["5:3 an empty table says nothing"]),
        (AXES + "numpy = '2'\n[[exclude]]\nnunpy = '2'", ["6:1 no axis is called `nunpy`"]),
        (AXES + "numpy = ['1.26', '2']\n[[exclude]]\nnumpy = '1.25'", ["6:9 `1.25` is no value of the axis `numpy`"]),
        (AXES + "numpy = ['1.26', '2']\n[[exclude]]\nnumpy = ['2', '>=x']", ["6:15 `>=x` is not a version specifier"]),
        (AXES + "platform = 'linux-x86_64'\n[[exclude]]\nplatform = '>=2'",
         ["6:12 `>=2` is no value of the axis `platform`"]),
        (AXES + "numpy = '2'\n[[include]]", ["5:3 an empty table says nothing"]),
        (AXES + "numpy = '2'\n[[include]]\nnumpy = 'newest'\n'a b' = '1'",
         ["6:9 `newest` selects no release", "7:1 `a b` is no name of a distribution"]),
        (AXES + "numpy = '2'\n[[include]]\nnumpy = 2", ["6:9 expected text in quotes, got 2"]),
        (AXES + "numpy = '2'\n[[include]]\npython = '>=3.10'", ["6:10 a cell has one Python"]),
        (AXES + "numpy = '2'\n[[expect]]\nallow-failure = true", ["5:3 the key `where` is missing"]),
        (AXES + "numpy = '2'\n[[expect]]\nwhere = {}",
         ["5:3 exactly one of `allow-failure` and `known-broken` says what is expected"]),
        (AXES + "numpy = '2'\n[[expect]]\nwhere = {}\nknown-broken = 'x'",
         ["5:3 the key `until` is missing: what is known to be broken is looked at again on that day"]),
        (AXES + "numpy = '2'\n[[expect]]\nwhere = { numpy = '3' }\nallow-failure = true\nuntil = 'May'",
         ["6:19 `3` is no value of the axis `numpy`", "8:9 `May` is no day"]),
        (AXES + "numpy = '2'\n[[expect]]\nwhere = {}\nallow-failure = true\nuntil = 3", ["8:9 expected a day"]),
        (AXES + "numpy = '2'\n[timing]\nthreshold = 1.0\nrounds = 2",
         ["5:2 the key `reference` is missing", "6:13 1.0 is out of range: it must be more than 1.0",
          "7:10 2 is out of range: it must be at least 3"]),
        (AXES + "numpy = '2'\n[timing]\nreference = {}", ["6:13 an empty table says nothing"]),
        (AXES + "numpy = '2'\n[timing]\nreference = { numpy = '1.26' }",
         ["6:23 `1.26` is no value of the axis `numpy`"]),
        (AXES + "numpy = ['2', '1.26']\npython = ['3.13']\n[timing]\nreference = { numpy = '1.26' }",
         ["7:13 no cell is like this one"]),
        # what the index knows
        (AXES + 'numpy = "2"\npandsa = "3"', ["5:1 no package index has a distribution `pandsa`"]),
        (AXES + 'numpy = "2"\npyton = "3.12"\n[[include]]\nscipy = "1"',
         ["5:1 no package index has a distribution `pyton`", "7:1 no package index has a distribution `scipy`"]),
        ('library = "nope"\n[axes]\npython = "3.12"', ["1:11 no package index has a distribution `nope`"]),
        (AXES + 'numpy = ["2", "9.9"]', ["4:15 `9.9` selects none of the releases of numpy"]),
        (AXES + 'numpy = "2"\n[[include]]\nnumpy = "2.5"', ["6:9 `2.5` selects none of the releases of numpy"]),
        (AXES + 'numpy = { within = ">=9" }', ["4:9 no release is in it"]),
        (AXES + "numpy = ['1.26']\npython = '3.13'", ["3:2 the matrix has no cells"]),
        (AXES + "numpy = ['1.26', '2']\npython = ['3.12', '3.13']\n[[exclude]]\nnumpy = '>=2'\n[[exclude]]\npython ="
         " '>=3.14'\n[[exclude]]\npython = '3.12'",
         [f"{line}:3 the matrix has no cells: what is excluded, and what leads to no release, are all of its"
          " combinations" for line in (6, 10)]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_is(problems, text, said):
    found = problems(text)
    assert list(found) == said


def test_all_problems_are_said_at_once_and_none_that_follows_from_another(problems):
    text = """library = "numpy"
strategy = "fast"
[axes]
numpy = ["1.26", "newset"]
python = ["3.12"]
[[check]]
pytests = ["a"]
[[check]]
import = true
name = "import"
retries = 99
[[exclude]]
numpy = "newset"
pythn = "3.12"
[[include]]
numpy = 2
[[expect]]
wehre = {}
allow-failure = true
[timing]
reference = { numpy = "1.26", pandas = "2" }
"""
    found = problems(text)
    assert list(found) == [
        '2:12 expected "full" or "pairwise", got "fast"',
        "4:18 `newset` selects no release",
        "7:1 unknown key `pytests`",
        "11:11 99 is out of range: it must be at most 20",
        "14:1 no axis is called `pythn`",
        "16:9 expected text in quotes, got 2",
        "17:3 the key `where` is missing",
        "18:1 unknown key `wehre`",
        "21:31 no axis is called `pandas`",
    ]
    assert {message: one["suggestion"] for message, one in found.items() if one["suggestion"]} == {
        "4:18 `newset` selects no release": "next",
        "7:1 unknown key `pytests`": "pytest",
        "14:1 no axis is called `pythn`": "python",
        "18:1 unknown key `wehre`": "where",
    }


KEYS = [
    "library",
    "strategy",
    "with",
    "axes",
    "check",
    "include",
    "exclude",
    "expect",
    "timing",
    "numpy",
    "python",
]
WORDS = ["numpy", "pairwise", "2", "latest", "3.12", ">=2", "pytest>=8", "1m", "2027-06-01", "", "x y"]
VALUES = st.recursive(
    st.sampled_from([True, False, 0, 3, 1.5, *WORDS]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from([*KEYS, "import", "where", "allow-failure", "until", "reference"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@settings(deadline=None, max_examples=120)
@given(document=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
def test_whatever_a_file_says_it_is_read_or_refused_in_words(document):
    text = toml_document({"library": "numpy", **document})
    problem = refusal(Path("/nowhere"), text, Listing(numpy=arrays()))
    assert problem is None or problem.code == "E-CONFIG"
    assert problem is None or all(one["line"] for one in problem.details["problems"])
