"""Whether an environment's workers may be forked: tried when it is built, remembered, and said in the launch manifest."""

import threading
from pathlib import Path

import pytest
from projects import library, project

from envmgr.catalog import building
from envmgr.environments.launch import decode
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.model.project import HealthCall
from envmgr.operations.syncing import sync

THREAD = "import threading; threading.Thread(target=threading.Event().wait, name='busy', daemon=True).start()"


def synced(root: Path, **settings):
    sync(project(root, library("json", None, **settings)))
    return decode(Layout(root).launch("json").read_bytes())["fork"]


@pytest.fixture
def tried(monkeypatch):
    """How often it was tried."""
    counted = []
    forked = building._forked
    monkeypatch.setattr(
        building, "_forked", lambda *given: counted.append(threading.get_ident()) or forked(*given)
    )
    return counted


def test_it_is_tried_once(tmp_path, tried):
    assert synced(tmp_path) is True
    assert synced(tmp_path, timeout_ms=5_000) is True  # another generation of the same proof
    assert synced(tmp_path / "another") is True  # of the same bytes
    assert len(tried) == 1


def test_what_cannot_be_forked_is_built_all_the_same(tmp_path, tried):
    assert "busy" in synced(tmp_path, init=THREAD)
    assert synced(tmp_path) is True


def test_configuration_forbids_it(tmp_path):
    assert synced(tmp_path, fork=False) == "library json has `fork = false`"
    assert synced(tmp_path) is True


def test_a_health_call_that_fails_in_a_fork_alone(tmp_path):
    init = "import json, os; mother = os.getpid(); json.same = lambda: 1 / (mother == os.getpid())"
    why = synced(tmp_path, init=init, health_calls=(HealthCall("json.same", (), {}),))
    assert "when it is forked, the health call json.same of library json failed: ZeroDivisionError" in why


def test_a_fork_that_ends_alone(tmp_path):
    init = "import os; os.register_at_fork(after_in_child=lambda: os._exit(3))"
    assert synced(tmp_path, init=init) == "when it is forked, the worker ended with status 3"


def test_what_does_not_load_is_no_matter_of_forks(tmp_path, tried):
    with pytest.raises(EnvmgrError) as caught:
        synced(tmp_path, init="raise ValueError('broken')")
    assert caught.value.code == "E-PROOF"
    assert "ValueError: broken" in caught.value.message
