"""Importing is the proof: what metadata hides is found before anything is activated."""

import pytest
from projects import library, project

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.operations.status import status
from envmgr.operations.syncing import sync
from envmgr.tools import interpreters


def refused(found):
    with pytest.raises(EnvmgrError) as caught:
        sync(found)
    assert caught.value.code == "E-PROOF", caught.value.message
    return caught.value


def proof_fails(root, **settings):
    return refused(project(root, library("json", None, **settings)))


def test_an_import_that_fails_says_what_is_missing(tmp_path):
    error = proof_fails(tmp_path, init="import no_such_module")
    assert "library json cannot be loaded in environment json: ModuleNotFoundError" in error.message
    assert not Layout(tmp_path).launch("json").exists()


def test_an_import_that_ends_the_interpreter(tmp_path):
    error = proof_fails(tmp_path, init="import os; os.write(2, b'last words'); os.kill(os.getpid(), 11)")
    assert "was killed by signal 11" in error.message
    assert "last words" in str(error.details)


def test_an_import_that_exits(tmp_path):
    assert "SystemExit" in proof_fails(tmp_path, init="raise SystemExit(3)").message


def test_what_the_import_prints_spoils_nothing(tmp_path):
    noisy = "import os; print('hello'); os.write(1, b'from C'); os.write(2, b'more')"
    assert sync(project(tmp_path, library("json", None, init=noisy)))[0].action == "built"


def test_an_abi_conflict_that_metadata_hides(tmp_path):
    try:
        interpreters.find("3.11", root=tmp_path)
    except EnvmgrError:
        pytest.skip("pandas 1.5 has wheels for no later Python than 3.11, which is not here")
    found = project(
        tmp_path, library("pandas", "pandas==1.5.3", extra_requirements=("numpy>=2",)), python="3.11"
    )
    error = refused(found)
    assert 'constraints = ["numpy<2"]` under [environment.pandas]' in error.hint
    assert status(found)[0].state != "ready"
