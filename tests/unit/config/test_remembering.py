"""A project that is loaded again is the same, and only when nothing it depends on has changed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from envmgr.config import Layers, load, remembering

TEXT = """
[library.numpy]
with = ["scipy"]
health.calls = [{ call = "numpy.mean", args = [[1, 2]], kwargs = { axis = 0 } }]
[library.numpy.serializers]
"numpy.matrix" = "ref"
[library.numpy.hooks]
before = "hooks.py:before"
[library.numpy.pipelines.mean]
rename = { values = "a" }
validate.a = { type = ["list", "tuple"], min-length = 1 }
[aliases]
np = "numpy"
[library.numpy.security]
network = "none"
[environment.numpy]
constraints = ["numpy<2"]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "envmgr.toml").write_text(TEXT)
    return tmp_path


def test_what_is_recalled_is_what_was_loaded(project):
    loaded = load(project)
    assert loaded.warnings
    assert remembering.recall(project / "envmgr.toml", TEXT.encode(), Layers()) == loaded
    assert load(project) == loaded


def test_a_recalled_project_is_loaded_without_pydantic(project):
    load(project)
    code = (
        "import sys, pathlib, envmgr.config as c;"
        "c.load(pathlib.Path(sys.argv[1])); print('pydantic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code, project], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


@pytest.mark.parametrize(
    "layers",
    [
        Layers(profile="prod"),
        Layers(variables={"ENVMGR_DEFAULTS__WORKERS": "8"}),
        Layers(settings=("defaults.workers=8",)),
    ],
)
def test_other_layers_are_loaded_anew_and_kept_too(project, layers):
    text = TEXT + "[profile.prod.defaults]\nworkers = 8\n"
    (project / "envmgr.toml").write_text(text)
    path = project / "envmgr.toml"
    assert load(project).environments["numpy"].workers == 2
    assert remembering.recall(path, text.encode(), layers) is None
    laid = load(project, layers)
    assert laid.environments["numpy"].workers == 8
    assert remembering.recall(path, text.encode(), layers) == laid
    assert load(project).environments["numpy"].workers == 2


def test_another_text_or_place_is_loaded_anew(project):
    load(project)
    assert remembering.recall(project / "envmgr.toml", b"[library.math]", Layers()) is None
    (project / "envmgr.toml").write_text(TEXT.replace("scipy", "pandas"))
    assert load(project).libraries["numpy"].extra_requirements == ("pandas",)
    moved = project / "moved"
    moved.mkdir()
    assert remembering.recall(moved / "envmgr.toml", TEXT.encode(), Layers()) is None


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x80", b"\x01", b"\x81\xa3key\xa0"])
def test_a_damaged_cache_is_no_cache(project, own_cache, content):
    expected = load(project)
    (kept,) = (own_cache / "projects").iterdir()
    kept.write_bytes(content)
    assert load(project) == expected


def test_it_is_for_this_user_alone_and_forgotten_after_long(project, own_cache):
    load(project)
    (kept,) = (own_cache / "projects").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    os.utime(kept, (0, 0))
    load(project)
    remembering.prune()
    assert kept.exists()
    os.utime(kept, (0, 0))
    remembering.prune()
    assert not kept.exists()


def test_nothing_is_kept_where_it_cannot_be(project, own_cache):
    (project / "envmgr.toml").write_text(TEXT.replace("axis = 0", f"axis = {2**70}"))
    assert load(project).libraries["numpy"].health_calls[0].kwargs == {"axis": 2**70}
    assert not list(own_cache.glob("projects/*"))
    own_cache.rmdir()
    own_cache.write_text("no directory")
    (project / "envmgr.toml").write_text(TEXT)
    assert load(project).libraries["numpy"]
