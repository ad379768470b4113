"""The environment's modules are the environment's, whatever they are called."""

from __future__ import annotations

import pytest

from envmgr_runtime.worker.client import WorkerError

THEIRS = ["runtime", "msgpack", "wire", "values", "worker", "library", "execution", "start", "_vendor"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    directory = tmp_path_factory.mktemp("environment")
    for name in THEIRS:
        (directory / name).mkdir()
        (directory / name / "__init__.py").write_text("def who(): return __file__\n__version__ = 'theirs'\n")
    (directory / "msgpack" / "_cmsgpack.py").write_text("def who(): return __file__\n")
    return directory


@pytest.fixture
def client(start, probe, environment):
    first = {"environment": ["sys", f"import sys; sys.path.insert(0, {str(environment)!r})"]}
    return start({**first, **probe, **{name: [name, ""] for name in THEIRS}})


def test_modules_with_names_like_ours(client, environment):
    assert {client.facts["libraries"][name] for name in THEIRS} == {"theirs"}
    for name in THEIRS:
        assert client.call(f"{name}.who") == str(environment / name / "__init__.py")
    with pytest.raises(WorkerError, match="private"):
        client.call("msgpack._cmsgpack.who")


def test_ours_works_beside_theirs(client):
    assert client.call("copy.copy", [(1, {2: b"x"})]) == (1, {2: b"x"})


def test_nothing_of_our_msgpack_stands_under_its_own_name(start, probe):
    names = start(probe).call("probe.modules", ["msgpack"])
    assert [name for name in names if not name.startswith("envmgr_runtime._vendor.msgpack")] == []
    assert "envmgr_runtime._vendor.msgpack" in names


def test_the_environments_msgpack_beside_ours(start, probe):
    """The real one, from this interpreter's site-packages: as when the library needs it itself."""
    client = start(dict(probe, theirs=["msgpack", ""]))
    assert client.call("theirs.packb", [[1, "a"]]) == b"\x92\x01\xa1a"
    assert client.call("probe.path_of", ["msgpack"]) != client.call(
        "probe.path_of", ["envmgr_runtime._vendor.msgpack"]
    )
    ext = client.call("theirs.ExtType", [5, b"x"])
    assert tuple(ext) == (5, b"x"), "an extension of theirs is a named tuple, and no message of ours"


def test_processes_of_the_library_know_the_runtime_too(start, probe):
    client = start(probe)
    assert [client.call("probe.child_of", [method]) for method in ("fork", "spawn")] == [7, 7]


def test_nothing_is_written_beside_the_modules(client, layer, environment):
    assert list(layer.rglob("__pycache__")) == []
    assert list(environment.rglob("__pycache__")) == []
