"""Every command over real operations, on a library of the interpreter itself."""

from __future__ import annotations

import json
import re

import pytest

from envmgr.cli import run


@pytest.fixture
def envmgr(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "envmgr.toml").write_text("[library.math]\nstdlib = true\n")

    def command(*arguments):
        status = run(arguments)
        return status, *capsys.readouterr()

    return command


def data(outcome):
    status, stdout, stderr = outcome
    assert (status, stderr) == (0, "")
    told = json.loads(stdout)
    assert told["ok"] is True
    return told["data"]


def test_from_a_lock_to_a_rollback(envmgr, tmp_path):
    status, stdout, stderr = envmgr("lock")
    assert (status, stdout) == (0, "math  locked  0 packages  locks/pylock.math.toml\n")
    assert "math: " in stderr
    assert [outcome["changed"] for outcome in data(envmgr("lock", "math", "--format", "json"))] == [False]

    status, stdout, _ = envmgr("status")
    assert (status, stdout.split()[:2]) == (1, ["math", "not-built"])
    status, stdout, stderr = envmgr("status", "--format", "json")
    assert (status, json.loads(stdout)["ok"], stderr) == (1, True, "")

    status, stdout, stderr = envmgr("sync", "--frozen")
    assert status == 0, stderr
    assert re.fullmatch(r"math  built  generation 1  \d+\.\d\d s\n", stdout)
    assert "math: activate\n" in stderr
    assert [outcome["action"] for outcome in data(envmgr("sync", "--format", "json"))] == ["unchanged"]
    status, stdout, stderr = envmgr("status", "--quiet")
    assert (status, stderr) == (0, "")
    assert re.fullmatch(r"math  ready  generation 1  Python [\d.]+  math\n", stdout)

    (tmp_path / "envmgr.toml").write_text("[library.math]\nstdlib = true\nworkers = 1\n")
    assert data(envmgr("sync", "-q", "--format", "json"))[0]["generation"] == 2
    status, stdout, _ = envmgr("history", "math")
    lines = [re.match(r"(\*| )  (\d+)  \d{4}-\d\d-\d\dT", line) for line in stdout.splitlines()]
    assert [(line[1], line[2]) for line in lines] == [("*", "2"), (" ", "1")]
    status, stdout, stderr = envmgr("rollback", "math")
    assert (status, stderr) == (0, "")
    assert re.fullmatch(r"math: generation 2 -> 1 in \d+\.\d ms\n", stdout)
    assert data(envmgr("rollback", "math", "--to", "2", "--format", "json"))["to_generation"] == 2
    assert json.loads(envmgr("launch", "math")[1])["generation"] == 2


def test_a_call_answers_as_people_and_machines_read(envmgr):
    assert envmgr("sync", "--quiet")[0] == 0
    assert envmgr("call", "math.sqrt", "[16.0]") == (0, "4.0\n", "")
    assert data(envmgr("call", "math.frexp", "[8]", "--format", "json")) == [0.5, 4]
    assert (
        data(envmgr("call", "math.factorial", "[30]", "--format", "json"))
        == 265252859812191058636308480000000
    )
    assert data(envmgr("call", "math.prod", "[[2, 3]]", "--kwargs", '{"start": 7}', "--format", "json")) == 42
    status, stdout, stderr = envmgr("call", "math.sqrt", "[-1]")
    assert (status, stdout) == (1, "")
    assert stderr.startswith("error: math.sqrt: ValueError: ")
    status, _, stderr = envmgr("call", "math.sqr", "[1]")
    assert status == 2
    assert "did you mean `math.sqrt`" in stderr


def test_the_status_of_an_empty_project_says_what_to_do(envmgr, tmp_path):
    (tmp_path / "envmgr.toml").write_text("")
    assert envmgr("status") == (0, "no libraries; `envmgr add LIB` adds one\n", "")
    assert envmgr("sync") == (0, "", "")


def test_what_changed_and_what_can_go(envmgr, tmp_path):
    assert envmgr("gc") == (0, "nothing to free\n", "")
    assert data(envmgr("gc", "--format", "json"))["freed"] == []
    assert envmgr("sync", "--quiet")[0] == 0
    (tmp_path / "envmgr.toml").write_text('[library.math]\nstdlib = true\nworkers = 1\ntimeout = "1s"\n')
    assert envmgr("sync", "--quiet")[0] == 0
    status, stdout, stderr = envmgr("diff", "math")
    assert (status, stderr) == (0, "")
    head, *rows = stdout.splitlines()
    assert re.fullmatch(r"math: generation 1 -> 2, key [0-9a-f]{20}, as before", head)
    assert [row.split(maxsplit=3) for row in rows] == [
        ["setting", "workers", "changed", "2 -> 1"],
        ["setting", "library.math.timeout", "changed", "30000 -> 1000"],
    ]
    assert data(envmgr("diff", "math", "2", "2", "--format", "json"))["settings"] == []
    assert envmgr("diff", "math", "2", "2")[1].endswith("no package and no setting differs\n")
    status, _, stderr = envmgr("diff", "math", "7")
    assert (status, stderr) == (2, "error: math has no generation 7\n\nhint: there is 1, 2\n")

    (tmp_path / ".envmgr" / "store" / "gone-1.manifest").write_text("x" * 2048)
    status, stdout, stderr = envmgr("gc", "--keep", "0")
    assert (status, stderr) == (0, "")
    assert stdout == "leftover  gone-1    2.0 KiB of 2.0 KiB\n2.0 KiB came free\n"
