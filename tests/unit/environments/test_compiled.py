"""`.envmgr/calls.json`, as `mix envmgr.calls` writes it."""

import json

import pytest

from envmgr.environments import compiled
from envmgr.environments.compiled import Function, Method, Unknown
from envmgr.environments.layout import Layout
from envmgr.model.changes import ANYTHING, Shape

DOCUMENT = {
    "schema": 1,
    "at": "2026-11-20T10:00:00Z",
    "beams": [{"path": "/nowhere/ebin", "newest": 5}],
    "functions": [
        {
            "path": "m.f",
            "places": ["lib/a.ex:1"],
            "shapes": [
                {"positional": 1, "keywords": ["axis"], "more": ["keywords"], "places": ["lib/a.ex:1"]}
            ],
        }
    ],
    "methods": [{"name": "fit", "on": None, "places": ["lib/a.ex:2"]}],
    "unknown": [{"place": "lib/a.ex:3", "call": "execute/2", "begins": "m."}],
    "unread": ["Stripped"],
}


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path)
    layout.home.mkdir()
    return layout


def test_all_of_it(layout):
    assert compiled.read(layout) is None
    layout.compiled.write_text(json.dumps(DOCUMENT))
    found = compiled.read(layout)
    shape = Shape(1, ("axis",), ("keywords",), ("lib/a.ex:1",))
    assert found.functions == (Function("m.f", ("lib/a.ex:1",), (shape,)),)
    anything = Shape(more=ANYTHING, places=("lib/a.ex:2",))  # a file of before does not say how
    assert found.methods == (Method("fit", None, ("lib/a.ex:2",), (anything,)),)
    assert found.unknown == (Unknown("lib/a.ex:3", "execute/2", "m."),)
    assert (found.at, found.unread, found.stale) == ("2026-11-20T10:00:00Z", ("Stripped",), ())


@pytest.mark.parametrize(("later", "stale"), [(-60, ()), (0, ()), (60, ("ebin",))])
def test_modules_that_were_compiled_since(layout, tmp_path, later, stale):
    beam = tmp_path / "ebin" / "Elixir.App.beam"
    beam.parent.mkdir()
    beam.write_bytes(b"")
    noted = int(beam.stat().st_mtime) - later
    layout.compiled.write_text(
        json.dumps({**DOCUMENT, "beams": [{"path": str(beam.parent), "newest": noted}]})
    )
    assert compiled.read(layout).stale == tuple(str(tmp_path / name) for name in stale)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        json.dumps({**DOCUMENT, "schema": 2}),
        json.dumps({**DOCUMENT, "functions": [{"path": "m"}]}),
        json.dumps({**DOCUMENT, "functions": [{"path": "m", "places": [], "shapes": [{"positional": 1}]}]}),
    ],
)
def test_what_is_none_of_it(layout, content):
    layout.compiled.write_text(content)
    with pytest.raises(ValueError, match=r"schema 2|is not as|Expecting"):
        compiled.read(layout)
