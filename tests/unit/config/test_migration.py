"""A file of an older version comes out in this one: its meaning, its comments and everything else kept."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toml_text import Writer

from envmgr.config.migration import STEPS, migrate
from envmgr.config.schema import CONFIG_VERSION
from envmgr.config.source import parse
from envmgr.errors import EnvmgrError

PATH = Path("/nowhere/envmgr.toml")

DRAFT = """\
# A draft.
config_version = 0   # the first

[defaults]
timeout = 30_000  # ms
worker_profile = "process"

["libraries"]   # all of them
old = "six<2"

[libraries.link_mode]   # a name, not a key
package = "six"
timeout = 0x5DC
\thealth_calls = [ # checks
  { call = "link_mode.f", kwargs = { worker_profile = 1, timeout = 5 } },
]
cache.functions = { "link_mode.timeout" = { ttl = 3_600_000, max_entries = 3 } }

[[libraries.b.health_calls]]
call = "b.f"
[libraries.b]
timeout = "2m"  # in words already
worker-profile = "process"

[environments.b]
no_build = true
link_mode = 'copy'

[profiles.prod.libraries]
b = { timeout = 1001, health_calls = [] }
[profiles.prod.defaults]
worker_profile = "process"
"""
MIGRATED = """\
# A draft.
config-version = 1   # the first

[defaults]
timeout = "30s"  # ms
worker-profile = "process"

[library]   # all of them
old = "six<2"

[library.link_mode]   # a name, not a key
package = "six"
timeout = "1500ms"
\thealth.calls = [ # checks
  { call = "link_mode.f", kwargs = { worker_profile = 1, timeout = 5 } },
]
cache.functions = { "link_mode.timeout" = { ttl = "1h", max-entries = 3 } }

[[library.b.health.calls]]
call = "b.f"
[library.b]
timeout = "2m"  # in words already
worker-profile = "process"

[environment.b]
no-build = true
link-mode = 'copy'

[profile.prod.library]
b = { timeout = "1001ms", health.calls = [] }
[profile.prod.defaults]
worker-profile = "process"
"""


def migrated(text):
    return migrate(parse(PATH, text.encode()))


def refused(text):
    with pytest.raises(EnvmgrError) as caught:
        migrated(text)
    assert caught.value.code == "E-CONFIG"
    return caught.value


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_draft_becomes_version_1(end):
    found = migrated(DRAFT.replace("\n", end))
    assert found.text == MIGRATED.replace("\n", end)
    assert found.version == 0
    assert found.diff.startswith(
        "--- envmgr.toml\tversion 0\n+++ envmgr.toml\tversion 1\n@@ -1,32 +1,32 @@\n # A draft.\n"
    )
    assert "-config_version = 0   # the first\n+config-version = 1   # the first\n" in found.diff


def test_every_older_version_has_a_step():
    assert list(STEPS) == list(range(CONFIG_VERSION))


@pytest.mark.parametrize("text", ["", "config-version = 1", MIGRATED, 'config-version = "?"'])
def test_this_version_is_left_as_it_is(text):
    found = migrated(text)
    assert (found.version, found.text, found.diff) == (1, text, "")


def test_an_unknown_version_is_refused():
    assert (
        "config-version 7 is not known: this envmgr reads version 1" in refused("config-version = 7").message
    )
    assert "config-version -1 is not known" in refused("config_version = -1").message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'config-version = 0\n[libraries.six]\nwokers = 1\ntimeout = 0\n[environments.x]\nlink_mode = "no"',
            [
                "envmgr.toml:3:1: unknown key `wokers`",
                "envmgr.toml:4:11: a duration of `0h` is out of range",
                'envmgr.toml:6:13: expected "hardlink" or "copy", got "no"',
            ],
        ),
        ("config-version = 0\nconfig_version = 0", ["envmgr.toml:2:19: not TOML: cannot overwrite a value"]),
        (
            "config-version = 0\n[libraries.six]\n[library.six]",
            ["envmgr.toml:3:13: not TOML: cannot declare"],
        ),
        (
            "config-version = 0\ndefaults.timeout = true",
            ["envmgr.toml:2:20: expected a duration in quotes"],
        ),
        ("config-version = 0\nlibraries.six.timeout = -5", ["envmgr.toml:2:23: `-5ms` is not a duration"]),
    ],
)
def test_a_result_that_is_not_valid_is_refused_with_all_its_problems(text, expected):
    error = refused(text)
    assert error.message.startswith("envmgr.toml is unchanged: in version 1 there would be ")
    assert all(words in error.message for words in expected)
    assert len(error.details["problems"]) >= len(expected)


NAMES = st.sampled_from(["six", "timeout", "libraries", "link_mode", "health_calls", "profiles"])
NUMBERS = st.integers(1, 10**7)
DATA = st.dictionaries(NAMES, st.integers(0, 9), max_size=2)


def tables(**keys):
    return st.fixed_dictionaries({}, optional=keys)


OVERLAYS = tables(timeout=NUMBERS, worker_profile=st.just("process"), workers=st.integers(1, 9))
LIBRARIES = tables(
    timeout=NUMBERS,
    worker_profile=st.just("thread"),
    package=st.just("six<2"),
    health_calls=st.lists(tables(args=st.lists(DATA, max_size=1), kwargs=DATA), max_size=2),
    cache=st.fixed_dictionaries(
        {"functions": st.dictionaries(NAMES, tables(ttl=NUMBERS, max_entries=NUMBERS), max_size=2)}
    ),
)


@st.composite
def drafts(draw):
    libraries = draw(st.dictionaries(NAMES, LIBRARIES, max_size=3))
    for name, library in libraries.items():
        functions = library.get("cache", {}).get("functions", {})
        library |= (
            {"cache": {"functions": {f"{name}.{f}": said for f, said in functions.items()}}}
            if functions
            else {}
        )
        library["health_calls"] = [{"call": f"{name}.f", **call} for call in library.get("health_calls", [])]
    environment = tables(no_build=st.booleans(), link_mode=st.just("copy"), constraints=st.just(["six"]))
    profile = {
        "defaults": draw(OVERLAYS),
        "libraries": {name: draw(OVERLAYS) for name in libraries if draw(st.booleans())},
    }
    return {
        draw(st.sampled_from(["config_version", "config-version"])): 0,
        "defaults": draw(OVERLAYS),
        "libraries": libraries,
        "environments": {name: draw(environment) for name in libraries if draw(st.booleans())},
        "profiles": {draw(NAMES): profile},
    }


def in_version_1(draft):
    """What the draft means, said of the document instead of the text."""
    found = {}
    for key, value in draft.items():
        if key == "defaults":
            found[key] = _plain(value)
        elif key == "libraries":
            found["library"] = {name: _library(table) for name, table in value.items()}
        elif key == "environments":
            found["environment"] = {name: _plain(table) for name, table in value.items()}
        elif key == "profiles":
            found["profile"] = {name: in_version_1(table) for name, table in value.items()}
        else:
            found["config-version"] = 1
    return found


def _plain(table):
    found = {key.replace("_", "-"): value for key, value in table.items()}
    return {key: _time(value) if key in ("timeout", "ttl") else value for key, value in found.items()}


def _library(table):
    found = _plain({key: value for key, value in table.items() if key not in ("health_calls", "cache")})
    if "health_calls" in table:
        found["health"] = {"calls": table["health_calls"]}
    if "cache" in table:
        functions = table["cache"]["functions"]
        found["cache"] = {"functions": {name: _plain(function) for name, function in functions.items()}}
    return found


def _time(milliseconds):
    for unit, factor in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % factor == 0:
            return f"{milliseconds // factor}{unit}"
    return f"{milliseconds}ms"


@settings(deadline=None, max_examples=60)
@given(draft=drafts(), data=st.data())
def test_the_meaning_and_every_comment_of_any_draft_stay(draft, data):
    writer = Writer(lambda *options: data.draw(st.sampled_from(options)))
    writer.table(draft, ())
    assert tomllib.loads(writer.text) == draft
    found = migrated(writer.text)
    assert tomllib.loads(found.text) == in_version_1(draft)
    assert re.findall("#.*", found.text) == re.findall("#.*", writer.text)
    assert found.text.count("\n") == writer.text.count("\n")
    assert migrated(found.text).diff == ""
