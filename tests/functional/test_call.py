"""`envmgr call` through a real worker of what was synced."""

from fractions import Fraction

import pytest
from projects import library, project

from envmgr.errors import EnvmgrError
from envmgr.operations.calling import call
from envmgr.operations.syncing import sync
from envmgr_runtime.worker.client import RemoteRef


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    assert (
        len(sync(project(root, library("math", None), library("json", None), library("fractions", None))))
        == 3
    )
    return root


def fails(root, path, args=()):
    with pytest.raises(EnvmgrError) as caught:
        call(root, path, list(args), {})
    return caught.value


def test_values_and_keywords(root):
    assert call(root, "math.sqrt", [16.0], {}) == 4.0
    assert call(root, "json.dumps", [{"b": 1, "a": (1, 2)}], {"sort_keys": True}) == '{"a": [1, 2], "b": 1}'
    assert call(root, "fractions.Fraction", [1, 3], {}) == Fraction(1, 3)
    assert call(root, "math.factorial", [30], {}) == 265252859812191058636308480000000


def test_a_constant(root):
    assert call(root, "math.pi", [], {}) == 3.141592653589793
    assert "it takes no arguments" in fails(root, "math.pi", [1]).message


def test_what_cannot_be_sent_is_a_ref(root):
    found = call(root, "json.JSONDecoder", [], {})
    assert isinstance(found, RemoteRef)
    assert found.to_json()["type"] == "json.decoder.JSONDecoder"


def test_an_exception_keeps_its_type_and_frames(root):
    error = fails(root, "json.loads", ["{"])
    assert (error.code, error.exit_status) == ("E-CALL", 1)
    assert error.message.startswith("json.loads: JSONDecodeError: Expecting property name")
    assert error.details["python"]["frames"][-1][2] == "raw_decode"


def test_unknown_names_never_reach_python(root):
    error = fails(root, "maths.sqrt")
    assert (error.code, error.hint) == ("E-UNKNOWN-LIBRARY", "did you mean `math`?")
    error = fails(root, "math.sqr")
    assert (error.code, error.hint) == ("E-UNKNOWN-FUNCTION", "did you mean `math.sqrt` or `math.isqrt`?")
    assert "names a library" in fails(root, "math").message
    assert fails(root, "json.decoder.re.compile").code == "E-UNKNOWN-FUNCTION"


def test_what_has_no_form_in_python_is_refused(root):
    assert "cannot be sent" in fails(root, "math.sqrt", [object()]).message


def test_a_function_that_ends_its_worker(root, tmp_path):
    sync(project(tmp_path, library("os", None)))
    assert "killed by signal 6" in fails(tmp_path, "os.abort").message


def test_nothing_installed(tmp_path):
    assert fails(tmp_path, "math.sqrt").code == "E-NOT-INSTALLED"
