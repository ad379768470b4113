"""A cold cache and several environments that share wheels: each file is fetched once, several at a time."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from indexes import serve, wheel
from projects import imported, library, project

from envmgr.environments.layout import Layout, site_packages
from envmgr.operations.launching import launch
from envmgr.operations.syncing import sync

PARTS = [f"zqpart{number}" for number in range(4)]
SHARED = [wheel(name, "1.0", {f"{name}.py": f"NAME = {name!r}\n"}) for name in PARTS]
ENVIRONMENTS = ("zqone", "zqtwo", "zqthree")


@pytest.fixture
def index(monkeypatch, tmp_path):
    tops = [wheel(name, "1.0", {f"{name}.py": "import zqpart0\n"}, requires=PARTS) for name in ENVIRONMENTS]
    with serve(*SHARED, *tops, delay=0.15) as index:
        for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{index.host}/simple")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("ENVMGR_CACHE_DIR", str(tmp_path / "ours"))
        yield index


def test_each_wheel_is_fetched_once_and_linked(tmp_path, index):
    root = tmp_path / "project"
    root.mkdir()
    found = project(root, *(library(name) for name in ENVIRONMENTS), python=sys.executable)
    assert [outcome.action for outcome in sync(found)] == ["built"] * len(ENVIRONMENTS)
    assert index.fetched == Counter(list(index.wheels))
    assert index.most_at_once > 1
    homes = [Path(launch(root, name)["store"]) for name in ENVIRONMENTS]
    assert len({(site_packages(home) / "zqpart0.py").stat().st_ino for home in homes}) == 1
    assert imported(launch(root, "zqtwo"), "import zqtwo; print(zqtwo.zqpart0.NAME)") == "zqpart0"

    other = tmp_path / "other"
    other.mkdir()
    sync(project(other, library("zqmore", "zqone"), python=sys.executable))
    assert index.fetched == Counter(list(index.wheels))
    assert Layout(other).home.is_dir()
