"""An environment as one file: made with the network, built from again in a network namespace without a route."""

import hashlib
import http.server
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from envmgr.cli import run
from envmgr.config import load
from envmgr.config.layers import Layers
from envmgr.environments import bundles
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.operations.bundling import bundle
from envmgr.operations.launching import launch
from envmgr.operations.locking import lock
from envmgr.operations.status import status
from envmgr.operations.syncing import sync
from envmgr.operations.unbundling import unbundle
from envmgr.tools import uv

NO_LAYERS = Layers()
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
UNSHARE = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-r", "-n"]
CONFIG = f"""\
# ours
[project]
name = "my shop/1"
python = "{PYTHON}"

[defaults]
workers = 1

[library.six]
version = "==1.17.0"
environment = "texts"
init = "answer = 42"
[library.six.health]
calls = [{{ call = "six.ensure_str", args = ["x"] }}]

[library.idna]
version = "==3.7"
environment = "texts"

[library.certifi]
"""


def permitted():
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


airless_only = pytest.mark.skipif(not permitted(), reason="this user may not make a network namespace")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with a lock, and the bundle of its environment `texts`."""
    root = tmp_path_factory.mktemp("made")
    (root / "envmgr.toml").write_text(CONFIG)
    lock(load(root), ["texts"])
    return root, bundle(load(root), "idna", NO_LAYERS, output=root / "texts.tar")


@pytest.fixture
def tar(made):
    return made[0] / "texts.tar"


def airless(place, *words, code="from envmgr.cli import run"):
    """The command line where there is no network, with empty caches; its status and its answer."""
    away = ("UV_", "PIP_", "ENVMGR_", "XDG_", "PYENV_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(away)}
    where = {
        "HOME": str(place / "home"),
        "UV_CACHE_DIR": str(place / "uv"),
        "UV_HTTP_RETRIES": "0",
        "PATH": f"{sys.base_prefix}/bin:/usr/bin:/bin",
    }
    argv = [*UNSHARE, sys.executable, "-P", "-c", f"import sys; {code}; sys.exit(run(sys.argv[1:]))"]
    (place / "target").mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*argv, *words, "--format", "json"],
        cwd=place / "target",
        env=kept | where,
        capture_output=True,
        text=True,
    )
    answer = json.loads(done.stdout)
    return done.returncode, answer.get("data", answer.get("error"))


def refusal(tar, root):
    before = {path: path.read_bytes() for path in outside(root)}
    with pytest.raises(EnvmgrError) as caught:
        unbundle(tar, root, NO_LAYERS)
    assert {path: path.read_bytes() for path in outside(root)} == before
    assert not Layout(root).staging.exists()
    return caught.value


def outside(root):
    return [
        path for path in root.rglob("*") if path.is_file() and ".envmgr" not in path.relative_to(root).parts
    ]


def remade(tar, into, *, change=lambda contents: None, **facts):
    """Another bundle, sound in itself: `change` edits its members, `facts` what it says of itself."""
    declared = bundles.manifest(tar)
    place = into.with_suffix(".members")
    bundles.unpack(tar, declared, place)
    contents = {member.name: place / member.name for member in declared.members}
    change(contents)
    said = {
        "project": declared.project,
        "environment": declared.environment,
        "target": declared.target,
        **facts,
    }
    bundles.write(into, contents, made_with=declared.made_with, **said)
    return into


@airless_only
def test_all_it_takes_is_the_file(made, tar, tmp_path):
    source, outcome = made
    code, said = airless(tmp_path, "unbundle", str(tar))
    assert (code, said["action"], said["generation"], said["change"]) == (0, "built", 1, "written")
    target = tmp_path / "target"
    assert Layout(target).lock("texts").read_bytes() == Layout(source).lock("texts").read_bytes()
    assert [(s["state"], s["generation"]) for s in airless(tmp_path, "status")[1]] == [("ready", 1)]
    (health,) = airless(tmp_path, "health", "--deep")[1]
    assert (health["healthy"], health["findings"]) == (True, [])
    assert airless(tmp_path, "sync")[1][0]["action"] == "unchanged"
    assert airless(tmp_path, "call", "six.ensure_text", '["ä"]')[1] == "ä"
    assert airless(tmp_path, "unbundle", str(tar))[1]["action"] == "unchanged"

    config = target / "envmgr.toml"
    config.write_text(config.read_text().replace("workers = 1", "workers = 2"))
    assert airless(tmp_path, "sync", "--frozen", "--offline")[1][0]["generation"] == 2
    assert airless(tmp_path, "rollback", "texts")[1]["to_generation"] == 1
    assert airless(tmp_path, "history", "texts")[1][-1]["reason"] == "unbundle texts.tar"

    (ordinary,) = sync(load(source), ["texts"])
    assert ordinary.key == said["key"]
    assert outcome.sha256 == hashlib.sha256(tar.read_bytes()).hexdigest()


@airless_only
def test_where_it_is_built_there_is_no_network(made, tmp_path):
    (tmp_path / "target").mkdir()
    shutil.copy(made[0] / "envmgr.toml", tmp_path / "target")
    code, said = airless(tmp_path, "lock", "certifi")
    assert (code, said["code"]) == (4, "E-NETWORK")


@airless_only
def test_a_machine_without_uv_takes_the_bundles(tar, tmp_path):
    hidden = "from envmgr.tools import uv; uv._packaged = lambda: None; from envmgr.cli import run"
    code, said = airless(tmp_path, "unbundle", str(tar), code=hidden)
    assert (code, said["action"]) == (0, "built")
    assert said["uv"] == str(tmp_path / "target" / ".envmgr" / "tools" / "uv")
    assert subprocess.run([said["uv"], "--version"], check=True, capture_output=True).stdout.startswith(
        b"uv "
    )

    other = tmp_path / "other"
    bare = remade(tar, tmp_path / "bare.tar", change=lambda contents: contents.pop("uv/uv"))
    code, said = airless(other, "unbundle", str(bare), code=hidden)
    assert (code, said["code"]) == (4, "E-UV")
    assert outside(other / "target") == []


@airless_only
def test_what_changed_on_disk_is_built_anew(tar, tmp_path):
    before = airless(tmp_path, "unbundle", str(tar))[1]
    layout = Layout(tmp_path / "target")
    (module,) = layout.entry(f"texts-{before['key']}").glob("lib/*/site-packages/six.py")
    module.write_bytes(module.read_bytes() + b"#")
    (layer,) = (path for path in layout.layers.iterdir() if path.is_dir())
    (layer / "worker.py").write_text("raise SystemExit")
    after = airless(tmp_path, "unbundle", str(tar))[1]
    assert (after["action"], after["generation"]) == ("built", 2)
    assert airless(tmp_path, "health", "--deep")[0] == 0
    assert airless(tmp_path, "call", "six.ensure_text", '["x"]') == (0, "x")


def test_what_cannot_be_built_anew_stays_as_it_is(tar, tmp_path):
    entry = f"texts-{unbundle(tar, tmp_path, NO_LAYERS).key}"
    config, layout = tmp_path / "envmgr.toml", Layout(tmp_path)
    sound = config.read_text()
    config.write_text(sound.replace("answer = 42", "1 / 0"))
    layout.manifest(entry).write_text("no manifest")
    assert refusal(tar, tmp_path).code == "E-PROOF"
    assert not layout.sick(entry).exists()
    config.write_text(sound)
    assert (unbundle(tar, tmp_path, NO_LAYERS).generation, layout.sick(entry).exists()) == (2, True)


def test_equal_projects_make_equal_files(made, tar, tmp_path):
    again = bundle(load(made[0]), "texts", NO_LAYERS, output=tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == tar.read_bytes()
    assert again == replace(made[1], file=str(tmp_path / "again.tar"))
    assert [(pin.name, pin.version) for pin in again.packages] == [("idna", "3.7"), ("six", "1.17.0")]


def test_without_a_uv_that_may_be_passed_on(made, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ENVMGR_UV", str(uv.executable()))
    monkeypatch.setitem(sys.modules, "uv", None)
    root, path = made[0], tmp_path / "x.tar"
    assert run(["bundle", "texts", "--project", str(root), "--output", str(path)]) == 0
    assert "without uv" in capsys.readouterr().out
    assert bundles.manifest(path).made_with["uv"] is None
    assert bundles.manifest(path).names("uv") == ()


def test_what_is_in_it(made, tar):
    declared = bundles.manifest(tar)
    names = [member.name for member in declared.members]
    wheels = ["wheels/idna-3.7-py3-none-any.whl", "wheels/six-1.17.0-py2.py3-none-any.whl"]
    assert names[-2:] == wheels
    assert {"envmgr.toml", "locks/pylock.texts.toml", "uv/uv", "uv/licenses/LICENSE-MIT"} <= {*names}
    assert [name for name in names if name.startswith("runtime/msgpack-")]
    locked = Layout(made[0]).lock("texts").read_text()
    assert all(m.sha256 in locked for m in declared.members if m.name in wheels)
    with tarfile.open(tar) as archive:
        assert str(made[0]).encode() not in b"".join(
            archive.extractfile(m).read() for m in archive if m.size < 10**6
        )


def test_a_project_of_its_own_gets_the_libraries(tar, tmp_path):
    config = tmp_path / "envmgr.toml"
    config.write_text("# theirs\n[library.math]\nstdlib = true\n\n# the end\n")
    outcome = unbundle(tar, tmp_path, NO_LAYERS)
    assert (outcome.change, outcome.generation) == ("added", 1)
    assert config.read_text().startswith("# theirs\n[library.math]\nstdlib = true\n")
    assert [(s.environment, s.state) for s in status(load(tmp_path))] == [
        ("math", "not-locked"),
        ("texts", "ready"),
    ]
    assert launch(tmp_path, "texts")["pools"]["default"]["max"] == 1
    kept = config.read_bytes()
    assert unbundle(tar, tmp_path, NO_LAYERS).change == "kept"
    assert config.read_bytes() == kept


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ('[library.six]\nenvironment = "texts"\nversion = "<1.17"\n', "E-STALE-LOCK", "six<1.17"),
        (
            '[library.six]\nenvironment = "texts"\n[environment.texts]\nadopt = "/usr"\n',
            "E-ADOPT",
            "texts",
        ),
        ("[library.six]\n[library.idna]\n", "E-EXISTS", "idna, six"),
        ("[library.six]\nnonsense = 1\n", "E-CONFIG", "nonsense"),
    ],
)
def test_a_project_that_wants_something_else(tar, tmp_path, config, code, words):
    (tmp_path / "envmgr.toml").write_text(config)
    problem = refusal(tar, tmp_path)
    assert (problem.code, words in problem.message) == (code, True)


def test_another_lock_is_not_overwritten(tar, tmp_path):
    Layout(tmp_path).lock("texts").parent.mkdir()
    Layout(tmp_path).lock("texts").write_text("# mine\n")
    problem = refusal(tar, tmp_path)
    assert (problem.code, "pylock.texts.toml" in problem.message) == ("E-EXISTS", True)


def test_a_bundle_for_another_machine(tar, tmp_path):
    target = replace(bundles.manifest(tar).target, abi="cpython-311-darwin", system="Darwin", machine="arm64")
    problem = refusal(remade(tar, tmp_path / "mac.tar", target=target), tmp_path)
    assert problem.code == "E-INTERPRETER"
    assert "is for cpython" in problem.message
    assert "on Darwin arm64" in problem.message


def test_a_machine_without_its_python(tar, tmp_path):
    def change(contents):
        config = contents["envmgr.toml"].read_text()
        contents["envmgr.toml"] = config.replace(f'"{PYTHON}"', '"3.99"').encode()

    target = replace(bundles.manifest(tar).target, python="3.99", abi="cpython-399")
    problem = refusal(remade(tar, tmp_path / "later.tar", target=target, change=change), tmp_path)
    assert problem.code == "E-INTERPRETER"
    assert "later.tar is for cpython 3.99" in problem.message
    assert "no Python 3.99" in problem.message


def test_a_wheel_that_does_not_serve(tar, tmp_path):
    windows = "wheels/idna-3.7-cp39-cp39-win32.whl"

    def change(contents):
        contents[windows] = contents.pop("wheels/idna-3.7-py3-none-any.whl")
        locked = contents["locks/pylock.texts.toml"].read_text()
        contents["locks/pylock.texts.toml"] = locked.replace(
            "3.7-py3-none-any", "3.7-cp39-cp39-win32"
        ).encode()

    problem = refusal(remade(tar, tmp_path / "x.tar", change=change), tmp_path)
    assert (problem.code, problem.details["without"]) == ("E-INTERPRETER", ["idna 3.7"])


def test_a_wheel_that_is_not_the_locked_one(tar, tmp_path):
    def change(contents):
        contents["wheels/idna-3.7-py3-none-any.whl"] = contents["wheels/six-1.17.0-py2.py3-none-any.whl"]

    problem = refusal(remade(tar, tmp_path / "x.tar", change=change), tmp_path)
    assert problem.code == "E-TAMPERED"


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        (b"[library.six]\n", "E-TAMPERED", "no environment texts"),
        (b"\xff", "E-CONFIG", "x.tar"),
        (b"[library.six]\nenvironment = 'texts'\nx = 1\n", "E-CONFIG", "x.tar"),
    ],
)
def test_a_configuration_of_something_else(tar, tmp_path, config, code, words):
    def change(contents):
        contents["envmgr.toml"] = config

    problem = refusal(remade(tar, tmp_path / "x.tar", change=change), tmp_path)
    assert (problem.code, words in problem.message) == (code, True)


def test_a_lock_that_is_none(tar, tmp_path):
    def change(contents):
        text = contents["locks/pylock.texts.toml"].read_text()
        contents["locks/pylock.texts.toml"] = (
            text.replace("sha256 =", "sha257 =").replace("1.0", "9.0", 1).encode()
        )

    assert refusal(remade(tar, tmp_path / "x.tar", change=change), tmp_path).code == "E-LOCK"


def test_a_damaged_file_changes_nothing(tar, tmp_path):
    content = bytearray(tar.read_bytes())
    with tarfile.open(tar) as archive:
        content[archive.getmember("wheels/idna-3.7-py3-none-any.whl").offset_data + 99] ^= 1
    (tmp_path / "x.tar").write_bytes(content)
    problem = refusal(tmp_path / "x.tar", tmp_path)
    assert (problem.code, [*problem.details["members"]]) == (
        "E-TAMPERED",
        ["wheels/idna-3.7-py3-none-any.whl"],
    )


@pytest.mark.parametrize("there", ["", "# theirs\n[library.math]\nstdlib = true\n"])
def test_a_build_that_fails_leaves_the_project_as_it_was(tar, tmp_path, there):
    def change(contents):
        contents["envmgr.toml"] = contents["envmgr.toml"].read_text().replace("answer = 42", "1 / 0").encode()

    if there:
        (tmp_path / "envmgr.toml").write_text(there)
    problem = refusal(remade(tar, tmp_path / "x.tar", change=change), tmp_path)
    assert (problem.code, "division by zero" in problem.message) == ("E-PROOF", True)


def test_kill_at_random_moments(tar, tmp_path):
    code = "import sys; from envmgr.cli import run; print('go', flush=True); run(sys.argv[1:])"
    argv = [sys.executable, "-c", code, "unbundle", str(tar), "-q", "--project"]
    chance, whole, layout = random.Random(7), 0.1, Layout(tmp_path)
    for number in range(5):
        root = tmp_path if number else tmp_path / "first"
        child = subprocess.Popen([*argv, str(root)], stdout=subprocess.PIPE)
        child.stdout.readline()
        begun = time.perf_counter()
        if number == 0:  # one to the end, to know how long
            child.communicate()
            whole = time.perf_counter() - begun
            shutil.rmtree(root)
        else:
            time.sleep(chance.uniform(0, whole))
            child.send_signal(signal.SIGKILL)
            child.communicate()
    assert unbundle(tar, tmp_path, NO_LAYERS).generation == 1
    assert status(load(tmp_path))[0].state == "ready"
    assert not layout.staging.exists()
    assert sorted(path.name for path in layout.root.iterdir()) == [".envmgr", "envmgr.toml", "locks"]


def project_of(root, text):
    (root / "envmgr.toml").write_text(f'[project]\npython = "{PYTHON}"\n{text}')
    return load(root)


def test_distributions_without_a_wheel_are_all_named(tmp_path):
    project = project_of(tmp_path, '[library.docopt]\nversion = "==0.6.2"\nwith = ["crcmod==1.7"]\n')
    lock(project)
    with pytest.raises(EnvmgrError) as caught:
        bundle(project, "docopt", NO_LAYERS, output=tmp_path / "x.tar")
    assert (caught.value.code, caught.value.details["without"]) == ("E-BUILD", ["crcmod 1.7", "docopt 0.6.2"])
    assert not (tmp_path / "x.tar").exists()


def test_a_lock_that_does_not_fit(made, tmp_path):
    project = project_of(
        tmp_path, '[library.six]\n[library.math]\nstdlib = true\n[environment.math]\nadopt = "/usr"\n'
    )
    with pytest.raises(EnvmgrError) as caught:
        bundle(project, "six", NO_LAYERS)
    assert (caught.value.code, "there is no lock yet" in caught.value.message) == ("E-STALE-LOCK", True)
    with pytest.raises(EnvmgrError) as caught:
        bundle(project, "math", NO_LAYERS)
    assert caught.value.code == "E-ADOPT"
    with pytest.raises(EnvmgrError) as caught:
        bundle(load(made[0]), "texts", NO_LAYERS, output=tmp_path / "none" / "x.tar")
    assert caught.value.code == "E-DISK"


@pytest.fixture
def private(tar, tmp_path):
    """The address of an index that asks for a password, with the bundle's own wheels."""
    held = tmp_path / "index"
    with tarfile.open(tar) as archive:
        names = [name for name in archive.getnames() if name.endswith(".whl")]
        for name in names:
            file = Path(name).name
            page = held / "simple" / file.split("-")[0]
            page.mkdir(parents=True)
            (page / file).write_bytes(archive.extractfile(name).read())
            (page / "index.html").write_text(f'<a href="{file}">{file}</a>')

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            if self.headers.get("Authorization") == "Basic bWU6czNjcmV0":
                super().do_GET()
            else:
                self.send_error(401)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Handler(*a, directory=str(held)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}/simple"
    server.shutdown()
    server.server_close()


@pytest.fixture
def customer(private, tmp_path, monkeypatch):
    """A locked project whose index is the private one, and nothing in uv's cache."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://me:s3cret@{private}")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "root").mkdir()
    project = project_of(tmp_path / "root", "[library.six]\n")
    lock(project)
    return project


def test_credentials_are_used_and_kept_nowhere(customer, tmp_path, monkeypatch):
    path = tmp_path / "x.tar"
    bundle(customer, "six", NO_LAYERS, output=path)
    assert b"s3cret" not in path.read_bytes()
    path.unlink()
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    with pytest.raises(EnvmgrError) as caught:
        bundle(customer, "six", NO_LAYERS, output=path)
    assert (caught.value.code, "401" in caught.value.message) == ("E-NETWORK", True)
    assert not path.exists()
    assert not Layout(customer.root).staging.exists()


def test_credentials_in_the_configuration(customer, tmp_path):
    text = '[library.six]\ninit = "# https://me:s3cret@example.org/"\n'
    with pytest.raises(EnvmgrError) as caught:
        bundle(project_of(customer.root, text), "six", NO_LAYERS, output=tmp_path / "x.tar")
    assert caught.value.code == "E-CONFIG"
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(("there", "code"), [("win_amd64", "E-BUILD"), (None, "E-LOCK")])
def test_an_index_without_what_the_worker_needs(customer, tmp_path, there, code):
    (wheel,) = (tmp_path / "index" / "simple" / "msgpack").glob("*.whl")
    if there is None:
        shutil.rmtree(wheel.parent)
    else:
        elsewhere = wheel.rename(wheel.with_name(f"{wheel.stem.rpartition('-')[0]}-{there}.whl"))
        elsewhere.with_name("index.html").write_text(f'<a href="{elsewhere.name}">x</a>')
    with pytest.raises(EnvmgrError) as caught:
        bundle(customer, "six", NO_LAYERS, output=tmp_path / "x.tar")
    assert (caught.value.code, "the worker's own msgpack" in caught.value.message) == (code, True)


def test_on_the_command_line(made, tar, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["unbundle", str(tar), "-q"]) == 0
    words = capsys.readouterr().out.splitlines()
    assert words[0].split()[:4] == ["texts", "built", "generation", "1"]
    assert words[1:] == ["wrote envmgr.toml"]
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert run(["bundle", "six", "-q"]) == 0
    size, digest = capsys.readouterr().out.splitlines()
    target = bundles.manifest(tar).target
    assert size.startswith(f"my-shop-1-texts-{target.abi}.tar: ")
    assert size.endswith(f" MiB, 2 packages for {target}")
    assert (
        digest
        == f"sha256 {hashlib.sha256(next((tmp_path / 'inner').glob('*.tar')).read_bytes()).hexdigest()}"
    )
    (tmp_path / "envmgr.toml").write_text(CONFIG + 'security.network = "none"\n')
    assert run(["unbundle", str(tar)]) == 0
    assert "security.network is accepted, but NOT enforced" in capsys.readouterr().err
    assert run(["unbundle", str(tar), "--project", str(tmp_path / "envmgr.toml" / "x")]) == 4
    assert "envmgr.toml" in capsys.readouterr().err
    assert run(["unbundle", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {tmp_path} is no bundle: it is a directory")
