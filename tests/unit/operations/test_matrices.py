"""Which matrices there are, and how they are remembered: an index is asked for what is new, and for nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import expanding, remembering, results, spelling
from envmgr.model.matrix import CellResult
from envmgr.operations import matrices, matrix_reporting
from envmgr.tools.index import Index
from envmgr.tools.index_settings import Indexes

TODAY = date(2026, 11, 26)
TEXT = """
library = "shop"
[axes]
shop = ["1", "latest"]
python = ["3.11", "3.12"]
[[check]]
import = true
memory = "1GiB"
[[expect]]
where = { shop = "1" }
known-broken = "old"
until = 2026-12-01
[timing]
reference = { shop = "latest" }
"""


class Counting(Index):
    def __init__(self, place):
        super().__init__(Indexes((), (str(place),)))
        self.asked = []

    def releases(self, distribution):
        self.asked.append(distribution)
        return super().releases(distribution)


@pytest.fixture
def wheels(tmp_path):
    place = tmp_path / "wheels"
    place.mkdir()
    for name in ("shop-1.0", "shop-1.1", "shop-2.0", "till-3.0"):
        (place / f"{name}-py3-none-any.whl").touch()
    return place


@pytest.fixture
def root(tmp_path):
    (tmp_path / "app" / "matrices").mkdir(parents=True)
    (tmp_path / "app" / "matrices" / "shop.toml").write_text(TEXT)
    return tmp_path / "app"


def load(root, index, **rest):
    return matrices.load(root, "shop", index=index, today=TODAY, **rest)


def test_a_matrix_is_the_same_when_it_is_loaded_again_and_nothing_is_read_or_asked(root, wheels, monkeypatch):
    first = load(root, Counting(wheels))
    assert [cell.requirements for cell in first.cells] == [("shop==1.1",)] * 2 + [("shop==2.0",)] * 2
    assert first.path == root / "matrices" / "shop.toml"
    assert (root / ".envmgr" / ".gitignore").read_text() == "*\n"
    monkeypatch.setattr(expanding, "expand", None)
    assert load(root, None) == first
    assert matrices.load(matrices.project_at(root), "shop", index=None, today=TODAY) == first


def test_the_file_lends_what_another_machine_could_run(root, wheels):
    matrix = load(root, Counting(wheels))
    one = CellResult("shop", matrix.cells[0].id, matrix.cells[0].values, "elsewhere", "f")
    found = [one, replace(one, cell=matrix.cells[1].id, values=matrix.cells[1].values)]
    for result in found:
        results.keep(Layout(root), result)
    path = spelling.committed(root, "shop")
    for filed, told in (
        ("elsewhere", ()),
        ("passed", ("1 of them are read from shop.results.json, which has no logs",)),
    ):
        spelling.write_file(path, matrix, [replace(one, status=filed), found[1]])
        (report,) = matrix_reporting.report(matrices.project_at(root), "shop")
        assert [each.status for each in report.results] == [filed, "elsewhere"]
        assert tuple(note for note in report.notes if "read from" in note) == told


def test_what_was_found_holds_until_it_is_upgraded(root, wheels):
    before = load(root, Counting(wheels))
    (wheels / "shop-2.1-py3-none-any.whl").touch()
    (root / "matrices" / "shop.toml").write_text(TEXT + "threshold = 2.0\n")
    index = Counting(wheels)
    assert load(root, index).cells == before.cells
    assert index.asked == []
    assert [cell.requirements for cell in load(root, index, upgrade=True).cells][-1] == ("shop==2.1",)
    assert load(root, None).cells[-1].requirements == ("shop==2.1",)


def test_only_what_is_new_in_a_file_is_asked_for(root, wheels):
    load(root, Counting(wheels))
    (root / "matrices" / "shop.toml").write_text(TEXT.replace('"latest"]', '"latest"]\ntill = "3"'))
    index = Counting(wheels)
    assert load(root, index).cells[0].requirements == ("shop==1.1", "till==3.0")
    assert set(index.asked) == {"till"}


def test_another_day_ends_an_expectation_and_asks_nothing(root, wheels):
    assert load(root, Counting(wheels)).cells[0].expectation.reason == "old"
    later = matrices.load(root, "shop", index=None, today=date(2026, 12, 1))
    assert later.cells[0].expectation is None
    assert later.notes == ("[[expect]] 1 (old) ended on 2026-12-01: 2 cells count again",)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"schema": 1, "found": 3}', b'{"schema": 0}', b"\xff"]
)
def test_damaged_notes_are_made_anew(root, wheels, content):
    matrix = load(root, Counting(wheels))
    place = root / ".envmgr" / "matrix" / "shop"
    for name in ("releases.json", "cells.msgpack"):
        (place / name).write_bytes(content)
    assert load(root, Counting(wheels)) == matrix
    assert (
        json.loads((place / "releases.json").read_text())["found"]["shop 1 for 3.11 " + "linux-x86_64"]
        == "1.1"
    )


def test_where_nothing_can_be_noted_a_matrix_is_found_each_time(root, wheels):
    (root / ".envmgr").write_text("a file")
    index = Counting(wheels)
    assert load(root, index) == load(root, index)
    assert index.asked
    assert remembering.releases(Layout(root), "shop") == {}


def test_envmgr_toml_decides_too(root, wheels):
    config = root / "envmgr.toml"
    (root / "matrices" / "shop.toml").write_text('library = "till"\n[axes]\nshop = "oldest"\n')
    config.write_text('[project]\npython = "3.12"\n[library.till]\n[library.shop]\nversion = ">=1.1"\n')
    found = load(root, Counting(wheels))
    assert (found.cells[0].python, found.cells[0].requirements) == ("3.12", ("shop==1.1", "till"))
    config.write_text(config.read_text().replace(">=1.1", ">=1.2").replace("3.12", "3.11"))
    found = load(root, Counting(wheels))
    assert (found.cells[0].python, found.cells[0].requirements) == ("3.11", ("shop==2.0", "till"))
    assert [check.kind for check in found.checks] == ["import"]
    with config.open("a") as file:
        file.write('[[library.till.health.calls]]\ncall = "till.open"\n')
    assert [check.kind for check in load(root, Counting(wheels)).checks] == ["import", "health"]


def test_an_interpreter_of_envmgr_toml_by_its_path(root, wheels, tmp_path):
    import sys

    (root / "matrices" / "shop.toml").write_text('library = "shop"\n[axes]\nshop = "latest"\n')
    (root / "envmgr.toml").write_text(f'[project]\npython = "{sys.executable}"\n[library.shop]\n')
    assert load(root, Counting(wheels)).cells[0].python == sys.executable


def test_names_and_unknown_ones(root):
    (root / "matrices" / "a.toml").touch()
    (root / "matrices" / "d.toml").mkdir()
    (root / "matrices" / "shop.results.json").touch()
    assert matrices.names(root) == matrices.names(matrices.project_at(root)) == ("a", "shop")
    with pytest.raises(EnvmgrError, match=r"there is no matrices/shpo.toml") as error:
        matrices.load(root, "shpo", index=None)
    assert (error.value.code, error.value.hint) == (
        "E-UNKNOWN-MATRIX",
        "did you mean `shop`? matrices: a, shop",
    )
    with pytest.raises(EnvmgrError, match=r"there is no matrices/a.toml"):
        matrices.load(root / "matrices", "a", index=None)


def test_a_project_is_found_by_its_matrices_alone(root, tmp_path):
    assert matrices.find_root(root / "matrices") == root
    assert matrices.project_at(root).libraries == {}
    with pytest.raises(EnvmgrError) as error:
        matrices.find_root(tmp_path)
    assert error.value.code == "E-NO-PROJECT"


def test_what_is_no_toml_or_cannot_be_read_is_said(root, monkeypatch):
    from pathlib import Path

    (root / "matrices" / "shop.toml").write_text("library = \n")
    with pytest.raises(EnvmgrError, match="not TOML") as error:
        load(root, None)
    assert error.value.hint == "correct the file, then run `envmgr matrix list shop`"

    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(EnvmgrError, match="cannot be read: Permission denied"):
        load(root, None)


def test_the_problems_of_all_files_are_said_at_once(root, wheels):
    (root / "matrices" / "shop.toml").write_text("library = 3\n")
    (root / "matrices" / "till.toml").write_text("library = 'till'\naxs = {}\n")
    project = matrices.project_at(root)
    with pytest.raises(EnvmgrError) as error:
        matrices.load_all(project, None, index=Counting(wheels))
    assert [problem["line"] for problem in error.value.details["problems"]] == [1, 2]
    assert "unknown key `axs`" in error.value.message
    with pytest.raises(EnvmgrError, match="1 problem in"):
        matrices.load_all(project, ["shop"], index=Counting(wheels))
    with pytest.raises(EnvmgrError, match="there is no matrices/no"):
        matrices.load_all(project, ["no"], index=Counting(wheels))
