"""`config show --origin`, `schema`, `migrate`, and the layers as a user gives them."""

from __future__ import annotations

import json

import jsonschema
import pytest

from envmgr.cli import run

FILE = """\
[library.numpy]
version = ">=1"
[profile.prod.library.numpy]
workers = 8
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "envmgr.toml").write_text(FILE)
    return tmp_path


@pytest.fixture
def envmgr(project, capsys):
    """Runs one command line; returns its status, stdout and stderr."""

    def command(*arguments):
        status = run(arguments)
        return status, *capsys.readouterr()

    return command


@pytest.fixture
def shown(envmgr):
    """The library numpy as `config show` has it in JSON."""

    def library(*arguments):
        data = json.loads(envmgr("config", "show", "--format", "json", *arguments)[1])["data"]
        return data["environments"]["numpy"]["libraries"][0]

    return library


def test_origins_in_text(envmgr, project, monkeypatch):
    monkeypatch.setenv("ENVMGR_DEFAULTS__TIMEOUT", "10s")
    arguments = ("config", "show", "--origin", "--profile", "prod", "--set", "library.numpy.python=3.12")
    assert envmgr(*arguments) == (
        0,
        f"""\
[project]
name = "{project.name}"  # default

[environment.numpy]
python = "3.12"         # --set library.numpy.python
no-build = false        # default
link-mode = "hardlink"  # default
compression = "none"    # default

[library.numpy]
package = "numpy"           # default
version = ">=1"             # envmgr.toml:2
stdlib = false              # default
environment = "numpy"       # default
python = "3.12"             # --set library.numpy.python
timeout = "10s"             # variable ENVMGR_DEFAULTS__TIMEOUT
workers = 8                 # profile prod (envmgr.toml:4)
worker-profile = "process"  # default
threads = 4                 # default
lazy = false                # default
queue = 1000                # default
fork = true                 # default
trace = false               # default
""",
        "",
    )


def test_origins_for_machines(envmgr, project):
    status, stdout, _ = envmgr("config", "show", "--origin", "--profile", "prod", "--format", "json")
    data = json.loads(stdout)["data"]
    assert (status, set(data)) == (0, {"file", "project", "environment", "library"})
    assert data["project"]["name"]["value"] == project.name
    assert data["library"]["numpy"]["workers"] == {
        "value": 8,
        "origin": {"layer": "profile", "name": "prod", "line": 4, "place": "profile prod (envmgr.toml:4)"},
    }
    assert data["environment"]["numpy"]["link-mode"]["origin"] == {
        "layer": "default",
        "name": None,
        "line": None,
        "place": "default",
    }


def test_origins_come_with_the_warnings(envmgr, project):
    (project / "envmgr.toml").write_text(FILE + '[library.numpy.security]\nnetwork = "none"\n')
    assert "library.numpy.security.network is accepted" in envmgr("config", "show", "--origin")[2]
    assert envmgr("config", "show", "--origin", "-q")[2] == ""


def test_a_profile_by_variable_and_by_option(shown, envmgr, monkeypatch, project):
    assert shown()["workers"] == 2
    assert shown("--profile", "prod")["workers"] == 8
    monkeypatch.setenv("ENVMGR_PROFILE", "prod")
    assert shown()["workers"] == 8
    (project / "envmgr.toml").write_text(FILE + "[profile.small.defaults]\nworkers = 1\n")
    assert shown("--profile", "small")["workers"] == 1
    monkeypatch.setenv("ENVMGR_PROFILE", "none")
    assert envmgr("config", "check")[::2] == (
        2,
        "error: no profile `none` in envmgr.toml\n\nhint: profiles: prod, small\n",
    )
    monkeypatch.setenv("ENVMGR_PROFILE", "")
    assert shown()["workers"] == 2


def test_settings_before_and_behind_the_command_count(envmgr):
    arguments = (
        "--set",
        "defaults.workers=3",
        "config",
        "--set",
        "defaults.workers=4",
        "show",
        "--format",
        "json",
    )
    data = json.loads(envmgr(*arguments, "--set", "defaults.timeout=1m")[1])["data"]
    library = data["environments"]["numpy"]["libraries"][0]
    assert (library["workers"], library["timeout_ms"]) == (4, 60_000)


def test_a_project_by_variable_and_by_option(envmgr, project, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.setenv("ENVMGR_PROJECT", str(elsewhere))
    assert envmgr("config", "check")[2].startswith(f"error: no envmgr.toml in {elsewhere}\n")
    assert envmgr("config", "check", "--project", str(project))[0] == 0
    assert envmgr("init")[1] == f"created {elsewhere / 'envmgr.toml'}\n"
    assert envmgr("config", "check")[1] == "envmgr.toml is valid: 0 libraries in 0 environments\n"


def test_the_schema_is_json_in_text_too(envmgr, project):
    (project / "envmgr.toml").unlink()
    status, stdout, stderr = envmgr("config", "schema")
    assert (status, stderr) == (0, "")
    jsonschema.Draft202012Validator.check_schema(json.loads(stdout))
    assert json.loads(envmgr("config", "schema", "--format", "json")[1])["data"] == json.loads(stdout)


def test_a_draft_is_migrated(envmgr, project):
    file = project / "envmgr.toml"
    file.write_text("config_version = 0\n[libraries.six] # six\ntimeout = 1000\n")
    assert "hint" in envmgr("config", "check")[2]
    assert "run `envmgr config migrate`" in envmgr("config", "check")[2]
    diff = """\
--- envmgr.toml\tversion 0
+++ envmgr.toml\tversion 1
@@ -1,3 +1,3 @@
-config_version = 0
-[libraries.six] # six
-timeout = 1000
+config-version = 1
+[library.six] # six
+timeout = "1s"
"""
    assert envmgr("config", "migrate", "--dry-run") == (0, f"{diff}\nnothing was written\n", "")
    assert file.read_text().startswith("config_version = 0\n")
    status, stdout, _ = envmgr("config", "migrate", "--format", "json")
    assert (status, json.loads(stdout)["data"]) == (
        0,
        {"file": str(file), "from": 0, "to": 1, "diff": diff.rstrip("\n"), "written": True},
    )
    assert file.read_text() == 'config-version = 1\n[library.six] # six\ntimeout = "1s"\n'
    assert envmgr("config", "migrate") == (0, "envmgr.toml is of version 1: nothing to migrate\n", "")
    assert envmgr("config", "check")[0] == 0


def test_a_migration_that_would_not_be_valid_changes_nothing(envmgr, project):
    draft = "config_version = 0\n[libraries.six]\ntimeout = -1\nwokers = 2\n"
    (project / "envmgr.toml").write_text(draft)
    status, stdout, stderr = envmgr("config", "migrate")
    assert (status, stdout) == (2, "")
    assert stderr.startswith(
        "error: envmgr.toml is unchanged: in version 1 there would be 2 problems in envmgr.toml"
    )
    assert (project / "envmgr.toml").read_text() == draft
