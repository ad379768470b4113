"""A cold cache and several environments that share wheels: each file is fetched once, several at a time."""

import io
import sys
import tarfile
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


WAITS = """
import pathlib, time, zipfile
def build_wheel(directory, settings=None, metadata=None):
    for _ in range(600):
        if list(pathlib.Path({store!r}).glob("zqquick-*")):
            break
        time.sleep(0.05)
    else:
        raise SystemExit("nothing else is installed meanwhile")
    place = pathlib.Path(directory) / "zqbuilt-1.0-py3-none-any.whl"
    with zipfile.ZipFile(place, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    return place.name
FILES = {{
    "zqbuilt.py": "",
    "zqbuilt-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: zqbuilt\\nVersion: 1.0\\n",
    "zqbuilt-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "zqbuilt-1.0.dist-info/RECORD": "",
}}
"""
SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
PROJECT = '[project]\nname = "zqbuilt"\nversion = "1.0"\n'


def source(store):
    """A source distribution that is built as soon as another environment stands."""
    written = io.BytesIO()
    texts = {
        "PKG-INFO": "Metadata-Version: 2.2\nName: zqbuilt\nVersion: 1.0\n",
        "pyproject.toml": PROJECT + SYSTEM,
        "backend.py": WAITS.format(store=str(store)),
    }
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        for name, text in texts.items():
            member = tarfile.TarInfo(f"zqbuilt-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return "zqbuilt-1.0.tar.gz", written.getvalue()


def test_what_is_compiled_keeps_no_other_environment_waiting(tmp_path, monkeypatch):
    root = tmp_path / "project"
    root.mkdir()
    with serve(source(Layout(root).store), wheel("zqquick", "1.0", {"zqquick.py": ""})) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{index.host}/simple")
        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("ENVMGR_CACHE_DIR", str(tmp_path / "ours"))
        found = project(root, library("zqbuilt"), library("zqquick"), python=sys.executable)
        assert [outcome.action for outcome in sync(found)] == ["built", "built"]
