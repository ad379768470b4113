"""Real projects of other tools, locked by the real uv with the pins that they had."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from pathlib import Path

import pytest

from envmgr.cli import run
from envmgr.config import load

DATA = Path(__file__).parents[1] / "data" / "import"
SIX = "sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"


@pytest.fixture
def envmgr(tmp_path, monkeypatch, capsys):
    root = tmp_path / "app"
    root.mkdir()
    monkeypatch.chdir(root)

    def command(*arguments):
        status = run([*arguments, "--format", "json"])
        told = json.loads(capsys.readouterr().out)
        assert told["ok"] is (status == 0), told
        return told["data"] if told["ok"] else {**told["error"], "status": status}

    command.root = root
    return command


def project(directory, *names, **files):
    directory.mkdir(exist_ok=True)
    for name in names:
        shutil.copytree(DATA / name, directory, dirs_exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("_", ".")).write_text(text)
    return str(directory)


def locked(root, environment):
    document = tomllib.loads((root / "locks" / f"pylock.{environment}.toml").read_text())
    return {package["name"]: package["version"] for package in document["packages"]}


COMMON = {"certifi": "2026.10.18", "h11": "0.16.0", "httpcore": "1.0.9"}
HTTP2 = COMMON | {"h2": "4.1.0", "hpack": "4.0.0", "hyperframe": "6.1.0", "six": "1.16.0"}


@pytest.mark.parametrize(
    ("name", "environment", "libraries", "pins", "gone"),
    [
        ("uv", "shop-uv", {"httpcore", "six"}, HTTP2, {"group dev", "extra fast", "iniconfig 2.3.1"}),
        ("poetry", "shop-poetry", {"httpcore", "attrs"}, COMMON | {"attrs": "26.1.0"}, {"group dev", "pluggy 1.7.0"}),
        ("poetry-old", "shop-classic", {"httpcore", "six", "packaging"}, {"six": "1.16.0", "packaging": "23.1"}, {"group dev"}),
        ("pdm", "shop-pdm", {"httpcore", "six"}, HTTP2, {"tomli 2.2.1", "group test"}),
        ("pipenv", "project", {"httpcore", "six", "attrs"}, COMMON | {"six": "1.16.0", "attrs": "26.1.0"}, {"category dev"}),
        ("compiled", "project", {"httpcore", "six"}, COMMON | {"six": "1.16.0"}, set()),
        ("hashed", "project", {"httpcore", "six", "iniconfig", "h2", "hpack", "hyperframe"}, HTTP2, set()),
        ("frozen", "project", {*HTTP2}, HTTP2, set()),
        ("pylock", "project", {*HTTP2, "iniconfig"}, HTTP2, {'colorama==0.4.6; sys_platform == "win32"'}),
    ],
)  # fmt: skip
def test_every_pin_is_kept(envmgr, tmp_path, name, environment, libraries, pins, gone):
    told = envmgr("import", project(tmp_path / "project", name))
    assert told["environment"] == environment
    assert {library["name"] for library in told["libraries"]} == libraries
    assert locked(envmgr.root, environment).items() >= pins.items()
    assert {pin["name"]: pin["version"] for pin in told["pins"]} == locked(envmgr.root, environment)
    assert told["resolved"] == []
    assert {one["what"] for one in told["not_carried"]} >= gone
    for one in told["not_carried"]:
        assert Path(one["file"]).is_file()
        assert 0 < one["line"] <= Path(one["file"]).read_text().count("\n") + 1
    assert load(envmgr.root).environments[environment].python == told["python"]
    assert [one["changed"] for one in envmgr("lock")] == [False]


def test_what_was_imported_is_built_and_called(envmgr, tmp_path):
    path = project(tmp_path / "project", requirements_txt=f"six==1.16.0 --hash={SIX}\nidna==3.7\n")
    told = envmgr("import", path, "--library", "six")
    assert [library["requirement"] for library in told["libraries"]] == ["six==1.16.0"]
    assert {one["what"] for one in told["not_carried"]} == {"idna==3.7", "idna 3.7"}
    assert [one["action"] for one in envmgr("sync", "--frozen")] == ["built"]
    assert envmgr("call", "six.ensure_str", '["x"]') == "x"


def test_conda_with_a_name_that_the_index_has_not(envmgr, tmp_path):
    told = envmgr("import", project(tmp_path / "project", "conda"))
    assert (
        locked(envmgr.root, "analysis").items() >= {"six": "1.16.0", "idna": "3.7", "pluggy": "1.5.0"}.items()
    )
    assert "msgpack" in locked(envmgr.root, "analysis")
    why = {one["what"]: (one["why"], one["line"]) for one in told["not_carried"]}
    assert why["not-on-pypi-by-any-name-envmgr==1.0.*"] == (
        "the package index has no distribution of this name",
        13,
    )
    assert {"openssl", "libblas=3.9.0=*openblas", "-e ."} <= why.keys()
    assert "secret" not in json.dumps(told)


BEFORE = """\
# Ours.
[library.math]  # of the interpreter
stdlib = true

[defaults]
workers = 1
"""


def test_an_envmgr_toml_that_is_there_keeps_its_text(envmgr, tmp_path):
    (envmgr.root / "envmgr.toml").write_text(BEFORE)
    path = project(
        tmp_path / "Old App",
        requirements_txt="six\n-c limits.txt\n",
        limits_txt="six<1.17\n",
        _python_version="3.11",
    )
    told = envmgr("import", path)
    assert (told["created"], told["environment"], told["resolved"]) == (
        False,
        "Old-App",
        [{"name": "six", "version": "1.16.0"}],
    )
    assert (envmgr.root / "envmgr.toml").read_text() == BEFORE.replace(
        "\n[defaults]", '\n[library.six]\nenvironment = "Old-App"\n\n[defaults]'
    ) + '\n[environment.Old-App]\npython = "3.11"\nconstraints = ["six<1.17"]\n'
    before = (envmgr.root / "envmgr.toml").read_bytes(), locked(envmgr.root, "Old-App")

    refused = envmgr("import", path)
    assert (refused["code"], refused["status"]) == ("E-EXISTS", 2)
    assert refused["details"]["taken"] == ["library `six`", "environment `Old-App`"]
    assert ((envmgr.root / "envmgr.toml").read_bytes(), locked(envmgr.root, "Old-App")) == before


@pytest.mark.parametrize(
    ("requirements", "code", "words"),
    [
        (
            "six==1.99\nidna==2.999\nattrs>=20\n",
            "E-IMPORT",
            ["six 1.99 (", "requirements.txt:1); there is 1.", "idna 2.999 (", "requirements.txt:2); there is 3."],
        ),
        ("httpcore==1.0.9\nh11==0.9.0\n", "E-IMPORT", ["h11 0.9.0 (", "httpcore>=1.0.9 depends on h11>=0.16"]),
        (f"six==1.16.0 --hash=sha256:{'0' * 64}\n", "E-TAMPERED", ["six 1.16.0 (", "requirements.txt:1"]),
        ("six>2\n", "E-LOCK", ["no version of six satisfies six>2"]),
        ("no-such-distribution-envmgr-9==1\n", "E-LOCK", ["requirements.txt:1: ", "no distribution called no-such-distribution-envmgr-9"]),
        ("./local\n-e .\n", "E-IMPORT", ["nothing that can be carried over", ":1: ./local: ", ":2: -e .: "]),
    ],
)  # fmt: skip
def test_nothing_is_written_when_a_pin_cannot_be_kept(envmgr, tmp_path, requirements, code, words):
    told = envmgr("import", project(tmp_path / "project", requirements_txt=requirements))
    assert told["code"] == code
    for word in words:
        assert word in told["message"]
    assert not (envmgr.root / "envmgr.toml").exists()
    assert not (envmgr.root / "locks").exists()


def test_a_lock_that_its_manifest_has_outgrown_is_not_followed_in_silence(envmgr, tmp_path):
    path = project(tmp_path / "project", "pdm")
    manifest = tmp_path / "project" / "pyproject.toml"
    manifest.write_text(manifest.read_text().replace("six==1.16.0", "six>=1.17"))
    told = envmgr("import", path)
    assert told["code"] == "E-IMPORT"
    assert [(pin["name"], pin["version"], pin["line"]) for pin in told["details"]["pins"]] == [
        ("six", "1.16.0", 113)
    ]
    assert not (envmgr.root / "envmgr.toml").exists()


def test_no_credential_is_written_or_said(envmgr, tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    path = project(
        tmp_path / "project",
        requirements_txt="""\
-i https://user:s3cret@index.example.com/simple
--extra-index-url https://index.example.com/${TOKEN}/simple
thing @ https://user:${TOKEN}@example.com/thing.zip
six==1.16.0
""",
    )
    told = envmgr("import", path)
    assert len(told["not_carried"]) == 3
    assert "s3cret" not in json.dumps(told)
    written = [found for found in envmgr.root.rglob("*") if found.is_file()]
    assert written
    assert not [found for found in written if b"s3cret" in found.read_bytes()]


def test_words_for_people(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.txt").write_text("six==1.16.0\nidna\n-e .\n")
    (tmp_path / "Pipfile").touch()
    assert run(["import", "requirements.txt", "--env", "app", "-q"]) == 0
    told = capsys.readouterr().out.split("\n")
    assert told[0] == "read requirements.txt"
    assert told[1].startswith("created envmgr.toml: 2 libraries in environment app, Python 3.")
    assert told[2] == "wrote locks/pylock.app.toml: 2 packages, 1 as they were pinned"
    assert told[3].startswith("resolved now: idna 3.")
    assert told[4:] == [
        "not carried over:",
        "  requirements.txt:3  -e .  an editable installation follows a directory, which has no lock",
        "`envmgr sync` builds it",
        "",
    ]


def test_many_of_one_kind_are_told_on_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n" + "".join(f"-e ./{name}\n" for name in "abcd"))
    assert run(["import", "requirements.txt", "-q"]) == 0
    told = capsys.readouterr().out.split("\n")
    assert told[-3:-2] == [
        "  requirements.txt, 4 of them: an editable installation follows a directory, which has no lock:"
        " -e ./a (line 2), -e ./b (line 3), -e ./c (line 4), -e ./d (line 5)"
    ]


def test_a_directory_says_what_else_it_has(envmgr, tmp_path):
    told = envmgr("import", project(tmp_path / "project", "compiled", Pipfile="[packages]\n"))
    assert [Path(file).name for file in told["files"]] == ["requirements.txt"]
    assert [Path(file).name for file in told["beside"]] == ["Pipfile"]


@pytest.mark.parametrize("name", ["{python}", 'a"b\n[x]', os.fsdecode(b"caf\xe9")])
def test_odd_names_of_directories(envmgr, tmp_path, name):
    told = envmgr("import", project(tmp_path / name, requirements_txt="six\n"))
    assert load(envmgr.root).name == name.encode(errors="replace").decode()
    assert told["libraries"] == [{"name": "six", "requirement": "six"}]


def test_projects_are_made_in_directories_that_are_there(envmgr, tmp_path):
    path = project(tmp_path / "project", requirements_txt="six\n")
    told = envmgr("import", path, "--project", str(tmp_path / "gone"))
    assert (told["code"], (tmp_path / "gone").exists()) == ("E-NO-PROJECT", False)
    (envmgr.root / "deep").mkdir()
    assert envmgr("import", path)["created"]
    os.chdir(envmgr.root / "deep")
    assert envmgr("import", path, "--project", ".", "--env", "other")["config"] == str(
        envmgr.root / "deep" / "envmgr.toml"
    )


def test_an_environment_that_cannot_be_named_so(envmgr, tmp_path):
    told = envmgr("import", project(tmp_path / "project", requirements_txt="six\n"), "--env", "a b")
    assert told["code"] == "E-USAGE"
    assert "`a b` cannot be a name" in told["message"]
    assert not (envmgr.root / "envmgr.toml").exists()


def test_what_changed_meanwhile_is_not_overwritten(envmgr, tmp_path, monkeypatch):
    from envmgr.operations import keeping

    resolve = keeping.resolving.resolve

    def slowly(*arguments, **settings):
        (envmgr.root / "envmgr.toml").write_text("[library.math]\nstdlib = true\n")
        return resolve(*arguments, **settings)

    monkeypatch.setattr(keeping.resolving, "resolve", slowly)
    told = envmgr("import", project(tmp_path / "project", requirements_txt="six\n"))
    assert "was changed while its lock was made" in told["message"]
    assert not (envmgr.root / "locks").exists()
