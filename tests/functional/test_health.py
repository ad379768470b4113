"""Health of real environments: what was spoiled is found, named, and built afresh."""

import json
import random

import pytest
from indexes import wheel
from projects import library, project

from envmgr.cli import run
from envmgr.environments.layout import Layout, site_packages
from envmgr.errors import EnvmgrError
from envmgr.model.project import HealthCall
from envmgr.operations.health import health
from envmgr.operations.rollback import rollback
from envmgr.operations.status import status
from envmgr.operations.syncing import sync


def place(root, name):
    return site_packages(Layout(root).current(name).resolve())


def rewrite(path, content):
    """In place of the old file: uv's cache, which shares its inode, stays as it is."""
    mode = path.stat().st_mode
    path.unlink()
    path.write_bytes(content)
    path.chmod(mode)


def flip(path, position):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    rewrite(path, content)


def found(project_, **options):
    return [
        (each.distribution, (each.file or "").rpartition("/")[2], each.problem)
        for environment in health(project_, **options)
        for each in environment.findings
    ]


def test_spoiled_files_are_named_and_a_fresh_build_takes_over(tmp_path):
    asked = project(tmp_path, library("six"), library("markupsafe"))
    sync(asked)
    assert found(asked, deep=True) == []
    home = place(tmp_path, "markupsafe")
    chance = random.Random(7)
    files = [path for path in home.rglob("*") if path.is_file() and path.stat().st_size]
    for path in chance.sample(files, 8):
        before = path.read_bytes()
        flip(path, chance.randrange(len(before)))
        assert found(asked) == []
        named = found(asked, deep=True)
        assert [row for row in named if row[2] == "changed"] == [("markupsafe", path.name, "changed")]
        rewrite(path, before)
    assert found(asked, deep=True) == []

    (native,) = home.glob("markupsafe/_speedups*.so")
    rewrite(native, native.read_bytes()[:4000])
    (home / "markupsafe/_native.py").unlink()
    (home / "planted.py").write_text("")
    assert set(found(asked)) == {
        ("markupsafe", native.name, "wrong size"),
        ("markupsafe", "_native.py", "missing"),
        (None, "planted.py", "added"),
    }
    assert ("markupsafe", native.name, "cannot be loaded") in found(asked, deep=True)

    well, ill = health(asked, deep=True, repair=True)
    assert (well.healthy, well.generation, well.repaired) == (True, 1, None)
    assert (ill.healthy, ill.generation) == (True, 2)
    assert {each.file.rpartition("/")[2] for each in ill.repaired.found if each.file} >= {
        native.name,
        "planted.py",
    }
    assert {each.state for each in status(asked)} == {"ready"}
    assert [each.action for each in sync(asked)] == ["unchanged", "unchanged"]
    with pytest.raises(EnvmgrError) as caught:
        rollback(tmp_path, "markupsafe")
    assert caught.value.code == "E-NOT-INSTALLED"


def test_what_stands_around_the_environment(tmp_path):
    asked = project(tmp_path, library("six"), library("idna"))
    with pytest.raises(EnvmgrError) as caught:
        health(asked)
    assert caught.value.code == "E-NOT-INSTALLED"
    sync(asked, ["six"])
    assert found(asked) == [(None, "", "not built")]
    layout = Layout(tmp_path)
    home = layout.current("six").resolve()
    (home / "lib64").unlink(missing_ok=True)
    (home / "lib64").symlink_to("elsewhere")
    layout.current("six").unlink()
    layout.launch("six").write_bytes(b"x")
    rows = found(asked, names=["six"])
    assert (None, "launch.msgpack", "changed") in rows
    assert (None, "current", "missing") in rows
    assert any(name == "lib64" for _, name, _ in rows)
    assert [each.healthy for each in health(asked, ["six"], repair=True)] == [True]
    layout.state.write_bytes(b"not a database" * 100)
    for also in ("-wal", "-shm"):
        layout.state.with_name(layout.state.name + also).unlink(missing_ok=True)
    with pytest.raises(EnvmgrError) as caught:
        health(asked)
    assert caught.value.code == "E-STATE"
    layout.state.unlink()
    with pytest.raises(EnvmgrError) as caught:
        health(asked)
    assert caught.value.code == "E-STATE"
    assert health(asked, ["six"], repair=True)[0].healthy
    assert found(asked, names=["six"], deep=True) == []


def test_a_poisoned_cache_is_repaired_with_it(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    asked = project(tmp_path, library("six"))
    sync(asked)
    six = place(tmp_path, "six") / "six.py"
    assert six.stat().st_nlink > 1
    content = six.read_bytes()
    six.write_bytes(content[:-1] + b" ")
    assert ("six", "six.py", "changed") in found(asked, deep=True)
    (repaired,) = health(asked, deep=True, repair=True)
    assert (repaired.healthy, repaired.generation) == (True, 2)
    assert (place(tmp_path, "six") / "six.py").read_bytes() == content


def test_a_failing_call_unmet_metadata_and_a_repair_that_cannot_be(tmp_path):
    asked = project(tmp_path, library("six"))
    sync(asked)
    metadata = next(place(tmp_path, "six").glob("six-*.dist-info")) / "METADATA"
    text = metadata.read_bytes()
    rewrite(metadata, text.replace(b"\n\n", b"\nRequires-Dist: idna>=3\n\n", 1))
    assert ("six", "", "unmet requirement") in found(asked, deep=True)
    rewrite(metadata, text)
    failing = project(tmp_path, library("six", health_calls=(HealthCall("six.ensure_str", (3,)),)))
    assert found(failing, deep=True) == [("six", "", "a health call failed")]
    with pytest.raises(EnvmgrError) as caught:
        health(failing, deep=True, repair=True)
    assert caught.value.code == "E-PROOF"
    assert found(asked, deep=True) == []
    assert {each.state for each in status(asked)} == {"ready"}


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "envmgr.toml").write_text("[library.six]\n")
    assert run(["sync", "-q"]) == 0
    capsys.readouterr()
    assert run(["health", "--deep", "-q"]) == 0
    assert capsys.readouterr().out.startswith("six  healthy  generation 1  ")
    (place(tmp_path, "six") / "six.py").unlink()
    assert run(["health", "-q"]) == 1
    told = capsys.readouterr().out
    assert "six: six 1." in told
    assert "six.py: missing" in told
    assert "-> run `envmgr health six --deep --repair`" in told
    assert run(["health", "-q", "--format", "json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["data"]
    assert (row["healthy"], row["findings"][0]["problem"]) == (False, "missing")
    assert run(["health", "--repair", "-q"]) == 0


def test_the_runtime_layer_and_the_catalogs_are_looked_at_and_built_afresh(tmp_path):
    asked = project(tmp_path, library("six"))
    sync(asked)
    layout = Layout(tmp_path)
    (layer,) = (path for path in layout.layers.iterdir() if path.is_dir())
    (catalog,) = layout.store.glob("six-*.catalog/six.catalog")
    flip(layer / "envmgr_runtime/wire/frames.py", 100)
    flip(catalog, 100)
    assert found(asked) == []
    assert found(asked, deep=True) == [(None, "frames.py", "changed"), (None, "six.catalog", "changed")]
    (repaired,) = health(asked, deep=True, repair=True)
    assert (repaired.healthy, repaired.generation) == (True, 2)
    assert found(asked, deep=True) == []
    (layer / "envmgr_runtime/wire/frames.py").unlink()
    layout.layer_manifest(layer).write_text("{")
    assert [problem for _, _, problem in found(asked)] == ["missing"]
    assert health(asked, repair=True)[0].healthy
    catalog.unlink()  # of the sick entry
    (layout.store / f"{layout.current('six').readlink().name}.catalog" / "six.catalog").unlink()
    assert found(asked) == [(None, "six.catalog", "missing")]


def test_an_entry_point_that_was_published_without_its_module_is_told_and_no_harm(tmp_path, monkeypatch):
    points = {"hollow-1.0.dist-info/entry_points.txt": "[console_scripts]\nhollow = hollow_cli:main\n"}
    name, content = wheel("hollow", "1.0", {"hollow.py": "x = 1\n", **points})
    (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    asked = project(tmp_path, library("hollow"))
    sync(asked)
    (looked,) = health(asked, deep=True)
    assert looked.healthy
    assert [(each.problem, each.severity) for each in looked.findings] == [("has no such module", "warning")]
    (place(tmp_path, "hollow") / "planted.py").write_text("")
    (looked,) = health(asked, deep=True)
    assert [each.severity for each in looked.findings] == ["error", "error"]
