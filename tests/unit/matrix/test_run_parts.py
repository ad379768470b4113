"""The parts of a run that need no environment: which cells, which files, fingerprints, limits, homes, notes."""

import ast
import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

import envmgr.matrix
from envmgr.environments import bytecode, contents, projectlock
from envmgr.environments.layout import Layout
from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.matrix import (
    attempts,
    cells,
    checking,
    elixir,
    fingerprints,
    homes,
    jobs,
    limits,
    locking,
    sampling,
    scheduling,
    sources,
    standing,
    testing,
    turns,
)
from envmgr.matrix.attempts import Stopped
from envmgr.matrix.limits import Ended, Limits
from envmgr.matrix.notes import Notes
from envmgr.matrix.preparing import holding
from envmgr.matrix.sources import Sources
from envmgr.matrix.warden import Warden
from envmgr.model.matrix import Cell, CellResult, Check, CheckResult, Expectation, Matrix
from envmgr.model.project import HealthCall, Library, Project
from envmgr.tools import process
from envmgr.tools.interpreters import Interpreter

HERE = Interpreter("/py", "3.12.1", "cpython", "abi", "linux-x86_64", False, {})
ENVIRONMENT = {"PATH": os.environ["PATH"]}


def cell(id_):
    return Cell(id_, {}, "3.12", "linux-x86_64", "highest", ())


def result(id_, seconds):
    return CellResult("m", id_, {}, "passed", "", seconds=seconds)


CELLS = [cell(f"numpy={n},python={p}") for n in ("2", "1") for p in ("3.12", "3.11")]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ([], [0, 1, 2, 3]),
        (["numpy=1,python=3.11"], [3]),
        (["numpy=2*", "*3.11"], [0, 1, 3]),
        (["numpy=[12],python=3.12"], [0, 2]),
    ],
)
def test_chosen_cells(patterns, found):
    assert scheduling.chosen(CELLS, patterns) == tuple(CELLS[place] for place in found)


def test_cells_that_there_are_not():
    with pytest.raises(EnvmgrError, match=r"no cell fits `numpy=1,python=3.1`, `x`") as told:
        scheduling.chosen(CELLS, ["numpy=1,python=3.1", "numpy*", "x"])
    assert "did you mean `numpy=1,python=3.1" in told.value.hint
    assert told.value.code == "E-USAGE"


def test_shards_are_disjoint_and_the_same_in_any_order():
    parts = [scheduling.shard(CELLS, f"{number}/3") for number in (1, 2, 3)]
    assert sorted(found.id for part in parts for found in part) == sorted(found.id for found in CELLS)
    again = [scheduling.shard(CELLS[::-1], f"{number}/3") for number in (1, 2, 3)]
    assert [{found.id for found in part} for part in parts] == [
        {found.id for found in part} for part in again
    ]
    for wrong in ("0/3", "4/3", "1", "a/b", "1/0", "-1/2"):
        with pytest.raises(EnvmgrError, match="is no shard"):
            scheduling.shard(CELLS, wrong)


def test_github_takes_so_many_jobs():
    cells = tuple(Cell(f"a={n}", {}, "3.12", "linux-x86_64", "highest", ()) for n in range(300))
    matrix = Matrix("m", Path("m.toml"), "a", {}, cells, ())
    assert len(jobs.github([matrix], 256)["include"]) == 256
    for many, shards, hint in (
        (2, 200, "--shards 128 is the most that fits"),
        (257, 1, "list one matrix for each"),
    ):
        with pytest.raises(EnvmgrError, match="jobs are more than the 256 that GitHub takes") as told:
            jobs.github([matrix] * many, shards)
        assert told.value.code == "E-USAGE"
        assert hint in told.value.hint


def test_the_longest_first_after_what_never_ran():
    known = {CELLS[0].id: result(CELLS[0].id, 1.0), CELLS[2].id: result(CELLS[2].id, 9.0)}
    assert scheduling.ordered(CELLS, known) == [CELLS[1], CELLS[3], CELLS[2], CELLS[0]]
    assert scheduling.left([found.id for found in CELLS], known, [], 2) == 10.0
    assert scheduling.left(["new"], {}, [4.0], 1) == 4.0
    assert scheduling.left(["new"], {}, [], 1) is None


@pytest.fixture
def tree(tmp_path):
    for name in (
        "conftest.py",
        "tests/conftest.py",
        "tests/a/test_a.py",
        "tests/a/data.csv",
        "tests/a/__pycache__/x.pyc",
        "tests/.hidden/x.py",
        "tests/b/test_b.py",
        "pyproject.toml",
        "mix.exs",
        "lib/app.ex",
        "test/test_helper.exs",
        "test/x_test.exs",
        "_build/y.beam",
        "run.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path.parent / "outside.py").write_text("")
    return tmp_path


TOP = ["conftest.py", "pyproject.toml"]


@pytest.mark.parametrize(
    ("kind", "arguments", "found"),
    [
        (
            "pytest",
            ("tests/a/test_a.py::test_x", "-k", "y"),
            [*TOP, "tests/a/test_a.py", "tests/conftest.py"],
        ),
        (
            "pytest",
            ("tests/a",),
            [*TOP, "tests/a/data.csv", "tests/a/test_a.py", "tests/conftest.py"],
        ),
        ("command", ("python", "run.py", "../outside.py", "--flag", ""), ["conftest.py", "run.py"]),
        ("elixir", ("test/x_test.exs",), None),
        ("import", (), []),
        ("health", (), []),
    ],
)
def test_files_that_decide(tree, kind, arguments, found):
    named = sources.named(tree, Check("x", kind, arguments))
    if found is None:
        found = ["conftest.py", "lib/app.ex", "mix.exs", "test/test_helper.exs", "test/x_test.exs"]
    assert named == found


def test_files_of_tests_that_are_not_there(tree):
    (tree / "tests" / "test_one.py").touch()

    def told(kind, *words):
        return list(sources.lacking(tree, [Check("c", kind, words)]))

    assert (
        told("pytest", "tests/test_one.py::test_a[b::c]", "tests", "-k", "nothing/like.py", "-x", "@file")
        == []
    )
    assert told("pytest", "tests/test_on.py::test_a", "nowhere/test.py") == [
        "check `c`: there is no tests/test_on.py; did you mean tests/test_one.py?",
        "check `c`: there is no nowhere/test.py",
    ]
    assert told("elixir", "tests/test_one.exs:12") == [
        "check `c`: there is no tests/test_one.exs; did you mean tests/test_one.py?"
    ]
    assert told("pytest", "--pyargs", "numpy") == told("command", "python", "gone.py") == []


def test_tests_that_name_no_file_are_all_of_them(tree):
    named = sources.named(tree, Check("x", "pytest", ("-k", "x")))
    assert {"tests/a/test_a.py", "tests/b/test_b.py", "run.py"} <= set(named)
    assert not [name for name in named if "_build" in name or "hidden" in name or "pycache" in name]


def test_digests_are_remembered_by_what_stat_says(tmp_path):
    layout = Layout(tmp_path)
    path = tmp_path / "a.txt"
    path.write_text("one")
    old = time.time() - 100
    os.utime(path, (old, old))
    first = Sources(layout)
    one = first.digest("a.txt")
    assert first.digest("nowhere") == ""
    assert first.digest("a.txt", since=old - 1).startswith("changed at")
    first.save()
    assert not (
        layout.matrices / "files.json"
    ).exists()  # it was just made: its next change may look the same
    known = Sources(layout)
    known._known["a.txt"] = [*identity(path), "noted"]
    assert known.digest("a.txt") == "noted"
    path.write_text("two!")
    assert known.digest("a.txt") not in ("noted", one)
    (layout.matrices).mkdir(parents=True)
    (layout.matrices / "files.json").write_text("[]")
    assert Sources(layout).digest("a.txt") == known.digest("a.txt")


def test_digests_of_what_has_stood_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_RECENT_SECONDS", -1000)
    path = tmp_path / "a.txt"
    path.write_text("one")
    files = Sources(Layout(tmp_path))
    files.digest("a.txt")
    files.save()
    assert list(json.loads((tmp_path / ".envmgr/matrix/files.json").read_text())) == ["a.txt"]


def identity(path):
    facts = path.stat()
    return [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]


LIBRARY = Library("numpy", "numpy", None, "numpy")


def fingerprint(tmp_path, **changes):
    known = {
        "locked": "l",
        "interpreter": HERE,
        "layer": "layer",
        "library": LIBRARY,
        "files": Sources(Layout(tmp_path)),
        "names": ["a.py"],
    }
    checks = changes.pop("checks", (Check("import", "import"), Check("t", "pytest", ("a.py",))))
    return fingerprints.of(changes.pop("cell", CELLS[0]), checks, **{**known, **changes})


def test_what_a_fingerprint_is_of(tmp_path):
    (tmp_path / "a.py").write_text("1")
    first = fingerprint(tmp_path)
    assert fingerprint(tmp_path, names=["a.py", "a.py"]) == first
    pytest_alone = (Check("t", "pytest", ("a.py",)),)
    differing = [
        fingerprint(tmp_path, locked="other"),
        fingerprint(tmp_path, interpreter=None),
        fingerprint(tmp_path, layer="other"),
        fingerprint(tmp_path, library=Library("numpy", "numpy", None, "numpy", init="x")),
        fingerprint(
            tmp_path, library=Library("numpy", "numpy", None, "numpy", health_calls=(HealthCall("f", (1,)),))
        ),
        fingerprint(tmp_path, names=[]),
        fingerprint(tmp_path, checks=(Check("import", "import", timeout_ms=1), *pytest_alone)),
        fingerprint(tmp_path, checks=pytest_alone),
        fingerprint(tmp_path, since=0.0),
    ]
    (tmp_path / "a.py").write_text("2")
    differing.append(fingerprint(tmp_path))
    assert len({first, *differing}) == len(differing) + 1
    alone = fingerprint(tmp_path, checks=pytest_alone)
    assert fingerprint(tmp_path, checks=pytest_alone, layer="other") == alone  # no worker makes a check


def test_notes_share_sets_and_forget_cells(tmp_path):
    notes = Notes(Layout(tmp_path), "m")
    notes.tried("a", ["x.py"], [])
    notes.tried("b", ["x.py"], ["tests"])
    notes.was_sampled("b", "mark")
    notes.tried("a", ["z.py"], [])
    notes.written = "digest"
    notes.save()
    again = Notes(Layout(tmp_path), "m")
    assert again.read_by("a") == ["z.py"]
    assert again.read_by("b") == ["x.py"]
    assert again.read_by("none") == ()
    assert (again.timed_in("b"), again.sampled("b"), again.written) == (("tests",), "mark", "digest")
    again.keep_only(["b"])
    again.save()
    assert json.loads((tmp_path / ".envmgr/matrix/m/notes.json").read_text())["sets"] == [["x.py"]]
    (tmp_path / ".envmgr/matrix/m/notes.json").write_text("{")
    assert Notes(Layout(tmp_path), "m").read_by("b") == ()


def attended(tmp_path, code, *, seconds=300.0, memory=None, stop=None):
    child = process.start([sys.executable, "-c", code], cwd=tmp_path, env=ENVIRONMENT)
    return limits.attend(child, Limits(seconds, memory, stop or threading.Event()))


def test_the_end_of_what_is_printed_is_kept(tmp_path):
    ended = attended(tmp_path, "import sys; print('x' * 300_000); sys.stderr.write('the end'); sys.exit(3)")
    assert ended.status == 3
    assert ended.output.endswith("xx\nthe end")
    assert ended.output.startswith("(")
    assert "bytes before this are not kept)" in ended.output
    assert len(ended.output) < limits.KEPT + 100


def test_what_it_leaves_goes_with_it(tmp_path):
    code = (
        "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "print(child.pid)"
    )
    begun = time.monotonic()
    ended = attended(tmp_path, code)
    assert time.monotonic() - begun < 100
    assert gone(int(ended.output))


def test_a_limit_asks_then_kills(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "GRACE_SECONDS", 0.2)
    code = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('on', flush=True)\ntime.sleep(300)"
    ended = attended(tmp_path, code, seconds=1.0)
    assert (ended.why, ended.status) == (limits.TIME, -signal.SIGKILL)
    stop = threading.Event()
    stop.set()
    assert attended(tmp_path, "import time; time.sleep(300)", stop=stop).why == limits.STOPPED


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is looked for in /proc")
def test_memory_of_a_tree(tmp_path):
    assert limits.used(os.getpid(), 1) > 1 << 20
    assert limits.used(os.getpid()) > limits.used(os.getpid(), 1) / 2
    assert limits.used(2**30) == 0
    held = "import time; held = b'x' * (80 << 20); time.sleep(300)"
    ended = attended(tmp_path, held, memory=40 << 20)
    assert (ended.why, ended.peak > 40 << 20) == (limits.MEMORY, True)


def gone(pid):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_bytecode_gets_into_an_entry_by_one_thread_at_a_time(tmp_path, monkeypatch):
    at_work, most = 0, 0

    def add(*_, **__):
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.05)
        at_work -= 1

    monkeypatch.setattr(standing.builder, "add_bytecode", add)
    layout = Layout(tmp_path)
    projectlock.prepare(layout)
    one = standing.Standing(layout, threading.Event())
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(one.add_bytecode, None, "key", None, (), tmp_path) for _ in range(4)]
    assert [each.result() for each in done] == [None] * 4
    assert most == 1


def test_so_many_have_a_turn_at_a_time_until_the_run_is_to_end():
    stop, most, at_work = threading.Event(), 0, 0
    guard = threading.Lock()
    turn = turns.Turns(2, stop)

    def work():
        nonlocal most, at_work
        with turn.turn() as waited:
            with guard:
                at_work += 1
                most = max(most, at_work)
            time.sleep(0.02)
            with guard:
                at_work -= 1
        return waited

    with ThreadPoolExecutor(4) as pool:
        waits = sorted(each.result() for each in [pool.submit(work) for _ in range(4)])
    assert most == 2
    assert waits[-1] >= 0.01
    stop.set()
    with pytest.raises(Stopped), turn.turn():
        pass
    assert [turns.ahead(jobs) for jobs in (1, 2, 8)] == [0, 1, 4]


def test_what_another_run_is_writing_is_left_alone(tmp_path):
    layout = Layout(tmp_path)
    place = layout.matrices / "m"
    place.mkdir(parents=True)
    gone = process.start([sys.executable, "-c", ""], cwd=tmp_path, env=ENVIRONMENT)
    process.ended(gone)
    names = [f".pylock.x.toml.{number}.new" for number in (os.getpid(), gone.pid, "word")]
    for name in names:
        (place / name).touch()
    locking.sweep(layout, "m")
    assert [path.name for path in place.iterdir()] == names[:1]


def test_a_session_that_ended_is_not_waited_for_though_its_pipe_is_held_open():
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo")
    lines = sampling._Lines(reading, ends := [])
    assert lines.next() == b"one"
    ends.append(Ended(1, 0.0, "", "", 0))
    with pytest.raises(sampling.Unmeasurable):
        lines.next()
    os.close(writing)
    os.close(reading)


def test_both_sides_are_repeated_equally_often():
    warm = [({"a": 0.5, "b": 1e-9, "c": None, "d": 1.0}, {"a": 0.6, "b": 1.0, "c": None})]
    warm.append(({"a": 0.01, "b": 1.0, "c": None, "d": 1.0}, {"a": None, "b": 1.0, "c": None}))
    assert sampling._often(warm) == {"a": 3, "b": 100, "c": 1}


def test_a_warden_ends_what_is_left(tmp_path):
    child = process.start(
        [sys.executable, "-c", "import time; time.sleep(300)"], cwd=tmp_path, env=ENVIRONMENT
    )
    other = process.start(
        [sys.executable, "-c", "import time; time.sleep(300)"], cwd=tmp_path, env=ENVIRONMENT
    )
    place = tmp_path / "some place"
    place.mkdir()
    kept = tmp_path / "kept"
    kept.mkdir()
    daemon = process.start(
        [sys.executable, "-c", "import time; time.sleep(300)"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "TMPDIR": f"{place}/tmp"},
    )
    with Warden() as warden:
        warden.remember(child.pid)
        warden.remember(other.pid)
        warden.forget(other.pid)
        warden.remember(place)
        warden.remember(kept)
        warden.forget(kept)
    assert child.wait(30) == -signal.SIGKILL
    process.ended(child)
    assert daemon.wait(30) == -signal.SIGKILL or not Path("/proc").exists()
    process.ended(daemon)
    assert other.poll() is None
    process.ended(other)
    assert kept.exists()
    assert not place.exists()
    with Warden() as warden:
        warden._child.kill()
        warden._child.wait()
        warden.remember(kept)  # one that is gone is done without
    assert kept.exists()


def test_a_home_and_its_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/x")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-x")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("https_proxy", "http://proxy")
    with Warden() as warden:
        with homes.temporary(warden) as place:
            told = homes.settle(place / "one", tmp_path / "store", {"ENVMGR_CELL": "c"})
            assert Path(told["HOME"]).is_dir()
            assert Path(told["TMPDIR"]).is_dir()
            assert Path(told["XDG_RUNTIME_DIR"]).stat().st_mode & 0o777 == 0o700
            assert told["PATH"].startswith(f"{tmp_path}/store/bin:")
            assert (told["LC_ALL"], told["https_proxy"], told["ENVMGR_CELL"]) == (
                "C.UTF-8",
                "http://proxy",
                "c",
            )
            assert told["VIRTUAL_ENV"] == str(tmp_path / "store")
            assert not {"PYTHONPATH", "PYTEST_ADDOPTS"} & told.keys()
        assert not place.exists()
        with homes.temporary(warden, keep=True) as place:
            pass
    assert place.exists()
    place.rmdir()


@pytest.mark.parametrize(
    ("lines", "status", "said"),
    [
        ([["at", "t::a"]], -11, "Python was ended by signal 11, in t::a"),
        (
            [],
            1,
            "pytest did not run (ended with status 1); `with` of the matrix is what brings it into the cells",
        ),
        ([["end", 5, 0, 3]], 5, "no test was selected (3 were deselected)"),
        ([["end", 4, 0, 0]], 4, testing._ERRORS[4]),
        ([["end", 77, 0, 0]], 77, "ended with status 77"),
        (
            [*(["was", f"t::{n}", "failed", "call", "why"] for n in "abcd"), ["end", 1, 2, 0]],
            1,
            "4 of 6 failed: t::a: why; t::b: why; t::c: why; and 1 more",
        ),
        ([["was", "t", "failed", "collect", ""], ["end", 2, 0, 0]], 2, "cannot be collected: t"),
    ],
)
def test_what_pytest_came_to_in_words(tmp_path, lines, status, said):
    told = tmp_path / "told"
    told.write_text("".join(json.dumps(line) + "\n" for line in lines) + '["cut off')
    assert testing._detail(testing._read(told), status, "") == said


def test_what_limits_came_to_in_words():
    check = Check("x", "command", timeout_ms=300_000, memory=2 << 30)
    assert attempts.limited(Ended(0, 1.0, "", "", 0), check) is None
    assert attempts.limited(Ended(-15, 1.0, "", limits.TIME, 0), check).detail == "did not end within 5 min"
    told = attempts.limited(Ended(-15, 1.0, "", limits.MEMORY, 3 << 30), check)
    assert told.detail == "used 3 GiB of memory, more than 2 GiB"
    assert attempts.by_status(Ended(0, 1.0, "", "", 0)).status == "passed"
    assert attempts.size(100) == "100 B"


def test_a_worker_that_cannot_be_started_fails_its_check(tmp_path):
    library = Resolved(Library("shop", "shop", None, "shop"), "shop", "shop", "1.0")
    with Warden() as warden:
        ground = attempts.Ground(
            *(
                Project(tmp_path, "here", {}),
                tmp_path / "nothing",
                HERE,
                tmp_path,
                library,
                tmp_path / "compiled",
            ),
            *(warden, threading.Event(), {}),
        )
        result, _ = checking.run(Check("import", "import"), ground, tmp_path / "home")
    assert result.status == "failed"
    assert result.detail.endswith("nothing/bin/python cannot be started: No such file or directory")


def test_the_mix_project_of_a_test(tmp_path):
    (tmp_path / "apps/shop/test").mkdir(parents=True)
    (tmp_path / "apps/shop/mix.exs").write_text("")
    (tmp_path / "apps/shop/test/a_test.exs").write_text("")
    words = ("--only", "slow", "apps/shop/test/a_test.exs:12")
    project = elixir._mix_project(tmp_path, words)
    assert project == tmp_path / "apps/shop"
    assert [elixir._from(project, tmp_path, word) for word in words] == [
        "--only",
        "slow",
        "test/a_test.exs:12",
    ]
    assert "there is no mix.exs" in elixir._mix_project(tmp_path, ("test/b_test.exs",))


def test_what_mix_test_came_to():
    output = "..\n\n  1) test sums (ShopTest)\n     x\n\n  2) test other (ShopTest)\n\n1 doctest, 4 tests, 2 failures\n"
    found = elixir._judged(Ended(2, 1.0, output, "", 0))
    assert found.detail == "1 doctest, 4 tests, 2 failures; test sums (ShopTest); test other (ShopTest)"
    assert found.failures == ("test sums (ShopTest)", "test other (ShopTest)")
    assert elixir._judged(Ended(1, 1.0, "x", "", 0)).detail == "`mix test` ended with status 1"
    assert elixir._judged(Ended(0, 1.0, "x", "", 0)).status == "passed"


def test_the_version_of_an_axis_however_it_is_named():
    pins = {"pandas": "3.0", "pandas-extra": "1.0"}
    libraries = {
        "old": Library("old", "pandas<4", None, "old"),
        "math": Library("math", None, "math", "math"),
    }
    axes = ("python", "Pandas[performance]", "old", "pandas_extra", "math", "six")
    assert cells.resolved(axes, pins, libraries) == {
        "Pandas[performance]": "3.0",
        "old": "3.0",
        "pandas_extra": "1.0",
    }


def test_the_worst_of_checks():
    found = [CheckResult("a", "passed", 1, 0.0), CheckResult("b", "flaky", 2, 0.0, "why")]
    assert cells.worst([]) == "passed"
    assert cells.worst(found) == "flaky"
    assert cells._told(found) == "b: why"
    assert cells._told(found[:1]) == ""


def test_an_expectation_holds_until_its_day():
    never = Expectation("known-broken", "x", date(2000, 1, 1))
    assert holding(never) is None
    assert holding(None) is None
    assert holding(Expectation("allow-failure")) == Expectation("allow-failure")


def test_what_runs_in_cells_is_python_3_8():
    for path in (Path(envmgr.matrix.__file__).parent / "inside").glob("*.py"):
        ast.parse(path.read_text(), feature_version=(3, 8))


def test_bytecode_that_a_wheel_brings_stays(tmp_path):
    from envmgr.tools.pypa import Distribution, Recorded

    place = tmp_path / "site"
    (place / "pkg/__pycache__").mkdir(parents=True)
    (place / "pkg/a.py").write_text("1")
    (place / "pkg/__pycache__/a.cpython-312.pyc").write_bytes(b"of the wheel")
    recorded = (Recorded("pkg/a.py", "x"), Recorded("pkg/__pycache__/a.cpython-312.pyc", "y"))
    pkg = Distribution("pkg", "1", ("pkg",), recorded)
    bytecode.keep(place, [pkg], HERE, contents.take(place, {}), tmp_path / "staged")
    bytecode.borrow(place, [pkg], HERE)
    assert (place / "pkg/__pycache__/a.cpython-312.pyc").read_bytes() == b"of the wheel"
