"""`matrix list` and `matrix schema`, through the real command; and what docs/matrices.md says of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from envmgr.cli import run
from envmgr.environments.layout import Layout
from envmgr.matrix import results, tags
from envmgr.model.matrix import CellResult

GUIDE = (Path(__file__).parents[3] / "docs" / "matrices.md").read_text()
TEXT = """
library = "shop"
[axes]
shop = ["1", "latest"]
python = ["3.11", "3.12"]
pytest = ["none", "next"]
[[check]]
import = true
[[expect]]
where = { shop = "1" }
known-broken = "old"
until = 2999-01-01
[[expect]]
where = { python = "3.12" }
allow-failure = true
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for version in ("1.0", "1.1", "2.0"):
        (wheels / f"shop-{version}-py3-none-any.whl").touch()
    (wheels / "pytest-8.0-py3-none-any.whl").touch()
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    monkeypatch.delenv("ENVMGR_DEBUG", raising=False)
    root = tmp_path / "app"
    (root / "matrices").mkdir(parents=True)
    (root / "matrices" / "shop.toml").write_text(TEXT)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def envmgr(project, capsys):
    def command(*arguments):
        status = run(["matrix", *arguments])
        return status, *capsys.readouterr()

    return command


LEFT_OUT = (
    "pytest=next: no pre-release is newer than the latest release for Python 3.11, 3.12 on"
    f" {tags.here()}: left out"
)


def test_all_matrices_with_their_last_results(envmgr, project):
    results.keep(
        Layout(project),
        CellResult("shop", "shop=1,python=3.11,pytest=none", {"shop": "1"}, "passed", "f"),
    )
    assert envmgr("list") == (
        0,
        f"""\
shop: 4 cells
  shop    1, latest
  python  3.11, 3.12
  pytest  none, next
  checks  import
  last    3 never run, 1 passed
  {LEFT_OUT}
""",
        "",
    )
    (project / "matrices" / "one.toml").write_text('library = "shop"\n[axes]\nshop = "1"\n')
    status, out, _ = envmgr("list", "--format", "json")
    assert status == 0
    assert [(one["name"], one["cells"], one["last"]) for one in json.loads(out)["data"]] == [
        ("one", 1, {"never run": 1}),
        ("shop", 4, {"never run": 3, "passed": 1}),
    ]
    assert "one: 1 cell\n" in envmgr("list")[1]


def test_the_cells_of_one_with_what_was_found(envmgr, project):
    assert (
        envmgr("list", "shop")[1]
        == f"""\
shop=1,python=3.11,pytest=none       shop 1.1  never run  known-broken until 2999-01-01: old
shop=1,python=3.12,pytest=none       shop 1.1  never run  known-broken until 2999-01-01: old
shop=latest,python=3.11,pytest=none  shop 2.0  never run
shop=latest,python=3.12,pytest=none  shop 2.0  never run  allow-failure

{LEFT_OUT}
"""
    )
    (project.parent / "wheels" / "shop-2.1-py3-none-any.whl").touch()
    assert "shop 2.1" not in envmgr("list", "shop")[1]
    data = json.loads(envmgr("list", "shop", "--upgrade", "--format", "json")[1])["data"]
    assert data["cells"][3]["requirements"] == ["shop==2.1"]
    assert data["cells"][0]["expectation"]["until"] == "2999-01-01"


def test_jobs_for_github(envmgr, project):
    system = 'platform = ["linux-x86_64", "macos-arm64", "windows-x86_64"]\n'
    (project / "matrices" / "shop.toml").write_text(
        f'library = "shop"\n[axes]\npython = ["3.9", "3.12", "3.10"]\n{system}'
    )
    status, out, _ = envmgr("list", "--github", "--shards", "2")
    assert status == 0
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "include": [
            {"matrix": "shop", "shard": "1/2", "python": "3.9 3.10", "platform": "linux-x86_64", "runs-on": "ubuntu-latest"},
            {"matrix": "shop", "shard": "2/2", "python": "3.12", "platform": "linux-x86_64", "runs-on": "ubuntu-latest"},
            {"matrix": "shop", "shard": "1/2", "python": "3.12", "platform": "macos-arm64", "runs-on": "macos-latest"},
            {"matrix": "shop", "shard": "2/2", "python": "3.9 3.10", "platform": "macos-arm64", "runs-on": "macos-latest"},
        ]
    }  # fmt: skip
    jobs = json.loads(envmgr("list", "shop", "--github")[1])["include"]
    assert [(job["shard"], job["python"]) for job in jobs] == [("1/1", "3.9 3.10 3.12")] * 2


def test_what_is_wrong_is_said(envmgr, project, monkeypatch, tmp_path):
    assert envmgr("list", "--shards", "2")[0] == 2
    status, _, err = envmgr("list", "shpo")
    assert (status, "did you mean `shop`?" in err) == (2, True)
    (project / "matrices" / "shop.toml").unlink()
    assert "no envmgr.toml, and no matrices/*.toml, in" in envmgr("list")[2]
    assert "matrices/*.toml, in" in envmgr("list", "--project", str(project))[2]
    (project / "envmgr.toml").write_text("[library.math]\nstdlib = true\n")
    assert envmgr("list") == (0, "no matrices/*.toml yet: docs/matrices.md says what they hold\n", "")
    assert envmgr("list", "--project", str(project))[0] == 0
    assert envmgr("list", "--project", str(project / "matrices"))[0] == 2
    assert envmgr("lst")[0] == 2


def test_the_schema(envmgr):
    status, out, _ = envmgr("schema")
    assert (status, json.loads(out)["title"]) == (0, "a compatibility matrix")


def test_the_problems_of_the_guide_are_those_that_are_said(envmgr, project):
    (shown,) = re.findall(r"```\n(error: 2 problems.*?)```", GUIDE, re.DOTALL)
    (project / "matrices" / "shop.toml").unlink()
    (project / "matrices" / "numpy.toml").write_text(
        'matrix-version = 1\nlibrary = "numpy"\n\n[axes]\nnumpy = ["1.26", "2.0", "lastest"]\n\n'
        '[[check]]\npytst = ["tests"]\nimport = true\n'
    )
    assert envmgr("list") == (2, "", shown)


def test_the_files_of_the_guide_are_matrices(envmgr, project):
    wheels = project.parent / "wheels"
    for version, pythons in {"1.26.4": "11 12", "2.0.2": "11 12", "2.5.5": "12 13", "2.6.0rc1": "12"}.items():
        for python in pythons.split():
            (wheels / f"numpy-{version}-cp3{python}-cp3{python}-manylinux_2_17_x86_64.whl").touch()
    (wheels / "pandas-3.1.1-py3-none-any.whl").touch()
    whole, *_ = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    (project / "matrices" / "shop.toml").unlink()
    (project / "matrices" / "numpy.toml").write_text(whole)
    status, out, _ = envmgr("list", "numpy", "--format", "json")
    data = json.loads(out)["data"]
    cells = {
        cell["id"].removesuffix(",resolution=highest,platform=linux-x86_64"): cell for cell in data["cells"]
    }
    assert status == 0
    assert list(cells) == [
        f"numpy={numpy},python={python},pandas={pandas}"
        for numpy, pythons in {"1.26": "3.11 3.12", "2.0": "3.11 3.12", "latest": "3.11 3.12 3.13"}.items()
        for python in pythons.split()
        for pandas in ("none", "latest")
    ] + ["numpy=next,python=3.12,pandas=none"]
    assert cells["numpy=next,python=3.12,pandas=none"]["expectation"]["kind"] == "allow-failure"
    assert cells["numpy=1.26,python=3.11,pandas=latest"]["expectation"]["reason"] == "pandas 3 needs numpy 2"
    assert cells["numpy=latest,python=3.11,pandas=none"]["requirements"] == ["numpy==2.0.2", "pytest>=8"]
    assert data["timing"]["reference"].startswith("numpy=2.0,python=3.12")
    assert data["notes"][0].startswith("numpy=2.0: no release of it has a file for Python 3.13")
