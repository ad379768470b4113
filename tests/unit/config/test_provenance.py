"""Every value in force is shown with who wrote it, and what is shown means the same again."""

from __future__ import annotations

import sys
from pathlib import Path

from envmgr.config import Layers
from envmgr.config.loading import load_merged, load_project
from envmgr.config.provenance import settings
from envmgr.config.source import parse
from envmgr.config.toml import toml_key, toml_value

FILE = """\
[project]
name = "app"
[defaults]
workers = 3
[library]
old = "six<2"
[library.pandas]
environment = "data"
python = "3.12"
[library.pandas.cache]
functions = { "pandas.read_csv" = { ttl = "10m" } }
[library.pandas.serializers]
"pandas.Index" = "value"
[library.math]
stdlib = true
environment = "data"
[environment.data]
link-mode = "copy"
[environment.old]
adopt = "venv"
[profile.prod.library.pandas]
timeout = "1m"
health.calls = [{ call = "pandas.Series", args = [[1, 2.5], { a = true }] }]
"""
PATH = Path("/nowhere/envmgr.toml")
LAYERS = Layers("prod", {"ENVMGR_LIBRARY__OLD__INIT": "a = 1\nb = '2'"}, ("defaults.timeout=1m",))
OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"


def shown(text, layers):
    source = parse(PATH, text.encode())
    return {
        header: [(toml_key(s.key), s.value, s.origin.place(source)) for s in found]
        for header, found in settings(*load_merged(source, layers)).items()
    }


def test_each_value_has_its_layer_and_place():
    found = shown(FILE, LAYERS)
    assert list(found) == [
        ("project",),
        ("environment", "old"),
        ("library", "old"),
        ("environment", "data"),
        ("library", "pandas"),
        ("library", "math"),
    ]
    assert found["project",] == [("name", "app", "envmgr.toml:2")]
    assert found["library", "old"] == [
        ("package", "six<2", "envmgr.toml:6"),
        ("stdlib", False, "default"),
        ("environment", "old", "default"),
        ("timeout", "1m", "--set defaults.timeout"),
        ("workers", 3, "envmgr.toml:4"),
        ("worker-profile", "process", "default"),
        ("threads", 4, "default"),
        ("lazy", False, "default"),
        ("queue", 1000, "default"),
        ("fork", True, "default"),
        ("init", "a = 1\nb = '2'", "variable ENVMGR_LIBRARY__OLD__INIT"),
        ("trace", False, "default"),
    ]
    assert found["environment", "old"] == [("adopt", "venv", "envmgr.toml:20")]
    assert found["environment", "data"] == [
        ("python", "3.12", "envmgr.toml:9"),
        ("no-build", False, "default"),
        ("link-mode", "copy", "envmgr.toml:18"),
        ("compression", "none", "default"),
    ]
    pandas = {key: (value, place) for key, value, place in found["library", "pandas"]}
    assert pandas["timeout"] == ("1m", "profile prod (envmgr.toml:22)")
    assert pandas["health.calls"][1] == "profile prod (envmgr.toml:23)"
    assert pandas['cache.functions."pandas.read_csv".ttl'] == ("10m", "envmgr.toml:11")
    assert pandas['serializers."pandas.Index"'] == ("value", "envmgr.toml:13")
    assert "package" not in [key for key, _, _ in found["library", "math"]]


def test_what_is_done_around_calls_and_other_names():
    text = """
    [library.six]
    hooks.before = "hooks.py:before"
    trace = true
    [library.six.pipelines."moves.map"]
    validate.n.max = 3
    [aliases]
    s = "six"
    """
    found = shown(text, Layers())
    six = {key: value for key, value, _ in found["library", "six"]}
    assert (six["hooks.before"], six['pipelines."moves.map".validate.n.max']) == ("hooks.py:before", 3)
    assert six["trace"] is True
    assert found["aliases",] == [("s", "six", "envmgr.toml:8")]


def test_a_project_that_says_nothing_is_all_defaults():
    found = shown("library.six = {}", Layers())
    assert found["project",] == [("name", "nowhere", "default")]
    assert found["environment", "six"][0] == ("python", OWN, "default")
    assert ("package", "six", "default") in found["library", "six"]


def test_what_is_shown_is_a_file_that_means_the_same():
    lines = []
    for header, found in shown(FILE, LAYERS).items():
        lines += [f"[{toml_key(header)}]", *(f"{key} = {toml_value(value)}" for key, value, _ in found)]
    again = load_project(PATH, "\n".join(lines).encode())
    expected = load_project(PATH, FILE.encode(), LAYERS)
    assert (again.name, again.environments) == (expected.name, expected.environments)
