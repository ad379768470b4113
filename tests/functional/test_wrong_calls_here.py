"""Wrong calls of Python's own modules and of the libraries that these tests stand on: in a worker that coverage sees."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from test_wrong_calls import ADVISED, SECONDS, TAKEN, modules, told
from wrong_calls import CALLS
from wrong_calls_more import MORE

from envmgr_runtime.wire.messages import BYE
from envmgr_runtime.worker.client import Client

START = "import sys; from envmgr_runtime.worker.main import main; main(sys.argv[1:])"
PARQUET = 'with = ["pyarrow"]'
"""It is missing elsewhere."""


def here(call):
    return all(importlib.util.find_spec(name) for name in modules(call))


HERE = [(kind, words, call) for kind, words, call in CALLS if here(call) and words != PARQUET]
MORE_HERE = [call for call in MORE if here(call)]


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    needed = {name for call in [*(call for _, _, call in HERE), *MORE_HERE] for name in modules(call)}
    libraries = {name: [name, ""] for name in sorted(needed)}
    here = str(tmp_path_factory.mktemp("here"))
    with Client([sys.executable, "-I", "-c", START], libraries, cwd=here, timeout=SECONDS) as client:
        yield client
        client._send([BYE, 0])
        assert client._process.wait(SECONDS) == 0


def test_what_helps_is_said(worker):
    errors = [(kind, words, told(worker, call)) for kind, words, call in HERE]
    assert len(errors) > 100
    assert [
        (error["class"], error["message"], error["hint"], words)
        for kind, words, error in errors
        if error["class"] != kind or not any(word in (error["hint"] or "") for word in words.split("|"))
    ] == []


def test_whatever_is_wrong_gets_advice(worker):
    found = [told(worker, call) for call in MORE_HERE]
    errors = [error for error in found if error is not None]
    assert len(found) - len(errors) <= TAKEN
    mute = [(error["type"], error["message"][:100]) for error in errors if not error["hint"]]
    assert len(mute) <= len(errors) * (1 - ADVISED), mute
