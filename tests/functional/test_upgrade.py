"""Upgrades with proof: what they change, and what they leave when anything fails."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import zipfile

import indexes
import pytest
import scenes

from envmgr.cli import run
from envmgr.environments.layout import Layout, site_packages
from envmgr.environments.stages import VARIABLE

CONFIG = """\
# what we use
[library.alpha]
version = ">=1,<2"  # two breaks us
health.calls = [{ call = "alpha.old" }]

[environment.alpha]
constraints = ["beta<2"]
link-mode = "copy"
"""
GOOD = "def old(): return 1\n"
NATIVE = f"alpha_native{sysconfig.get_config_var('EXT_SUFFIX')}"


def lying(name, content, path, text):
    """The wheel with another file than its RECORD promises."""
    rewritten = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(rewritten, "w") as new:
        for member in old.infolist():
            new.writestr(member, text if member.filename == path else old.read(member))
    return name, rewritten.getvalue()


def wheels():
    return [
        indexes.wheel("alpha", "0.9", {"alpha.py": GOOD, NATIVE: "no machine code"}),
        indexes.wheel("alpha", "1.0", {"alpha.py": GOOD}, requires=["beta"]),
        indexes.wheel("alpha", "1.1", {"alpha.py": GOOD + "new = 1\n"}, requires=["beta", "gamma>=3"]),
        indexes.wheel("alpha", "1.2", {"alpha.py": "import nowhere_to_be_found\n"}, requires=["beta"]),
        lying(*indexes.wheel("alpha", "1.3", {"alpha.py": GOOD}), "alpha.py", GOOD + "# more\n"),
        indexes.wheel("alpha", "1.4", {"alpha.py": GOOD, NATIVE: "no machine code"}, requires=["beta"]),
        indexes.wheel("alpha", "1.5", {"alpha.py": GOOD}, requires=["beta>=2"]),
        indexes.wheel("alpha", "2.0", {"alpha.py": "def new(): return 2\n"}),
        indexes.wheel("alpha", "2.1", {"alpha.py": GOOD}),
        indexes.wheel("beta", "1.0", {"beta.py": ""}),
        indexes.wheel("beta", "1.1", {"beta.py": ""}),
        indexes.wheel("beta", "2.0", {"beta.py": ""}),
        indexes.wheel("gamma", "3.0", {"gamma.py": ""}),
    ]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A project whose environment has alpha 1.0 and beta 1.0 though later ones are allowed, and a copy of it.

    Builds are not lent, since files are copied; the runtime layer is.
    """
    root = tmp_path_factory.mktemp("upgrade")
    with scenes.making(root, *wheels()) as (app, _):
        (app / "envmgr.toml").write_text(CONFIG.replace("beta<2", "beta<1.1").replace(">=1,<2", "==1.0"))
        assert run(["lock", "-q", "--project", str(app)]) == 0
        (app / "envmgr.toml").write_text(CONFIG)
        assert run(["sync", "-q", "--project", str(app)]) == 0
        scenes.save(app)
        yield app


@pytest.fixture
def app(prepared, monkeypatch):
    return scenes.put_back(prepared, monkeypatch)


@pytest.fixture
def envmgr(app, capsys):
    return scenes.answering(capsys)


def world(root):
    """All that an upgrade may change, to the byte."""
    layout = Layout(root)
    return {
        "lock": layout.lock("alpha").read_bytes(),
        "config": (root / "envmgr.toml").read_bytes(),
        "launch": layout.launch("alpha").read_bytes(),
        "current": layout.current("alpha").readlink(),
    }


def changes(outcome, key="packages"):
    return {row["name"]: (row["change"], row["before"], row["after"]) for row in outcome[key]}


def test_a_plan_tells_everything_and_writes_nothing(envmgr, app):
    before = {path: path.read_bytes() for path in app.rglob("*") if path.is_file()}
    status, plan = envmgr("plan", "alpha==1.1")
    assert status == 0
    assert changes(plan, "changes") == {
        "alpha": ("upgraded", "1.0", "1.1"),
        "gamma": ("added", None, "3.0"),
    }
    alpha, gamma = plan["changes"]
    assert (alpha["asked_by"], gamma["asked_by"]) == (["library alpha"], ["alpha 1.1"])
    assert min(alpha["installed"], alpha["download"]) > 500
    assert (plan["stays"], plan["config"], plan["generation"]) == (
        [{"name": "beta", "version": "1.0"}],
        None,
        1,
    )
    status, plan = envmgr("plan", "alpha>=2.1")
    assert changes(plan, "changes") == {
        "alpha": ("upgraded", "1.0", "2.1"),
        "beta": ("removed", "1.0", None),
    }
    assert plan["changes"][1]["asked_by"] == ["alpha 1.0"]
    assert plan["config"] == {
        "file": str(app / "envmgr.toml"),
        "line": 3,
        "before": 'version = ">=1,<2"  # two breaks us',
        "after": 'version = ">=2.1"  # two breaks us',
    }
    after = {path: path.read_bytes() for path in app.rglob("*") if path.is_file()}
    same = {path for path in before if "state.db" not in path.name}
    assert {path: after[path] for path in same} == {path: before[path] for path in same}
    status, newest = envmgr("plan", "alpha")
    assert (status, newest["version"], newest["stays"]) == (0, "1.4", [{"name": "beta", "version": "1.0"}])
    status, error = envmgr("plan", "alpha==1.5")
    assert (status, error["code"]) == (3, "E-CONFLICT")
    assert "environment alpha is constrained to beta<2" in error["message"]


def test_an_upgrade_moves_one_library_and_keeps_the_rest(envmgr, app):
    before = world(app)
    status, done = envmgr("upgrade", "alpha==1.1")
    assert (status, done["action"], done["from_generation"], done["generation"]) == (0, "upgraded", 1, 2)
    assert changes(done) == {"alpha": ("upgraded", "1.0", "1.1"), "gamma": ("added", None, "3.0")}
    assert world(app)["config"] == before["config"]
    assert envmgr("status")[1][0]["state"] == "ready"
    assert envmgr("sync")[1][0]["action"] == "unchanged"
    newest = envmgr("history", "alpha")[1][0]
    assert (newest["action"], newest["outcome"], newest["generation"]) == ("upgrade", "active", 2)
    assert newest["reason"] == "alpha==1.1: alpha 1.0 -> 1.1, 1 more"
    status, again = envmgr("upgrade", "alpha==1.1")
    assert (status, again["action"], again["generation"]) == (0, "unchanged", 2)
    assert envmgr("history", "alpha")[1][0]["outcome"] == "unchanged"
    assert [row["active"] for row in envmgr("history", "alpha")[1]] == [False, True, False]


def test_a_version_that_the_configuration_excludes_is_written_into_it(envmgr, app):
    status, done = envmgr("upgrade", "alpha==2.1")
    assert (status, done["config"]["after"]) == (0, 'version = "==2.1"  # two breaks us')
    assert (app / "envmgr.toml").read_text() == CONFIG.replace(">=1,<2", "==2.1")
    assert envmgr("status")[1][0]["state"] == "ready"
    assert envmgr("sync", "--frozen")[1][0]["action"] == "unchanged"
    assert envmgr("lock")[1][0]["changed"] is False


def test_a_range_changes_the_configuration_only_when_it_must(envmgr, app):
    status, plan = envmgr("plan", "alpha>=1.1,!=1.2,!=1.3,!=1.4")
    assert (status, plan["version"], plan["config"]) == (0, "1.1", None)
    status, plan = envmgr("plan", "alpha>=1.6")
    assert (status, plan["version"], plan["config"]["after"]) == (
        0,
        "2.1",
        'version = ">=1.6"  # two breaks us',
    )
    status, error = envmgr("plan", "alpha>=1.6", "--set", 'library.alpha.version="<1.9"')
    assert (status, error["code"]) == (2, "E-USAGE")
    assert "alpha<1.9, and that does not come from envmgr.toml alone" in error["message"]


@pytest.mark.parametrize(
    ("wish", "code", "evidence"),
    [
        ("alpha==1.2", "E-PROOF", "No module named 'nowhere_to_be_found'"),
        ("alpha==1.3", "E-TAMPERED", "alpha: alpha.py differs"),
        ("alpha==1.4", "E-PROOF", f"{NATIVE}: cannot be loaded"),
        ("alpha==1.5", "E-CONFLICT", "constrained to beta<2"),
        ("alpha==2.0", "E-PROOF", "health call alpha.old"),
        ("alpha==9.9", "E-LOCK", "no version of alpha"),
    ],
)
def test_whatever_fails_leaves_what_was(envmgr, app, wish, code, evidence):
    before, store = world(app), {path.name for path in Layout(app).store.iterdir()}
    status, error = envmgr("upgrade", wish)
    assert (status, error["code"]) == (5, "E-UNDONE")
    cause = error["details"]["cause"]
    assert (cause["code"], error["details"]["serving"]) == (code, 1)
    assert evidence in error["message"]
    assert "generation 1 of environment alpha serves on" in error["message"]
    assert world(app) == before
    assert {path.name for path in Layout(app).store.iterdir()} == store
    assert not Layout(app).staging.exists()
    assert not Layout(app).undo.exists()
    assert envmgr("status")[1][0]["state"] == "ready"
    newest, built = envmgr("history", "alpha")[1]
    assert (newest["action"], newest["outcome"], newest["active"]) == ("upgrade", "failed", False)
    assert newest["reason"].startswith(f"{wish}: ")
    assert built["active"]
    assert envmgr("upgrade", "alpha==1.1")[1]["generation"] == 2


def test_the_traceback_of_an_import_is_the_evidence(envmgr, capsys):
    assert run(["upgrade", "alpha==1.2", "-q"]) == 5
    told = capsys.readouterr().err
    assert '    File "lib/python' in told
    assert "    import nowhere_to_be_found\n" in told
    assert "<frozen importlib" not in told
    _, error = envmgr("upgrade", "alpha==1.2")
    assert "nowhere_to_be_found" in error["details"]["cause"]["details"]["python"]["traceback"]


def test_after_a_rollback_an_upgrade_starts_from_what_is_active(envmgr, app):
    assert envmgr("upgrade", "alpha==1.1")[0] == 0
    assert envmgr("rollback", "alpha")[0] == 0
    state = envmgr("status")[1][0]
    assert state["state"] == "not-built"
    assert "newer than generation 1" in state["detail"]
    spoiled = (
        site_packages(Layout(app).entry(f"alpha-{envmgr('history', 'alpha')[1][1]['key']}")) / "gamma.py"
    )
    content = spoiled.read_bytes()
    spoiled.unlink()
    spoiled.write_bytes(content + b"# spoiled\n")
    status, error = envmgr("upgrade", "alpha==1.1")
    assert (status, error["details"]["cause"]["code"]) == (5, "E-TAMPERED")
    assert "gamma: lib/" in error["message"]
    status, done = envmgr("upgrade", "alpha==1.1")
    assert (status, changes(done)) == (
        0,
        {"alpha": ("upgraded", "1.0", "1.1"), "gamma": ("added", None, "3.0")},
    )
    assert envmgr("health", "--deep")[0] == 0


def test_what_does_not_load_in_the_active_generation_either_holds_nothing_up(envmgr):
    assert envmgr("lock", "--upgrade")[0] == 0
    assert envmgr("sync")[0] == 0
    assert envmgr("plan", "alpha==1.1")[1]["changes"][0]["before"] == "1.4"
    assert envmgr("health", "--deep")[0] == 1
    assert envmgr("upgrade", "alpha==0.9")[0] == 0


def test_before_anything_is_begun(envmgr, app):
    for words, code, status in (
        (["alpa"], "E-UNKNOWN-LIBRARY", 2),
        (["alpha 1.1"], "E-USAGE", 2),
        (["alpha==2.1", "--set", 'library.alpha.version="<1.9"'], "E-USAGE", 2),
        (["alpha==1.1"], "E-NOT-INSTALLED", 1),
    ):
        if status == 1:
            assert len(envmgr("history", "alpha")[1]) == 1
            shutil.rmtree(app / ".envmgr")
        found, error = envmgr("upgrade", *words)
        assert (found, error["code"]) == (status, code)
    assert not (app / ".envmgr" / "envs").exists()
    assert changes(envmgr("plan", "alpha==1.1")[1], "changes")["alpha"] == ("upgraded", "1.0", "1.1")


def test_what_somebody_else_changes_meanwhile_stays(envmgr, app):
    from envmgr.config import load
    from envmgr.errors import EnvmgrError
    from envmgr.operations.upgrading import upgrade

    before = world(app)

    def meddle(environment, stage):
        if stage == "activate":
            (app / "envmgr.toml").write_text(CONFIG + "# mine\n")

    with pytest.raises(EnvmgrError) as caught:
        upgrade(load(app), "alpha==2.1", report=meddle)
    assert (caught.value.code, caught.value.details["cause"]["code"]) == ("E-UNDONE", "E-BUSY")
    assert world(app) == {**before, "config": (CONFIG + "# mine\n").encode()}


def started(*arguments, fault):
    command = [sys.executable, "-m", "envmgr", *arguments, "-q", "--format", "json"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, VARIABLE: fault}
    )


def halted(*arguments, stage):
    child = started(*arguments, fault=f"stop:{stage}")
    while os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is None:
        time.sleep(0.02)
    return child


def test_what_is_active_must_be_what_was_proved(envmgr, app):
    before = world(app)
    child = halted("upgrade", "alpha==2.1", stage="activation-settled")
    Layout(app).launch("alpha").write_bytes(b"somebody else's")
    child.send_signal(signal.SIGCONT)
    error = json.loads(child.communicate(timeout=60)[0])["error"]
    assert (child.returncode, error["details"]["cause"]["code"]) == (5, "E-DISK")
    assert "is not generation 2, which was just written there" in error["message"]
    assert world(app) == before
    assert envmgr("history", "alpha")[1][1]["active"]


def test_a_lock_that_was_not_there_is_not_there_after_a_failure(envmgr, app):
    lock = Layout(app).lock("alpha")
    lock.unlink()
    child = started("upgrade", "alpha==1.1", fault="enospc:current-swapped")
    child.communicate(timeout=60)
    assert (child.returncode, lock.exists()) == (5, False)
    assert envmgr("upgrade", "alpha==1.1")[1]["generation"] == 3
    assert lock.exists()
    assert envmgr("status")[1][0]["state"] == "ready"


def test_an_interruption_undoes(envmgr, app):
    before = world(app)
    child = halted("upgrade", "alpha==2.1", stage="build-proved")
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGCONT)
    error = json.loads(child.communicate(timeout=60)[0])["error"]
    assert (child.returncode, error["code"]) == (5, "E-UNDONE")
    assert "was undone: interrupted" in error["message"]
    assert world(app) == before
    assert envmgr("history", "alpha")[1][0]["reason"] == "alpha==2.1: interrupted"


@pytest.mark.parametrize("stage", ["build-installed", "undoable-written:2", "current-swapped"])
def test_a_full_disk_undoes(envmgr, app, stage):
    before = world(app)
    child = started("upgrade", "alpha==2.1", fault=f"enospc:{stage}")
    error = json.loads(child.communicate(timeout=60)[0])["error"]
    assert (child.returncode, error["code"], error["details"]["cause"]["code"]) == (5, "E-UNDONE", "E-DISK")
    assert world(app) == before
    assert not Layout(app).undo.exists()
    assert envmgr("status")[1][0]["state"] == "ready"
    assert envmgr("upgrade", "alpha==2.1")[0] == 0


OLD = ["attempt-noted", "entry-placed", "undoable-written", "undoable-written:2"]
NEW = ["activation-begun", "current-swapped", "activation-settled"]


@pytest.mark.parametrize("stage", [*OLD, *NEW])
def test_a_kill_ends_in_the_old_state_or_the_new_one(envmgr, app, stage):
    before = world(app)
    child = started("upgrade", "alpha==2.1", fault=f"kill:{stage}")
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert envmgr("gc")[0] == 0
    newest = envmgr("history", "alpha")[1][0]
    if stage in OLD:
        assert world(app) == before
        assert (newest["outcome"], newest["generation"]) == ("failed", 1)
        assert newest["reason"] == "alpha==2.1: its process ended"
    else:
        assert (app / "envmgr.toml").read_text() == CONFIG.replace(">=1,<2", "==2.1")
        assert (newest["outcome"], newest["generation"]) == ("active", 2)
    assert envmgr("status")[1][0]["state"] == "ready"
    assert not Layout(app).undo.exists()
    assert not list(app.glob(".envmgr.toml.*"))
    assert envmgr("health", "--deep")[0] == 0


def test_a_real_upgrade_as_an_operator_sees_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("UV_DEFAULT_INDEX", "UV_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "envmgr.toml").write_text('[library.six]\nversion = "==1.16.0"\n')
    assert run(["sync", "-q"]) == 0
    capsys.readouterr()
    assert run(["plan", "six==1.17.0", "-q"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("six in environment six: generation 1, Python 3.")
    assert told[1].startswith("six  upgraded  1.16.0 -> 1.17.0  ")
    assert "needs Python >=2.7" in told[1]
    assert told[2:] == [
        "at most 10.8 KiB to download",
        'envmgr.toml:2: version = "==1.16.0"  ->  version = "==1.17.0"',
        "its API does not change",
        "not known: what the application calls (`mix envmgr.calls` reads it from compiled code, and VMs write"
        " statistics while they run)",
        "nothing was changed; `envmgr upgrade six==1.17.0` does it, with proof",
    ]
    assert run(["upgrade", "six==1.17.0", "-q"]) == 0
    head, *rest = capsys.readouterr().out.splitlines()
    assert head.startswith("six: generation 1 -> 2 in ")
    assert rest == [
        "six  upgraded  1.16.0 -> 1.17.0",
        'envmgr.toml:2: version = "==1.16.0"  ->  version = "==1.17.0"',
        "not known: what the application calls (`mix envmgr.calls` reads it from compiled code, and VMs write"
        " statistics while they run)",
        "`envmgr rollback six` goes back",
    ]
    assert run(["upgrade", "six", "-q"]) == 0
    assert capsys.readouterr().out == (
        "nothing to do: six 1.17.0 is the newest that envmgr.toml allows (six==1.17.0)\n"
    )
