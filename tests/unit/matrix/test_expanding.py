"""From tables to cells: ids, requirements, strategies, includes, excludes, expectations, notes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest
from listing import Listing, arrays, compiled, pure, sdist

from envmgr.config.source import parse
from envmgr.errors import EnvmgrError
from envmgr.matrix import expanding
from envmgr.matrix.reading import read
from envmgr.matrix.resolving import Around
from envmgr.matrix.selecting import Selections
from envmgr.model.matrix import Check, Expectation, Timing
from envmgr.model.project import Environment, HealthCall, Library, Project

TODAY = date(2026, 11, 26)
ROOT = Path("/nowhere")
INDEX = {
    "numpy": arrays(),
    "pandas": compiled(
        "pandas", {"2.2.0": (("3.11", "3.12"), "2024-01-20"), "3.0.0": (("3.12",), "2026-01-21")}
    ),
    "pytest": pure("pytest", "7.4", "8.0", "8.3"),
    "old": {"1.0": [sdist("old", "1.0")], "2.0": [sdist("old", "2.0")]},
}


def expanded(text, *libraries, name="numpy", today=TODAY, **around):
    """The matrix of a file; without `library`, it is of `name`."""
    homes = {
        found.environment: Environment(found.environment, "3.12", (found,), no_build=found.name == "wheels")
        for found in libraries
    }
    project = Project(ROOT, "app", homes)
    head = "" if "library =" in text else f'library = "{name}"\n'
    source = parse(ROOT / "matrices" / "m.toml", (head + text).encode())
    here = replace(Around("3.12", "3.12", "linux-x86_64"), **around)
    spec = read(source, project)
    return expanding.expand(spec, source, project, here, Selections(Listing(**INDEX), {}, today), today)


def ids(matrix):
    return [cell.id for cell in matrix.cells]


def test_all_combinations_are_cells_in_the_order_of_the_file():
    matrix = expanded("[axes]\npython = ['3.12', '3.11']\nnumpy = ['1.26', 'latest']")
    assert ids(matrix) == [
        "python=3.12,numpy=1.26",
        "python=3.12,numpy=latest",
        "python=3.11,numpy=1.26",
        "python=3.11,numpy=latest",
    ]
    assert [cell.requirements for cell in matrix.cells] == [
        ("numpy==1.26.4",),
        ("numpy==2.3.0",),
        ("numpy==1.26.4",),
        ("numpy==2.2.0",),
    ]
    assert {(cell.python, cell.platform, cell.resolution) for cell in matrix.cells} == {
        ("3.12", "linux-x86_64", "highest"),
        ("3.11", "linux-x86_64", "highest"),
    }
    assert matrix.name == "m"
    assert dict(matrix.axes) == {"python": ("3.12", "3.11"), "numpy": ("1.26", "latest")}
    assert matrix.notes == ()
    assert matrix.checks == (Check("import", "import"),)


def test_what_has_no_release_is_left_out_and_told():
    matrix = expanded("[axes]\nnumpy = ['1.26', '2', 'next']\npython = ['3.11', '3.13', 'next']")
    assert ids(matrix) == [
        "numpy=1.26,python=3.11",
        "numpy=2,python=3.11",
        "numpy=2,python=3.13",
        "numpy=next,python=3.13",
    ]
    assert matrix.notes == (
        "numpy=1.26: no release of it has a file for Python 3.13, 3.16 on linux-x86_64: left out",
        "numpy=2: no release of it has a file for Python 3.16 on linux-x86_64: left out",
        "numpy=next: no pre-release is newer than the latest release for Python 3.11, 3.16 on linux-x86_64: left out",
    )
    between = expanded("[axes]\nnumpy = '2'\npython = ['3.13', 'next']", today=date(2026, 10, 5))
    assert between.notes == ("python=next: there is no such Python now",)


def test_companions_and_what_else_is_asked():
    text = "with = ['pytest>=8', 'six']\nconstraints = ['six<2']\n[axes]\npandas = ['none', '2.2']\npytest = ['none', '7']"
    matrix = expanded(text, Library("np", "numpy[x]>=1.26,<3", None, "np", ("pandas", "pyarrow")), name="np")
    assert {cell.id: cell.requirements for cell in matrix.cells} == {
        "pandas=none,pytest=none": ("numpy[x]>=1.26,<3", "pyarrow", "six"),
        "pandas=none,pytest=7": ("pytest==7.4", "numpy[x]>=1.26,<3", "pyarrow", "six"),
        "pandas=2.2,pytest=none": ("pandas==2.2.0", "numpy[x]>=1.26,<3", "pyarrow", "six"),
        "pandas=2.2,pytest=7": ("pandas==2.2.0", "pytest==7.4", "numpy[x]>=1.26,<3", "pyarrow", "six"),
    }
    assert {cell.constraints for cell in matrix.cells} == {("six<2",)}
    assert expanded("[axes]\npytest = '8'").cells[0].requirements == ("pytest==8.3", "numpy")


@pytest.mark.parametrize("axis", ["np", "numpy", '"numpy[x]"'])
def test_an_axis_is_named_after_a_library_or_its_distribution(axis):
    library = Library("np", "numpy[x]>=2.0.1,<2.3", None, "np")
    matrix = expanded(f"[axes]\n{axis} = ['oldest', 'latest']", library, name="np")
    assert [cell.requirements for cell in matrix.cells] == [("numpy[x]==2.0.2",), ("numpy[x]==2.3.0",)]


def test_a_module_of_the_interpreter_has_no_requirement():
    matrix = expanded("[axes]\npython = ['3.11', '3.12']", Library("math", None, None, "math"), name="math")
    assert [cell.requirements for cell in matrix.cells] == [(), ()]


def test_builds_are_for_those_who_allow_them():
    text = "[axes]\nold = ['1.0', 'latest']"
    assert len(expanded(text, name="old").cells) == 2
    for refused in (text + "\nresolution = 'lowest-direct'", text):
        with pytest.raises(EnvmgrError, match="no cells"):
            expanded(refused, name="old", builds=refused is not text)


def test_pairwise_has_every_pair_of_what_may_be():
    axes = "[axes]\nnumpy = ['1.26', '2.0', '2.2', 'latest']\npython = ['3.11', '3.12', '3.13']\n"
    axes += "pytest = ['7', '8', 'none']\nresolution = ['highest', 'lowest-direct']\n"
    rules = "[[exclude]]\nnumpy = '<2.2'\npytest = ['8', 'none']\n[[exclude]]\nresolution = 'lowest-direct'\npython = '>=3.13'\n"
    every, few = expanded(axes + rules), expanded("strategy = 'pairwise'\n" + axes + rules)
    assert pairs(few) == pairs(every)
    assert set(ids(few)) < set(ids(every))
    for cell in every.cells:
        assert not (cell.values["numpy"] in ("1.26", "2.0") and cell.values["pytest"] in ("8", "none"))
        assert not (cell.values["resolution"] == "lowest-direct" and cell.values["python"] == "3.13")
    sampled = expanded("strategy = { sample = 9, seed = 3 }\n" + axes + rules)
    assert len(sampled.cells) == 9
    assert set(ids(sampled)) < set(ids(every))


def pairs(matrix):
    return {pair for cell in matrix.cells for pair in combinations(sorted(cell.values.items()), 2)}


def test_includes_add_to_what_agrees_with_them_or_are_cells_of_their_own():
    matrix = expanded(
        """
[axes]
numpy = ["2.0", "latest"]
python = ["3.11", "3.12"]
[[exclude]]
numpy = "latest"
python = "3.11"
[[include]]
pandas = "2.2"
[[include]]
python = "3.12"
numpy = "latest"
pandas = "latest"
[[include]]
numpy = "latest"
python = "3.11"
[[include]]
numpy = "2.1"
pytest = "8"
[[include]]
numpy = "2.0"
"""
    )
    assert {cell.id: cell.requirements for cell in matrix.cells} == {
        "numpy=2.0,python=3.11,pandas=2.2": ("numpy==2.0.2", "pandas==2.2.0"),
        "numpy=2.0,python=3.12,pandas=2.2": ("numpy==2.0.2", "pandas==2.2.0"),
        "numpy=latest,python=3.12,pandas=latest": ("numpy==2.3.0", "pandas==3.0.0"),
        "numpy=latest,python=3.11": ("numpy==2.2.0",),
        "numpy=2.1,python=3.11,pytest=8": ("numpy==2.1.0", "pytest==8.3"),
    }
    assert dict(matrix.axes) == {
        "numpy": ("2.0", "latest", "2.1"),
        "python": ("3.11", "3.12"),
        "pandas": ("2.2", "latest"),
        "pytest": ("8",),
    }


def test_an_include_that_names_a_whole_cell_adds_to_it():
    matrix = expanded("[axes]\nnumpy = ['2.0', '2.1']\n[[include]]\nnumpy = '2.0'\npandas = '2.2'")
    assert ids(matrix) == ["numpy=2.0,pandas=2.2", "numpy=2.1"]


def test_includes_alone_are_a_list_of_cells():
    matrix = expanded(
        """
[[include]]
python = "3.11"
numpy = "2"
[[include]]
python = "3.13"
numpy = "next"
[[include]]
python = "3.11"
numpy = "next"
"""
    )
    assert ids(matrix) == ["python=3.11,numpy=2", "python=3.13,numpy=next"]
    assert len(matrix.notes) == 1


def test_the_first_expectation_that_fits_and_is_not_over_holds():
    text = """
[axes]
numpy = ["1.26", "2.0", "latest"]
python = ["3.11", "3.12"]
[[expect]]
where = { numpy = "1.26" }
known-broken = "too old"
until = 2026-11-26
[[expect]]
where = { numpy = "<2.1", python = "3.11" }
known-broken = "old"
until = "2026-11-27"
[[expect]]
where = {}
allow-failure = true
[[expect]]
where = { numpy = "2.0", python = ">=3.13" }
allow-failure = true
"""
    matrix = expanded(text)
    old, may = Expectation("known-broken", "old", date(2026, 11, 27)), Expectation("allow-failure")
    assert [cell.expectation for cell in matrix.cells] == [old, may, old, may, may, may]
    assert matrix.notes == (
        "[[expect]] 1 (too old) ended on 2026-11-26: 2 cells count again",
        "[[expect]] 4 fits no cell",
    )
    assert expanded(text, today=date(2026, 11, 25)).cells[0].expectation.reason == "too old"


def test_rules_without_an_effect_are_told():
    matrix = expanded(
        """
[axes]
numpy = ["1.26", "2.0"]
python = ["3.11", "3.12"]
[[check]]
import = true
[[check]]
pytest = ["-x"]
[[exclude]]
numpy = "<1"
[[exclude]]
numpy = "1.26"
python = "3.12"
[[expect]]
where = { numpy = "1.26" }
known-broken = "too old"
until = 2026-11-26
[[expect]]
where = { numpy = "2.0" }
allow-failure = true
[[expect]]
where = { numpy = "2.0", python = "3.12" }
known-broken = "never said"
until = 2027-01-01
"""
    )
    assert matrix.notes == (
        "[[exclude]] 1 fits no combination",
        "[[expect]] 1 (too old) ended on 2026-11-26: 1 cell counts again",
        "[[expect]] 3 never holds: others before it fit all of its cells",
        '[[check]] 2 needs pytest, which no cell asks for: `with = ["pytest"]` brings it into them',
    )


def test_twins_are_told():
    matrix = expanded(
        "[axes]\nnumpy = ['2', '2.3', 'latest', '>=2']\npython = ['3.12', '3.13', '3.11']\npytest = ['8', '8.3']"
    )
    assert matrix.notes[0].startswith("numpy=2.3: no release of it has a file for Python 3.11")
    assert matrix.notes[1] == (
        "the same releases: numpy=2,python=3.12,pytest=8 and numpy=2,python=3.12,pytest=8.3 and"
        " numpy=2.3,python=3.12,pytest=8 and numpy=2.3,python=3.12,pytest=8.3 and numpy=latest,python=3.12,pytest=8"
        " and numpy=latest,python=3.12,pytest=8.3 and numpy=>=2,python=3.12,pytest=8 and"
        " numpy=>=2,python=3.12,pytest=8.3"
    )
    more = expanded(
        "[axes]\nnumpy = ['2', '>=2']\npython = ['3.11', '3.12', '3.13']\npandas = ['none', 'latest']"
    )
    assert more.notes[-1] == "the same releases: 2 more of such cells"


def test_checks_as_they_are_run():
    text = """
[axes]
numpy = "2"
[[check]]
import = true
[[check]]
health = true
[[check]]
pytest = ["tests/a.py", "-x"]
timeout = "5m"
memory = "2GiB"
retries = 1
[[check]]
command = "python -m shop 'a b'"
[[check]]
name = "same"
command = ["python", "-V"]
[[check]]
elixir = ["test/a_test.exs"]
"""
    library = Library("numpy", "numpy", None, "numpy", health_calls=(HealthCall("numpy.ones", (1,)),))
    assert expanded(text, library).checks == (
        Check("import", "import"),
        Check("health", "health"),
        Check("pytest", "pytest", ("tests/a.py", "-x"), 300_000, 2 << 30, 1),
        Check("command", "command", ("python", "-m", "shop", "a b")),
        Check("same", "command", ("python", "-V")),
        Check("elixir", "elixir", ("test/a_test.exs",)),
    )
    assert expanded("[axes]\nnumpy = '2'", library).checks == (
        Check("import", "import"),
        Check("health", "health"),
    )


def test_the_reference_of_timings_is_the_first_cell_that_it_fits():
    text = "[axes]\nnumpy = ['1.26', '2.0']\npython = ['3.11', '3.12']\n[timing]\nreference = { python = '>=3.12' }\nthreshold = 2\n"
    assert expanded(text).timing == Timing("numpy=1.26,python=3.12", 2.0, 7)


def test_rules_instead_of_lists():
    matrix = expanded(
        """
[axes]
numpy = { support-window = "24 months", within = ">=1.26", releases = ["1.26", "next"] }
python = { support-window = "5 years", within = "<3.14", releases = [">=3.12,<3.13", "3.11"] }
[[exclude]]
numpy = "2.9"
"""
    )
    assert dict(matrix.axes) == {
        "numpy": ("2.1", "2.2", "2.3", "1.26", "next"),
        "python": ("3.11", "3.12", "3.13"),
    }
    assert "numpy=2.1,python=3.11" in ids(matrix)
    assert matrix.cells[0].requirements == ("numpy==2.1.0",)


def test_other_platforms_have_their_own_releases():
    matrix = expanded(
        "[axes]\nnumpy = 'latest'\nplatform = ['linux-x86_64', 'macos-arm64', 'windows-x86_64']"
    )
    assert [(cell.platform, cell.requirements) for cell in matrix.cells] == [
        ("linux-x86_64", ("numpy==2.3.0",)),
        ("macos-arm64", ("numpy==2.3.0",)),
    ]
    assert "on windows-x86_64" in matrix.notes[0]


def test_an_interpreter_by_its_path_keeps_it():
    matrix = expanded("[axes]\nnumpy = 'latest'", python="../bin/python", python_version="3.11")
    assert (matrix.cells[0].python, matrix.cells[0].requirements) == ("../bin/python", ("numpy==2.2.0",))


def test_too_many_combinations_are_refused(monkeypatch):
    monkeypatch.setattr(expanding, "MOST", 3)
    with pytest.raises(EnvmgrError, match="the axes have 4 combinations: more than 3 are too many"):
        expanded("[axes]\npython = ['3.11', '3.12']\nnumpy = ['1.26', '2.0']")


def test_a_window_of_an_index_without_days_is_refused(monkeypatch):
    monkeypatch.setitem(INDEX, "numpy", pure("numpy", "1.0", day=""))
    with pytest.raises(EnvmgrError, match="does not say when releases of `numpy` were published"):
        expanded("[axes]\nnumpy = { support-window = '1 year' }")
