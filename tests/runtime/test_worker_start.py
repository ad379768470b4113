"""The start script loads the package by file, and leaves its directory off the path."""

from __future__ import annotations

import sys

import pytest

from envmgr_runtime.worker import start


@pytest.fixture
def loaded(layer):
    """What `worker.py` made of its layer in this process, which has the package already."""
    ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "envmgr_runtime"}
    for name in ours:
        del sys.modules[name]
    start.load(str(layer / "envmgr_runtime"))
    yield sys.modules["envmgr_runtime"]
    for name in [name for name in sys.modules if name.split(".")[0] == "envmgr_runtime"]:
        del sys.modules[name]
    sys.modules.update(ours)


def test_it_is_the_layers_package(loaded, layer):
    assert loaded.__file__ == str(layer / "envmgr_runtime" / "__init__.py")
    assert list(loaded.__path__) == [str(layer / "envmgr_runtime")]
    assert str(layer) not in sys.path


def test_its_msgpack_is_its_own(loaded, layer):
    before = sys.modules.get("msgpack._cmsgpack")
    from envmgr_runtime.wire import packing

    assert packing.Packer.__module__.startswith(("envmgr_runtime._vendor.msgpack", "msgpack._cmsgpack"))
    assert sys.modules["envmgr_runtime._vendor.msgpack"].__file__.startswith(str(layer))
    assert sys.modules.get("msgpack._cmsgpack") is before
