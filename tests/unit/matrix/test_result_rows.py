"""Results in state.db, from several processes at once, beside older schemas and damage."""

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sample_results import REFERENCE, all_outcomes, result

from envmgr.environments import projectlock, recovery
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout
from envmgr.environments.state import open_state, read_state
from envmgr.errors import EnvmgrError
from envmgr.matrix import results
from envmgr.model.matrix import CellResult


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path)


def changed(layout, statement, *values):
    with contextlib.closing(sqlite3.connect(layout.state)) as connection, connection:
        connection.execute(statement, values)


def entries(layout):
    with read_state(layout) as state:
        return state.results.entries()


def damage(layout):
    layout.state.write_bytes(b"not a database, surely" * 100)
    for suffix in ("-wal", "-shm"):
        layout.state.with_name(f"state.db{suffix}").unlink(missing_ok=True)


def test_a_result_comes_back_as_it_went_in(layout):
    assert results.known(layout, "numpy") == {}
    assert not layout.home.exists()
    kept, _ = all_outcomes()
    for each in kept:
        results.keep(layout, each)
    assert results.known(layout, "numpy") == {each.cell: each for each in kept}
    assert results.known(layout, "other") == {}
    assert layout.ignore.read_text() == "*\n"


def test_a_cell_without_values_and_without_a_name_is_one(layout):
    for cell in ("", "all"):
        results.keep(layout, CellResult("numpy", cell, {}, "failed", "f"))
    assert [dict(found.values) for found in results.known(layout, "numpy").values()] == [{}, {}]


def test_a_later_result_takes_the_place(layout):
    results.keep(layout, result(), "numpy-k1")
    results.keep(layout, result(status="failed", log="\udc80\x00"), "numpy-k2")
    (found,) = results.known(layout, "numpy").values()
    assert (found.status, found.checks[1].log) == ("failed", "\udc80\x00")
    assert entries(layout) == {"numpy-k2"}


def test_cells_that_are_gone(layout):
    results.forget(layout, "numpy", ["none yet"])
    assert not layout.home.exists()
    results.keep(layout, result())
    results.forget(layout, "numpy", [])
    results.forget(layout, "other", [result().cell])
    assert len(results.known(layout, "numpy")) == 1
    results.forget(layout, "numpy", [result().cell])
    assert results.known(layout, "numpy") == {}
    assert entries(layout) == frozenset()


@pytest.mark.parametrize(
    "content", [b"{}", b"no json", b'{"matrix": 1, "cell": "c", "values": {}, "status": "x"}']
)
def test_a_row_that_cannot_be_read_is_run_again(layout, content):
    results.keep(layout, result())
    changed(layout, "UPDATE results SET content = ?", content)
    assert results.known(layout, "numpy") == {}
    with open_state(layout) as state:
        state.results.keep("numpy", [("other", content, "")])
    assert results.known(layout, "numpy") == {}


def test_a_file_of_the_second_schema(layout):
    layout.home.mkdir()
    generation = Generation("web", 1, "k", "f", "l", (), b"launch")
    with open_state(layout) as state:
        state.add(generation)
    changed(layout, "DROP TABLE results")
    changed(layout, "PRAGMA user_version = 2")
    assert results.known(layout, "numpy") == {}
    assert entries(layout) == frozenset()
    results.keep(layout, result())
    assert list(results.known(layout, "numpy")) == [result().cell]
    with read_state(layout) as state:
        assert state.generations() == (generation,)


def test_a_file_of_a_later_schema_is_refused(layout):
    results.keep(layout, result())
    changed(layout, "PRAGMA user_version = 99")
    for attempt in (lambda: results.keep(layout, result()), lambda: results.known(layout, "numpy")):
        with pytest.raises(EnvmgrError, match="a later envmgr") as caught:
            attempt()
        assert caught.value.code == "E-DISK"


@pytest.mark.parametrize("reading", [True, False])
def test_what_is_damaged_is_mended_by_whoever_meets_it(layout, reading):
    results.keep(layout, result())
    damage(layout)
    if reading:
        assert results.known(layout, "numpy") == {}
    results.keep(layout, result())
    assert len(results.known(layout, "numpy")) == 1
    assert len(list(layout.home.glob("state.db.broken-*"))) == 1


def test_damage_that_another_command_is_at_is_left_to_it(layout, monkeypatch):
    monkeypatch.setattr(results, "_PATIENCE", 0.1)
    results.keep(layout, result())
    damage(layout)
    code = (
        "import sys; from pathlib import Path; from envmgr.environments import projectlock\n"
        "from envmgr.environments.layout import Layout\n"
        "with projectlock.hold(Layout(Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(layout.root)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(EnvmgrError) as caught:
            results.known(layout, "numpy")
        holder.stdin.close()
    assert caught.value.code == "E-STATE"


def test_a_lost_state_is_rebuilt_before_a_result_is_kept(layout):
    """A new file would hide that generations are missing."""
    layout.home.mkdir()
    launch = layout.launch("web")
    launch.parent.mkdir(parents=True)
    launch.write_bytes(b"")
    results.keep(layout, result())
    with recovery.opened(layout) as state:
        assert state.count() == 0
    assert len(results.known(layout, "numpy")) == 1


def test_recovery_keeps_results_unless_the_file_is_lost(layout):
    results.keep(layout, result())
    with recovery.opened(layout):
        pass
    assert len(results.known(layout, "numpy")) == 1


_KEEPING = """
import sys
sys.path.insert(0, sys.argv[2])
from dataclasses import replace
from pathlib import Path
from sample_results import result
from envmgr.environments.layout import Layout
from envmgr.matrix import results
from envmgr.model.matrix import CellResult
sys.stdin.readline()
for number in range(20):
    results.keep(Layout(Path(sys.argv[1])), replace(result(), cell=f"{sys.argv[3]}-{number}"))
"""


def test_several_may_write_at_once(layout, tmp_path):
    """The first of them makes the file, whoever that is; a sync holds the project's lock meanwhile."""
    here = str(Path(__file__).parent)
    words = [sys.executable, "-c", _KEEPING, str(tmp_path), here]
    running = [
        subprocess.Popen([*words, str(number)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    for each in running:
        each.stdin.write("\n")
        each.stdin.flush()
    with projectlock.hold(layout), recovery.opened(layout) as state:
        for number in range(1, 20):
            state.add(Generation("web", number, "k", "f", "l", (), b"launch"))
    for each in running:
        _, problems = each.communicate()
        assert (each.returncode, problems) == (0, "")
    assert len(results.known(layout, "numpy")) == 60
    with read_state(layout) as state:
        assert state.count() == 19


def test_a_row_is_plain_json(layout):
    results.keep(layout, result({"numpy": "2.0", "python": "3.11", "pandas": "none"}))
    with contextlib.closing(sqlite3.connect(layout.state)) as connection:
        ((cell, content),) = connection.execute("SELECT cell, content FROM results")
    assert cell == REFERENCE
    assert json.loads(content)["resolved"] == {"numpy": "2.0.2"}
