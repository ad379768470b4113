"""What a user sees: words, formats and exit statuses, through the real command in a real directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import msgpack
import pytest

from envmgr.cli import run
from envmgr.cli.application import COMMANDS


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("ENVMGR_DEBUG", "ENVMGR_CALLED_AS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def envmgr(project, capsys):
    """Runs one command line; returns its status, stdout and stderr."""

    def command(*arguments):
        status = run(arguments)
        return status, *capsys.readouterr()

    return command


def test_commands_are_told_as_users_write_them(envmgr, monkeypatch):
    monkeypatch.setenv("ENVMGR_CALLED_AS", "mix envmgr")
    envmgr("init")
    assert "`mix envmgr sync` builds it" in envmgr("add", "numpy")[1]
    assert "hint: see `mix envmgr status --help`" in envmgr("status", "--bogus")[2]
    assert "`mix envmgr status --help`" in envmgr("status", "--bogus", "--format", "json")[1]
    found = machine(envmgr("status", "--format", "json"))["data"]
    assert "`mix envmgr sync`" in found[0]["detail"]


def machine(outcome):
    return json.loads(outcome[1])


def test_a_project_is_started_edited_checked_and_shown(envmgr, project):
    assert envmgr("init", "--name", "app") == (0, f"created {project / 'envmgr.toml'}\n", "")
    assert envmgr("add", "numpy", "--version", ">=1.26") == (
        0,
        "added numpy to envmgr.toml; `envmgr sync` builds it\n",
        "",
    )
    envmgr("add", "math", "--stdlib", "--env", "base", "--python", "3.12")
    assert envmgr("config", "check") == (0, "envmgr.toml is valid: 2 libraries in 2 environments\n", "")
    assert envmgr("remove", "numpy") == (
        0,
        "removed numpy from envmgr.toml, and with it environment numpy;"
        " `envmgr sync` deactivates what is gone\n",
        "",
    )
    assert envmgr("config", "show") == (
        0,
        f"""\
project app in {project}

environment base
  python: 3.12
  workers: 2
  link-mode: hardlink
  library math
    requirement: none (a module of the interpreter)
    module: found in the environment
    timeout: 30000 ms
    workers: 2
""",
        "",
    )


def test_every_command_of_this_room_answers_in_json(envmgr, project):
    file = str(project / "envmgr.toml")
    told = {"schema": 1, "ok": True}
    assert machine(envmgr("init", "--format", "json")) == {**told, "command": "init", "data": {"file": file}}
    assert machine(envmgr("--format=json", "add", "math", "--stdlib", "--env", "base"))["data"] == {
        "file": file,
        "library": "math",
        "environment": "base",
    }
    assert machine(envmgr("config", "--format", "json", "check")) == {
        **told,
        "command": "config check",
        "data": {"file": file, "libraries": 1, "environments": 1, "warnings": []},
    }
    shown = machine(envmgr("config", "show", "--format", "json"))["data"]
    assert shown["environments"]["base"]["libraries"][0]["timeout_ms"] == 30_000
    assert machine(envmgr("remove", "math", "--format", "json"))["data"]["environment"] == "base"


def test_messagepack_is_one_map_on_stdout(project):
    command = [sys.executable, "-m", "envmgr", "--format", "msgpack", "init"]
    done = subprocess.run(command, capture_output=True, check=True, cwd=project)
    assert msgpack.unpackb(done.stdout) == {
        "schema": 1,
        "command": "init",
        "ok": True,
        "data": {"file": str(project / "envmgr.toml")},
    }
    assert done.stderr == b""


def test_an_error_is_words_and_a_hint_on_stderr(envmgr, project):
    assert envmgr("status") == (
        2,
        "",
        f"error: no envmgr.toml in {project} or above it\n\n"
        "hint: run `envmgr init` in your project's directory, or name it with --project DIR\n",
    )


def test_an_error_is_data_for_machines(envmgr):
    envmgr("init")
    status, stdout, stderr = envmgr("remove", "numpy", "--format", "json")
    assert (status, stderr) == (2, "")
    assert json.loads(stdout) == {
        "schema": 1,
        "command": "remove",
        "ok": False,
        "error": {
            "code": "E-UNKNOWN-LIBRARY",
            "message": "no library `numpy` in envmgr.toml",
            "hint": "libraries: none",
            "details": {},
        },
    }


def test_problems_of_the_file_are_all_shown(envmgr, project):
    (project / "envmgr.toml").write_text('[library.numpy]\nverson = "1"\nworkers = 0\n')
    assert envmgr("config", "check") == (
        2,
        "",
        """\
error: 2 problems in envmgr.toml

envmgr.toml:2:1: unknown key `verson`
  verson = "1"
  ^^^^^^
  did you mean `version`?

envmgr.toml:3:11: 0 is out of range: it must be at least 1
  workers = 0
            ^

hint: correct the file, then run `envmgr config check`
""",
    )
    problems = machine(envmgr("config", "check", "--format", "json"))["error"]["details"]["problems"]
    assert [(p["line"], p["column"], p["suggestion"]) for p in problems] == [(2, 1, "version"), (3, 11, None)]


def test_warnings_are_said_on_stderr_unless_quiet(envmgr, project):
    (project / "envmgr.toml").write_text('[library.numpy.security]\nnetwork = "none"\n[profile.prod]\n')
    status, stdout, stderr = envmgr("config", "check", "--profile", "prod")
    assert (status, stdout) == (0, "envmgr.toml is valid: 1 library in 1 environment\n")
    assert stderr == (
        "warning: envmgr.toml:2: library.numpy.security.network is accepted, "
        "but NOT enforced by this version: nothing is refused\n"
    )
    assert envmgr("config", "check", "-q")[2] == ""
    assert len(machine(envmgr("config", "check", "-q", "--format", "json"))["data"]["warnings"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["sttaus"], "no command `sttaus`; did you mean `status`?", "see `envmgr --help`"),
        (["zzz"], "no command `zzz`", "see `envmgr --help`"),
        (["config", "shw"], "no command `shw`; did you mean `show`?", "see `envmgr config --help`"),
        (["config"], "no command: check, migrate, schema, show", "see `envmgr config --help`"),
        (["add"], "missing argument 'LIB'", "see `envmgr add --help`"),
        (
            ["rollback", "x", "--to", "0"],
            "invalid value for '--to': 0 is not in the range x>=1",
            "see `envmgr rollback --help`",
        ),
        (
            ["call", "a.b", "[1,"],
            "ARGS_JSON is not JSON: Expecting value at line 1, column 4\n\n  [1,\n     ^",
            None,
        ),
        (["call", "a.b", "3"], "ARGS_JSON must be an array or an object", None),
        (["call", "a.b", "[]", "--kwargs", "[]"], "--kwargs must be an object", None),
        (
            ["call", "a.b", '{"x": 1}', "--kwargs", '{"x": 2}'],
            "given twice, in ARGS_JSON and in --kwargs: x",
            "say each in one of the two",
        ),
        (["call", "a.b", "[" * 100_000], "ARGS_JSON is nested too deep", ""),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(envmgr, arguments, message, hint):
    status, stdout, stderr = envmgr(*arguments)
    assert (status, stdout) == (2, "")
    assert stderr.startswith(f"error: {message}\n")
    status, stdout, stderr = envmgr("--format", "json", *arguments)
    assert (status, stderr) == (2, "")
    error = json.loads(stdout)["error"]
    assert (error["code"], error["message"]) == ("E-USAGE", message)
    assert hint is None or error["hint"] == hint


def test_no_command_and_an_unknown_format_are_usage_errors(envmgr):
    assert envmgr()[2].startswith("error: no command: init, add, remove, config")
    status, _, stderr = envmgr("status", "--format", "yaml")
    assert (status, stderr.split("\n")[0]) == (
        2,
        "error: invalid value for '--format': 'yaml' is not one of 'text', 'json', 'msgpack'",
    )


def test_a_format_behind_two_dashes_is_an_argument(envmgr):
    status, stdout, _ = envmgr("remove", "--", "--format", "json")
    assert (status, stdout) == (2, "")


def test_help_and_version(envmgr):
    status, stdout, _ = envmgr("--version")
    assert (status, stdout) == (0, "envmgr 0.1.0\n")
    status, stdout, _ = envmgr("--help")
    commands = [line.split()[0] for line in stdout.partition("Commands:\n")[2].splitlines()]
    assert (status, commands) == (0, list(COMMANDS))
    for command in commands:
        status, stdout, _ = envmgr(command, "--help")
        assert status == 0
        assert all(option in stdout for option in ("--project", "--profile", "--format", "--quiet"))


def test_the_project_option_leads_elsewhere(envmgr, project):
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    assert envmgr("init", "--project", str(elsewhere))[0] == 0
    assert envmgr("--project", "elsewhere", "config", "check")[0] == 0
    status, _, stderr = envmgr("config", "check", "--project", "nowhere")
    assert (status, stderr.split("\n")[0]) == (2, f"error: no envmgr.toml in {project / 'nowhere'}")


def test_a_fault_of_ours_is_short_and_has_its_traceback_on_demand(envmgr, monkeypatch):
    monkeypatch.setattr("envmgr.config.edit.create", lambda root, name: 1 / 0)
    status, stdout, stderr = envmgr("init")
    assert (status, stdout) == (70, "")
    assert stderr == (
        "error: envmgr itself failed: ZeroDivisionError: division by zero\n\n"
        "hint: this is a fault of envmgr; ENVMGR_DEBUG=1 shows where, please report it\n"
    )
    assert machine(envmgr("init", "--format", "json"))["error"]["code"] == "E-INTERNAL"
    monkeypatch.setenv("ENVMGR_DEBUG", "1")
    assert "Traceback" in envmgr("init")[2]


def test_an_interrupt_ends_with_130(envmgr, monkeypatch):
    def interrupted(root, name):
        raise KeyboardInterrupt

    monkeypatch.setattr("envmgr.config.edit.create", interrupted)
    status, stdout, stderr = envmgr("init")
    assert (status, stdout, stderr.strip()) == (130, "", "interrupted")


@pytest.mark.parametrize(
    "arguments",
    [["config", "show"], ["config", "show", "--format", "msgpack"], ["status", "--format", "json", "x"]],
)
def test_a_reader_that_has_gone_is_no_traceback(envmgr, project, arguments):
    envmgr("init")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "envmgr", *arguments]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=project, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(("variable", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_terminals_and_can_be_refused(project, variable, is_coloured):
    import pty

    ours, theirs = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | variable
    command = [sys.executable, "-m", "envmgr", "status"]
    subprocess.run(command, stderr=theirs, cwd=project, env=environment, check=False)
    os.close(theirs)
    assert (b"\x1b[" in os.read(ours, 10_000)) is is_coloured
    os.close(ours)
