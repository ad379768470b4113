import shutil
from pathlib import Path

import msgpack
import pytest
from projects import imported, library, project

from envmgr.environments.contents import Contents, take
from envmgr.environments.layout import Layout, site_packages
from envmgr.errors import EnvmgrError
from envmgr.model.project import HealthCall
from envmgr.operations.history import history
from envmgr.operations.launching import launch
from envmgr.operations.locking import lock
from envmgr.operations.rollback import rollback
from envmgr.operations.status import status
from envmgr.operations.syncing import sync
from envmgr.tools import process, uv


def actions(outcomes):
    return {outcome.environment: outcome.action for outcome in outcomes}


def states(found):
    return {environment.environment: environment.state for environment in status(found)}


def fails(code, *args, **options):
    with pytest.raises(EnvmgrError) as caught:
        sync(*args, **options)
    assert caught.value.code == code, caught.value.message
    return caught.value


def manifest_of(root, environment):
    manifest = launch(root, environment)
    entry = Layout(root).manifest(f"{environment}-{manifest['key']}")
    return manifest, Contents.from_bytes(entry.read_bytes())


def test_from_nothing_to_an_active_generation_and_no_work_the_second_time(tmp_path, monkeypatch):
    stages = []
    found = project(tmp_path, library("six"), library("attrs"), library("math", None))
    assert states(found) == {"six": "not-locked", "attrs": "not-locked", "math": "not-locked"}
    built = sync(found, report=lambda environment, stage: stages.append((environment, stage)))
    assert actions(built) == {"six": "built", "attrs": "built", "math": "built"}
    assert [stage for name, stage in stages if name == "six"] == [
        "resolve", "install", "verify", "prove", "store", "activate",
    ]  # fmt: skip
    assert states(found) == {"six": "ready", "attrs": "ready", "math": "ready"}
    assert imported(launch(tmp_path, "six"), "import six; print(six.PY3)") == "True"
    assert launch(tmp_path, "attrs")["libraries"]["attrs"]["module"] == "attrs"
    assert not Layout(tmp_path).staging.exists()

    monkeypatch.setattr(process, "run", lambda *a, **k: pytest.fail("a process was started"))
    again = sync(found)
    assert actions(again) == {"six": "unchanged", "attrs": "unchanged", "math": "unchanged"}
    assert [outcome.generation for outcome in again] == [1, 1, 1]


def test_our_manifest_holds_every_byte_and_calls_add_none(tmp_path):
    sync(project(tmp_path, library("idna")))
    manifest, noted = manifest_of(tmp_path, "idna")
    assert imported(manifest, "import idna.codec; print(idna.encode('ä.de').decode())") == "xn--4ca.de"
    store = Layout(tmp_path).entry(f"idna-{manifest['key']}")
    assert take(store, {}) == noted
    assert any(path.endswith(".pyc") for path in noted.files)


def test_settings_alone_make_a_new_generation_of_the_same_entry(tmp_path, monkeypatch):
    first = sync(project(tmp_path, library("six")))[0]
    before = manifest_of(tmp_path, "six")[1]
    for options in ({"timeout_ms": 7}, {"workers": 5}, {"init": "import json"}, {"module": "six.moves"}):
        (changed,) = sync(project(tmp_path, library("six", **options)))
        assert (changed.action, changed.key) == ("activated", first.key)
    assert changed.generation == 5
    store = Layout(tmp_path).entry(f"six-{first.key}")
    assert take(store, {}) == before
    assert sorted(found.name for found in Layout(tmp_path).catalog(store.name).glob("*.catalog")) == [
        "six.catalog", "six.moves.catalog",
    ]  # fmt: skip


def test_a_second_proof_of_an_entry_writes_no_byte_into_it(tmp_path):
    (first,) = sync(project(tmp_path, library("six", extra_requirements=("idna",))))
    before = manifest_of(tmp_path, "six")[1]
    (second,) = sync(project(tmp_path, library("six", extra_requirements=("idna",), init="import idna")))
    assert (second.action, second.key) == ("activated", first.key)
    assert take(Layout(tmp_path).entry(f"six-{first.key}"), {}) == before


def test_a_failing_init_or_health_call_leaves_what_is_active(tmp_path):
    sync(project(tmp_path, library("six")))
    for options in ({"init": "1 / 0"}, {"health_calls": (HealthCall("six.ensure_str", (3,)),)}):
        fails("E-PROOF", project(tmp_path, library("six", **options)))
        assert launch(tmp_path, "six")["generation"] == 1
    (healthy,) = sync(project(tmp_path, library("six", health_calls=(HealthCall("six.ensure_str", ("a",)),))))
    assert healthy.action == "unchanged"


def test_two_versions_of_one_package_and_a_rollback(tmp_path):
    libraries = (library("old", "idna<3"), library("new", "idna>=3"))
    sync(project(tmp_path, *libraries))
    old, new = (
        imported(launch(tmp_path, name), "import idna; print(idna.__version__)") for name in ("old", "new")
    )
    assert old.startswith("2.")
    assert not new.startswith("2.")
    sync(project(tmp_path, libraries[0], library("new", "idna==3.4")))
    undone = rollback(tmp_path, "new")
    assert (undone.from_generation, undone.to_generation) == (2, 1)
    assert imported(launch(tmp_path, "new"), "import idna; print(idna.__version__)") == new
    assert [line.action for line in history(tmp_path, "new")] == ["rollback", "built", "built"]
    assert rollback(tmp_path, "new", to=2).to_generation == 2
    with pytest.raises(EnvmgrError, match="no generation before 1") as caught:
        rollback(tmp_path, "old")
    assert caught.value.code == "E-UNKNOWN-GENERATION"
    with pytest.raises(EnvmgrError, match="no generation 9"):
        rollback(tmp_path, "old", to=9)
    with pytest.raises(EnvmgrError) as caught:
        rollback(tmp_path, "olt")
    assert (caught.value.code, caught.value.hint) == ("E-UNKNOWN-ENVIRONMENT", 'did you mean "old"?')


def test_a_rollback_to_an_entry_that_is_gone_is_refused(tmp_path):
    first = sync(project(tmp_path, library("idna", "idna==3.4")))[0]
    sync(project(tmp_path, library("idna", "idna==3.6")))
    shutil.rmtree(Layout(tmp_path).entry(f"idna-{first.key}"))
    with pytest.raises(EnvmgrError) as caught:
        rollback(tmp_path, "idna")
    assert caught.value.code == "E-NOT-INSTALLED"
    assert launch(tmp_path, "idna")["generation"] == 2


def test_an_environment_that_is_configured_no_more_goes_away(tmp_path):
    sync(project(tmp_path, library("six"), library("idna")))
    left = project(tmp_path, library("six"))
    assert actions(sync(left, ["six"])) == {"six": "unchanged"}
    assert launch(tmp_path, "idna")["generation"] == 1
    assert actions(sync(left)) == {"six": "unchanged", "idna": "removed"}
    with pytest.raises(EnvmgrError, match='no active environment called "idna"'):
        launch(tmp_path, "idna")
    assert actions(sync(project(tmp_path, library("six"), library("idna"))))["idna"] == "activated"


def test_frozen_takes_no_stale_lock_and_offline_resolves_nothing(tmp_path):
    lock(project(tmp_path, library("six")))
    changed = project(tmp_path, library("six", "six>=1.10"))
    assert states(changed) == {"six": "stale-lock"}
    problem = fails("E-STALE-LOCK", changed, frozen=True)
    assert "no longer asks six; now asks six>=1.10" in problem.message
    fails("E-OFFLINE", changed, offline=True)
    fails("E-STALE-LOCK", project(tmp_path, library("idna")), frozen=True)
    assert states(project(tmp_path, library("six"))) == {"six": "not-built"}
    assert actions(sync(project(tmp_path, library("six")), frozen=True)) == {"six": "built"}


def test_offline_builds_what_is_cached_and_says_so_otherwise(tmp_path, monkeypatch):
    first, second = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    sync(project(first, library("six")))
    shutil.copytree(first / "locks", second / "locks")
    found = project(second, library("six"))
    with monkeypatch.context() as away:
        away.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
        assert "msgpack" in fails("E-OFFLINE", found, offline=True).message
        shutil.rmtree(Layout(first).store)
        assert "six" in fails("E-OFFLINE", project(first, library("six")), offline=True).message
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert actions(sync(found, offline=True)) == {"six": "built"}


def test_without_a_network_it_says_so_soon(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    problem = fails("E-NETWORK", project(tmp_path, library("six")))
    assert "environment six: the package index cannot be reached" in problem.message
    assert "Connection refused" in problem.details["uv"]


def test_every_failure_is_told_and_the_rest_is_done(tmp_path):
    found = project(
        tmp_path,
        library("six"),
        library("a", "six<1.10", "data"),
        library("b", "six>=1.10", "data"),
        library("nosuch", "envmgr-has-no-such-distribution"),
    )
    problem = fails("E-LOCK", found)
    assert problem.details["succeeded"] == ["six"]
    assert {row["environment"]: row["code"] for row in problem.details["errors"]} == {
        "data": "E-CONFLICT",
        "nosuch": "E-LOCK",
    }
    assert "library a asks six<1.10\n  library b asks six>=1.10" in problem.message
    assert launch(tmp_path, "six")["generation"] == 1
    alone = fails("E-CONFLICT", found, ["data"])
    assert alone.exit_status == 3


def test_a_lock_whose_hash_is_wrong_installs_nothing(tmp_path):
    found = project(tmp_path, library("six"))
    lock(found)
    path = Layout(tmp_path).lock("six")
    text = path.read_text()
    wheel = text.index("sha256", text.index("wheels"))
    path.write_text(text[:wheel] + text[wheel:].replace('sha256 = "4', 'sha256 = "5', 1))
    assert "Hash mismatch" in fails("E-TAMPERED", found).details["uv"]
    assert not list(Layout(tmp_path).store.glob("*")) if Layout(tmp_path).store.exists() else True


def test_a_poisoned_cache_is_found_when_building(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    first, second = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    second.mkdir()
    sync(project(first, library("six")))
    six = site_packages(Layout(first).current("six").resolve()) / "six.py"
    six.write_text(six.read_text() + "\n# poison\n")
    problem = fails("E-TAMPERED", project(second, library("six")))
    assert "six: six.py differs" in problem.message
    assert not Layout(second).current("six").exists()


def test_what_the_disk_lost_is_rebuilt(tmp_path):
    found = project(tmp_path, library("six"))
    (first,) = sync(found)
    shutil.rmtree(Layout(tmp_path).entry(f"six-{first.key}") / "bin")
    assert states(found) == {"six": "broken"}
    (again,) = sync(found)
    assert (again.action, again.generation, again.key) == ("built", 1, first.key)
    Layout(tmp_path).launch("six").unlink()
    assert states(found) == {"six": "broken"}
    assert actions(sync(found)) == {"six": "activated"}
    shutil.rmtree(Layout(tmp_path).layers)
    assert states(found) == {"six": "not-built"}
    assert actions(sync(found)) == {"six": "unchanged"}
    assert states(found) == {"six": "ready"}


def test_a_missing_interpreter(tmp_path):
    problem = fails("E-INTERPRETER", project(tmp_path, library("six"), python="3.99"))
    assert "no Python 3.99" in problem.message
    assert problem.exit_status == 2
    assert states(project(tmp_path, library("six"), python="3.99")) == {"six": "broken"}


def test_a_missing_uv(tmp_path, monkeypatch):
    uv._executable.cache_clear()
    monkeypatch.setenv("ENVMGR_UV", "/nowhere/uv")
    try:
        assert fails("E-UV", project(tmp_path, library("six"))).exit_status == 4
    finally:
        uv._executable.cache_clear()
    assert not Layout(tmp_path).current("six").exists()


@pytest.mark.parametrize("obstacle", [".envmgr", ".envmgr/store", "locks", ".envmgr/envs"])
def test_a_directory_that_cannot_be_written(tmp_path, obstacle):
    (tmp_path / obstacle).parent.mkdir(exist_ok=True)
    (tmp_path / obstacle).write_text("in the way")
    problem = fails("E-DISK", project(tmp_path, library("six")))
    assert obstacle.split("/")[-1] in problem.message
    (tmp_path / obstacle).unlink()
    assert actions(sync(project(tmp_path, library("six")))).keys() == {"six"}
    assert launch(tmp_path, "six")["generation"] >= 1


def test_an_environment_may_pin_the_runtimes_own_dependency(tmp_path):
    sync(project(tmp_path, library("msgpack", "msgpack==1.0.8")))
    manifest = launch(tmp_path, "msgpack")
    assert manifest["libraries"]["msgpack"]["version"] == "1.0.8"
    layer = Path(manifest["command"][3]).parent
    assert (layer / "envmgr_runtime/_vendor/msgpack").is_dir()
    assert str(layer) not in imported(manifest, "import sys; print(sys.path)")


def test_numpy_through_its_own_oldest_interpreter(tmp_path):
    sync(project(tmp_path, library("numpy"), python="3.10"))
    manifest = launch(tmp_path, "numpy")
    assert manifest["python"]["version"].startswith("3.10.")
    assert imported(manifest, "import numpy; print(numpy.mean([1, 3]))") == "2.0"


def test_unknown_names_and_histories(tmp_path):
    found = project(tmp_path, library("six"))
    with pytest.raises(EnvmgrError, match='no library or environment called "sixx"') as caught:
        sync(found, ["sixx"])
    assert (caught.value.code, caught.value.hint) == ("E-UNKNOWN-LIBRARY", 'did you mean "six"?')
    for asked in (history, launch, rollback):
        with pytest.raises(EnvmgrError) as caught:
            asked(tmp_path, "six")
        assert caught.value.code == "E-UNKNOWN-ENVIRONMENT"
    assert not Layout(tmp_path).home.exists()


def test_a_library_that_moves_is_always_somewhere(tmp_path):
    def serving(layout):
        return {
            name
            for path in layout.environments.glob("*/launch.msgpack")
            for name in msgpack.unpackb(path.read_bytes())["libraries"]
        }

    both = [library("six", environment="one"), library("idna", environment="one")]
    sync(project(tmp_path, *both, library("attrs", environment="two")))
    seen = []
    moved = project(tmp_path, both[1], library("attrs", environment="two"), library("six", environment="two"))
    sync(
        moved, report=lambda environment, stage: seen.append((environment, stage, serving(Layout(tmp_path))))
    )
    assert [environment for environment, stage, _ in seen if stage == "activate"] == ["two", "one"]
    assert all({"six", "idna", "attrs"} == names for *_, names in seen)
