"""What is read, the JSON Schema accepts; what it refuses, reading refuses too; and the page of keys is made of it."""

from __future__ import annotations

import copy
import json
import tomllib
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.config.source import parse
from envmgr.config.toml import toml_document
from envmgr.errors import EnvmgrError
from envmgr.matrix.json_schema import json_schema
from envmgr.matrix.reading import read
from envmgr.matrix.reference import markdown
from envmgr.matrix.tables import MatrixTable
from envmgr.model.project import Project

ROOT = Path(__file__).parents[3]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())
PROJECT = Project(Path("/nowhere"), "app", {})


def is_read(document):
    source = parse(Path("/nowhere/matrices/m.toml"), toml_document(document).encode())
    try:
        read(source, PROJECT)
    except EnvmgrError:
        return False
    return True


def test_it_is_valid_itself_and_has_every_table():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert set(json_schema()["$defs"]) == {table.__name__ for table in MatrixTable.__subclasses__()} - {
        "MatrixFile"
    }
    assert "null" not in json.dumps(json_schema())


def test_the_keys_of_the_page_are_those_of_the_schema():
    assert (ROOT / "docs" / "matrices.md").read_text().endswith(markdown())


@pytest.mark.parametrize("path", sorted((ROOT / "matrices").glob("*.toml")), ids=lambda path: path.stem)
def test_our_own_matrices_are_accepted(path):
    document = json.loads(json.dumps(tomllib.loads(path.read_text()), default=date.isoformat))
    VALIDATOR.validate(document)
    read(parse(path, path.read_bytes()), PROJECT)


def some(**keys):
    return st.fixed_dictionaries({}, optional={key.replace("_", "-"): value for key, value in keys.items()})


RELEASE = st.sampled_from(
    ["latest", "oldest", "next", "1.26", "2", "2.0.1rc1", "1!2.0", ">=2,<2.3", "== 2.*"]
)
PYTHON = st.sampled_from(["3.12", "3.13t", "3.12.1", "latest", "next", ">=3.10"])
SPAN = st.sampled_from(["24 months", "1 year", "90 days", "3 weeks"])
WITHIN = st.just(">=1.26")


def one_or_more(values):
    return values | st.lists(values, min_size=1, max_size=3, unique=True)


WINDOW = st.fixed_dictionaries(
    {"within": WITHIN},
    optional={
        "support-window": SPAN,
        "each": st.sampled_from(["major", "minor", "patch"]),
        "releases": st.just(["2"]),
    },
)
AXES = st.fixed_dictionaries(
    {"numpy": one_or_more(RELEASE) | WINDOW},
    optional={
        "python": one_or_more(PYTHON)
        | st.fixed_dictionaries({"within": WITHIN}, optional={"support-window": SPAN}),
        "platform": one_or_more(st.sampled_from(["linux-x86_64", "macos-arm64"])),
        "resolution": one_or_more(st.sampled_from(["highest", "lowest-direct"])),
        "pandas[x]": one_or_more(RELEASE | st.just("none")),
    },
)
KINDS = st.one_of(
    st.just({"import": True}),
    st.just({"pytest": ["tests/a.py", "-x"]}),
    st.sampled_from([{"command": "python -V"}, {"command": ["python", "-V"]}]),
    st.just({"elixir": ["a_test.exs"]}),
)
LIMITS = some(timeout=st.sampled_from(["30s", "5m"]), memory=st.just("2GiB"), retries=st.integers(0, 20))
WHERE = st.sampled_from([{}, {"numpy": ">=2"}, {"numpy": [">=2", "<1"]}])
EXPECT = st.one_of(
    st.fixed_dictionaries(
        {"where": WHERE, "allow-failure": st.just(True)}, optional={"until": st.just("2027-01-31")}
    ),
    st.fixed_dictionaries({"where": WHERE, "known-broken": st.just("why"), "until": st.just("2027-01-31")}),
)
DOCUMENTS = st.fixed_dictionaries(
    {"library": st.just("numpy"), "axes": AXES},
    optional={
        "matrix-version": st.just(1),
        "strategy": st.sampled_from(["full", "pairwise", {"sample": 9}, {"sample": 9, "seed": 2}]),
        "with": st.just(["pytest>=8"]),
        "constraints": st.just(["six<2"]),
        "check": st.tuples(KINDS, LIMITS).map(lambda parts: [{**parts[0], **parts[1]}]),
        "exclude": st.just([{"numpy": [">=2"]}]),
        "include": st.just([{"numpy": "2", "python": "3.12", "scipy": "none"}]),
        "expect": st.lists(EXPECT, max_size=2),
        "timing": st.fixed_dictionaries(
            {"reference": st.just({"numpy": ">=2"})},
            optional={"threshold": st.sampled_from([2, 1.5]), "rounds": st.integers(3, 9)},
        ),
    },
)


@settings(deadline=None, max_examples=80)
@given(document=DOCUMENTS)
def test_what_is_read_is_accepted(document):
    assert is_read(document)
    VALIDATOR.validate(document)


def places(value, path=()):
    """Every key path of the schema's own tables."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(inner, (dict, list)):
            yield from places(inner, (*path, key))


@settings(deadline=None, max_examples=120)
@given(document=DOCUMENTS, data=st.data())
def test_what_the_schema_refuses_is_refused(document, data):
    broken = copy.deepcopy(document)
    path = data.draw(st.sampled_from(sorted(places(broken), key=str)))
    holder = broken
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(
        st.sampled_from([True, 3, -1, 1.5, "", "x", [], [3], {}, {"x": "y"}, [{}], "newest", "30 days ago"])
    )
    if not VALIDATOR.is_valid(broken):
        assert not is_read(broken)


@pytest.mark.parametrize(
    "change",
    [
        {"strategy": "fully"}, {"check": [{}]}, {"check": [{"import": True, "pytest": ["a"]}]}, {"nonsense": 1},
        {"check": [{"import": False}]}, {"expect": [{"where": {}, "known-broken": "x"}]}, {"matrix-version": 2},
        {"expect": [{"where": {}}]}, {"timing": {}}, {"include": [{"numpy": 2}]}, {"axes": {"platform": "amiga"}},
        {"axes": {"numpy": []}}, {"axes": {"numpy": {"each": "week"}}}, {"axes": {"python": "2.7"}}, {"library": ""},
    ],
)  # fmt: skip
def test_both_refuse_it(change):
    document = {"library": "numpy", "axes": {"numpy": "2"}, **change}
    assert not is_read(document)
    assert not VALIDATOR.is_valid(document)
