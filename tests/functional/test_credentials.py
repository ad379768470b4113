"""Credentials of indexes reach uv, and nothing that envmgr prints or writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from indexes import serve, wheel

SECRET = "s3cr3t-Zq9"
USER = "alice-7Kx"
TINY = (wheel("tiny", "1.0", {"tiny.py": "def one():\n    return 1\n"}),
        wheel("tiny", "2.0", {"tiny.py": "def one():\n    return 1\n"}, requires=("absent-dependency",)))  # fmt: skip
FORMATS = ("text", "json", "msgpack")


@pytest.fixture(scope="module")
def private():
    with serve(*TINY, credentials=f"{USER}:{SECRET}") as index:
        yield index


@pytest.fixture
def run(tmp_path):
    """`envmgr` in a project, with variables; every word that it prints is kept, in `run.said`."""
    project = tmp_path / "project"
    project.mkdir()
    said: list[bytes] = []
    aside = {name: tmp_path / name for name in ("cache", "home", "xdg")}
    for place in aside.values():
        place.mkdir()
    base = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "VIRTUAL"))}
    base |= {
        "HOME": str(aside["home"]),
        "UV_CACHE_DIR": str(aside["cache"]),
        "XDG_CACHE_HOME": str(aside["xdg"]),
    }
    base |= {"PYENV_ROOT": "/nowhere", "ENVMGR_DEBUG": "1"}

    def envmgr(*words, package="tiny<2", **variables):
        (project / "envmgr.toml").write_text(
            f'[project]\npython = "{sys.executable}"\n[library.tiny]\npackage = "{package}"\n'
        )
        program = Path(sys.executable).with_name("envmgr")
        done = subprocess.run([program, *words], cwd=project, env={**base, **variables}, capture_output=True)
        said.append(done.stdout + done.stderr)
        return done

    envmgr.project, envmgr.said, envmgr.aside = project, said, aside
    return envmgr


def leaks(run):
    """Files under the project, our own cache, and what was printed, that hold the secret or the user's name."""
    secrets = (SECRET.encode(), USER.encode())
    files = [path for root in (run.project, run.aside["xdg"]) for path in root.rglob("*") if path.is_file()]
    assert len(files) > 1
    held = [str(path) for path in files if any(secret in path.read_bytes() for secret in secrets)]
    return held + [text.decode("utf-8", "replace") for text in run.said if SECRET.encode() in text]


def in_url(index, tmp_path):
    return {"UV_DEFAULT_INDEX": f"http://{USER}:{SECRET}@{index.host}/simple"}


def in_older_variable(index, tmp_path):
    return {"UV_INDEX_URL": f"http://{USER}:{SECRET}@{index.host}/simple"}


def by_name(index, tmp_path):
    return {
        "UV_DEFAULT_INDEX": f"private=http://{index.host}/simple",
        "UV_INDEX_PRIVATE_USERNAME": USER,
        "UV_INDEX_PRIVATE_PASSWORD": SECRET,
    }


def in_netrc(index, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1\nlogin {USER}\npassword {SECRET}\n")
    netrc.chmod(0o600)
    return {"UV_DEFAULT_INDEX": f"http://{index.host}/simple", "NETRC": str(netrc)}


def in_keyring(index, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "keyring").write_text(f'#!/bin/sh\n[ "$1" = get ] && [ "$3" = {USER} ] && echo {SECRET}\n')
    (programs / "keyring").chmod(0o755)
    return {
        "UV_DEFAULT_INDEX": f"http://{USER}@{index.host}/simple",
        "UV_KEYRING_PROVIDER": "subprocess",
        "PATH": f"{programs}:{os.environ['PATH']}",
    }


WAYS = (in_url, in_older_variable, by_name, in_netrc, in_keyring)


@pytest.mark.parametrize("way", WAYS)
def test_a_private_index_serves_and_its_password_stays_outside(run, private, tmp_path, way):
    variables = way(private, tmp_path)
    for words in (
        ("lock",),
        ("sync", "--format", "json"),
        ("status", "--format", "msgpack"),
        ("lock", "--upgrade"),
    ):
        done = run(*words, **variables)
        assert done.returncode == 0, done.stderr.decode()
    assert (run.project / "locks/pylock.tiny.toml").is_file()
    assert (run.project / ".envmgr/envs/tiny/launch.msgpack").is_file()
    assert leaks(run) == []


FAILURES = {
    "a wrong password": (
        4,
        "tiny<2",
        lambda index: f"http://{USER}:{SECRET}@{index.host}/simple".replace(USER, "eve"),
    ),
    "a conflict": (3, "tiny>=2", lambda index: f"http://{USER}:{SECRET}@{index.host}/simple"),
    "no such version": (4, "tiny>=9", lambda index: f"http://{USER}:{SECRET}@{index.host}/simple"),
    "nobody there": (4, "tiny<2", lambda index: f"http://{USER}:{SECRET}@127.0.0.1:9/simple"),
    "no address": (4, "tiny<2", lambda index: f"http://{USER}:{SECRET}@[bad/simple"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_does_not_tell_the_password(run, private, case):
    status, package, address = FAILURES[case]
    for form in FORMATS:
        done = run(
            "sync", "--format", form, package=package, UV_DEFAULT_INDEX=address(private), UV_HTTP_RETRIES="0"
        )
        assert done.returncode == status, done.stderr.decode()
    assert leaks(run) == []


def test_a_direct_address_with_a_password_is_refused_and_one_without_is_served(run, private, tmp_path):
    file = f"{private.host}/files/tiny-1.0-py3-none-any.whl"
    variables = in_netrc(private, tmp_path)
    done = run("lock", package=f"tiny @ http://{USER}:{SECRET}@{file}", **variables)
    assert done.returncode == 4
    assert f"an address on {private.host} holds a user or a password".encode() in done.stderr
    assert run("sync", package=f"tiny @ http://{file}", **variables).returncode == 0
    assert leaks(run) == []
