"""A second project of the same user links what the first has built, and proves what is its own."""

from __future__ import annotations

import pytest
from projects import imported, library, project

from envmgr.environments.layout import Layout, site_packages
from envmgr.errors import EnvmgrError
from envmgr.model.project import HealthCall
from envmgr.operations.health import health
from envmgr.operations.launching import launch
from envmgr.operations.syncing import sync


def fails(code, found):
    with pytest.raises(EnvmgrError) as caught:
        sync(found)
    assert caught.value.code == code, caught.value.message
    return caught.value


def stages_of(found):
    stages = []
    sync(found, report=lambda environment, stage: stages.append(stage))
    return stages


def two(tmp_path, **settings):
    places = tmp_path / "one", tmp_path / "two"
    for place in places:
        place.mkdir()
    return [project(place, library("six", **settings)) for place in places]


def module_of(found):
    layout = Layout(found.root)
    (entry,) = [path for path in layout.store.iterdir() if path.is_dir() and path.suffix != ".catalog"]
    return site_packages(entry) / "six.py"


def test_the_second_project_installs_nothing_and_shares_every_file(tmp_path):
    first, second = two(tmp_path)
    assert "install" in stages_of(first)
    assert "install" not in stages_of(second)
    assert module_of(first).samefile(module_of(second))
    assert imported(launch(second.root, "six"), "import six; print(six.PY3)") == "True"
    (found,) = health(second, deep=True)
    assert found.healthy


def test_health_calls_are_made_again(tmp_path):
    wrong = (HealthCall("six.ensure_str", (1,)),)
    first, second = two(tmp_path)
    sync(first)
    second = project(second.root, library("six", health_calls=wrong))
    assert "six.ensure_str" in fails("E-PROOF", second).message


def test_an_edited_file_is_not_lent(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    first, second = two(tmp_path)
    sync(first)
    content = module_of(first).read_bytes()
    module_of(first).write_bytes(content.replace(b"1.17", b"1.71"))
    problem = fails("E-TAMPERED", second)
    assert problem.details["files"][0]["file"] == "six.py"


def test_an_environment_without_packages_is_shared_too(tmp_path):
    places = tmp_path / "one", tmp_path / "two"
    for place in places:
        place.mkdir()
    first, second = (project(place, library("math", None)) for place in places)
    assert "install" in stages_of(first)
    assert "install" not in stages_of(second)
    assert imported(launch(second.root, "math"), "import sys; print(sys.path[-1])").endswith("site-packages")
