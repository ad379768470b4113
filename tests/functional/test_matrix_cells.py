"""Single cells, and runs of matrices that no file says: what cannot be locked, installed, imported or measured."""

import threading

import pytest
from indexes import serve, wheel
from projects import PYTHON

from envmgr.environments import projectlock
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import preparing, standing
from envmgr.matrix.attempts import Stopped
from envmgr.matrix.notes import Notes
from envmgr.matrix.preparing import Preparing
from envmgr.matrix.sources import Sources
from envmgr.model.matrix import Cell, Check, Matrix, Timing
from envmgr.model.outcomes import silent
from envmgr.model.project import Environment, HealthCall, Library, Project
from envmgr.operations import matrix_running
from envmgr.operations.matrix_session import entered

IMPORT = (Check("import", "import"), Check("health", "health"))


def torn():
    name, content = wheel("torn", "1.0", {"torn.py": "WHOLE = 1\n"})
    return name, content.replace(b"WHOLE = 1", b"TORN! = 1")


@pytest.fixture(scope="module")
def host():
    names = {"one.py": "def fine(): pass\ndef bad(): raise ValueError('no')\n"}
    more = [wheel("nothing", "1.0", {}), wheel("needs", "1.0", {"needs.py": ""}, requires=["one==9"]), torn()]
    with serve(wheel("one", "1.0", names), wheel("one", "2.0", names), *more) as index:
        yield index.host


@pytest.fixture
def project(tmp_path, host, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{host}/simple/")
    return Project(tmp_path, "app", {})


def cell(*requirements, python=PYTHON, platform="", name=None):
    return Cell(name or ",".join(requirements), {}, python, platform, "highest", requirements)


def matrix(project, library, *cells, checks=IMPORT, timing=None):
    path = project.root / "matrices" / "m.toml"
    return Matrix("m", path, library, {library: ()}, cells, checks, timing)


def run_one(project, matrix, cell, stop=None):
    """Of one cell, without anything that is kept of it."""
    layout = Layout(project.root)
    projectlock.prepare(layout)
    preparing = Preparing(project, matrix, Sources(layout), Notes(layout, matrix.name))
    with entered(preparing, stop or threading.Event()) as cells:
        return cells.run(preparing.prepare(cell), silent)[0]


def test_what_a_cell_may_come_to(project):
    there = preparing.platform(preparing.interpreters.find(PYTHON, root=project.root))
    elsewhere = "macos-arm64" if there.startswith("linux") else "linux-x86_64"
    cases = [
        ("one", cell("one==1.0", platform=there), "passed", ""),
        ("one", cell("one==1.0", python="3.99"), "no-interpreter", "no Python 3.99 on this machine"),
        ("one", cell("one==1.0", platform=elsewhere), "elsewhere", "locked, not run here"),
        (
            "needs",
            cell("needs==1.0"),
            "unresolvable",
            "there is no version of one==9 and",
        ),
        ("torn", cell("torn==1.0"), "not-installable", "a distribution cannot be built or installed: Failed"),
        (
            "nothing",
            cell("nothing==1.0"),
            "failed",
            "import: environment of cell nothing==1.0: library nothing: ",
        ),
    ]
    for library, one, status, detail in cases:
        result = run_one(project, matrix(project, library, one), one)
        assert result.status == status, result
        assert result.detail.startswith(detail.partition(":")[0]), result.detail
        assert result.red == (status in ("failed", "not-installable"))
        if status in ("passed", "elsewhere"):
            assert result.pins == {"one": "1.0"}


def test_health_calls_of_the_project(project):
    calls = (HealthCall("one.fine"), HealthCall("one.bad"))
    library = Library("one", "one", None, "env", health_calls=calls)
    own = Project(project.root, "app", {"env": Environment("env", PYTHON, (library,))})
    one = cell("one==1.0")
    result = run_one(own, matrix(own, "one", one), one)
    assert [check.status for check in result.checks] == ["passed", "failed"]
    assert result.checks[1].detail == "one.bad: ValueError: no"
    bare = run_one(project, matrix(project, "one", one), one)
    assert bare.checks[1].detail == "one has no health calls"


def test_a_cell_that_is_stopped(project):
    stop = threading.Event()
    stop.set()
    one = cell("one==1.0")
    for checks in (IMPORT, (Check("command", "command", ("sleep", "300")),)):
        with pytest.raises(Stopped):
            run_one(project, matrix(project, "one", one, checks=checks), one, stop=stop)


def test_who_else_changes_the_project_is_waited_for(project, monkeypatch):
    monkeypatch.setattr(standing, "_WAIT_SECONDS", 0.1)
    monkeypatch.setattr(standing, "_SLICE_SECONDS", 0.1)
    one = cell("one==1.0")
    with projectlock.hold(Layout(project.root)), pytest.raises(EnvmgrError) as busy:
        run_one(project, matrix(project, "one", one), one)
    assert busy.value.code == "E-BUSY"
    stop = threading.Event()
    stop.set()
    with projectlock.hold(Layout(project.root)), pytest.raises(Stopped):
        run_one(project, matrix(project, "one", one), one, stop=stop)


def test_without_an_index_the_rest_is_run(project, monkeypatch):
    checks = (Check("command", "command", ("true",)),)
    cells = [cell(f"one=={number}.0") for number in (1, 2)]
    first = matrix_running.run(project, matrix(project, "one", cells[0], checks=checks))
    assert first.ran == ("one==1.0",)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple/")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    more = [*cells, *(cell("one==2.0", f"x=={number}") for number in range(6))]
    with pytest.raises(EnvmgrError) as told:
        matrix_running.run(project, matrix(project, "one", *more, checks=checks), jobs=2)
    assert told.value.code == "E-NETWORK"
    assert told.value.message.count("could not be run: the package index cannot be reached") == 5
    assert told.value.message.endswith("and 2 more cells could not be run")
    monkeypatch.undo()
    again = matrix_running.run(project, matrix(project, "one", cells[0], checks=checks))
    assert again.ran == ()


def test_nothing_is_timed_beside_a_red_reference(project):
    calls = (HealthCall("one.fine"),)
    library = Library("one", "one", None, "env", health_calls=calls)
    own = Project(project.root, "app", {"env": Environment("env", PYTHON, (library,))})
    cells = (cell("one==1.0"), cell("needs==1.0"))
    timing = Timing("needs==1.0", rounds=3)
    run = matrix_running.run(own, matrix(own, "one", *cells, timing=timing))
    assert run.notes == ("nothing was timed: the reference needs==1.0 is unresolvable",)

    both = (cell("one==1.0"), cell("one==2.0"))
    timing = Timing("one==2.0", rounds=3)
    alone = matrix_running.run(own, matrix(own, "one", *both, timing=timing), cells=["one==1.0"])
    assert [len(sample.seconds) for sample in alone.results[0].checks[1].samples] == [3]
    failing = Library("one", "one", None, "env", health_calls=(HealthCall("one.fine"), HealthCall("one.bad")))
    worse = Project(project.root, "app", {"env": Environment("env", PYTHON, (failing,))})
    again = matrix_running.run(worse, matrix(worse, "one", *both, timing=timing))
    assert {result.status for result in again.results} == {"failed"}
