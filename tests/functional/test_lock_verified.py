"""`lock --verify-with pip-tools`, the real one, against an index whose contents are known."""

import pytest
from indexes import serve, wheel
from projects import library, project

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Project
from envmgr.operations.locking import lock
from envmgr.operations.verifying import verify


def tiny(version, *requires):
    return wheel("zqtiny", version, {"zqtiny.py": f"VERSION = {version!r}\n"}, requires=requires)


@pytest.fixture
def private(monkeypatch):
    helper = [wheel("zqhelper", version, {"zqhelper.py": ""}) for version in ("1.0", "2.0")]
    with serve(tiny("1.0", "zqhelper<2"), *helper, credentials="u:s3cret") as index:
        monkeypatch.setenv("UV_INDEX", f"private=http://{index.host}/simple")
        monkeypatch.setenv("UV_INDEX_PRIVATE_USERNAME", "u")
        monkeypatch.setenv("UV_INDEX_PRIVATE_PASSWORD", "s3cret")
        yield index


def test_agreement_and_older_pins(tmp_path, private):
    found = project(tmp_path, library("zqtiny"))
    (outcome,) = verify(found, lock(found))
    assert outcome.verified.tool.startswith("pip-tools ")
    assert (outcome.verified.agreed, outcome.verified.older) == (2, ())

    # What is newest needs no helper; what is locked does, of which there is a newer one as well.
    private.wheels.update([tiny("1.1"), wheel("zqhelper", "1.5", {})])
    (outcome,) = verify(found, lock(found))
    assert outcome.verified.agreed == 2
    assert [(pin.name, pin.ours, pin.theirs) for pin in outcome.verified.older] == [
        ("zqtiny", "1.0", "1.1"),
        ("zqhelper", "1.0", "1.5"),
    ]


def test_what_pip_tools_cannot_judge_is_no_agreement(tmp_path, private):
    overridden = Environment("zqtiny", project(tmp_path, library("zqtiny")).environments["zqtiny"].python,
                             (library("zqtiny"),), overrides=("zqhelper==2.0",))  # fmt: skip
    found = Project(tmp_path, "app", {"zqtiny": overridden})
    outcomes = lock(found)
    assert [pin.version for pin in outcomes[0].pins] == ["2.0", "1.0"]
    with pytest.raises(EnvmgrError, match="cannot be verified: it has overrides") as caught:
        verify(found, outcomes)
    assert caught.value.code == "E-LOCK-DIFFERS"


def test_without_a_solution_its_last_words_are_told(tmp_path, private):
    found = project(tmp_path, library("zqtiny"))
    outcomes = lock(found)
    for file in [file for file in private.wheels if file.startswith("zqtiny-")]:
        del private.wheels[file]
    with pytest.raises(EnvmgrError, match="it finds no solution: ") as caught:
        verify(found, outcomes)
    assert caught.value.details["differences"][0]["kind"] == "no solution"


def test_an_index_that_changed_what_it_has(tmp_path, private):
    found = project(tmp_path, library("zqtiny"))
    outcomes = lock(found)
    del private.wheels["zqhelper-1.0-py3-none-any.whl"]
    private.wheels.update([tiny("1.0", "zqhelper<2", "zqfurther")])
    private.wheels.update([wheel("zqhelper", "0.9", {}), wheel("zqfurther", "1.0", {})])
    with pytest.raises(EnvmgrError, match="0 of 2 agree") as caught:
        verify(found, outcomes)
    problem = caught.value
    assert (problem.code, problem.exit_status) == ("E-LOCK-DIFFERS", 1)
    assert "s3cret" not in problem.message + str(problem.details)
    _, *lines = caught.value.message.splitlines()
    assert [line.partition(" has ")[0] for line in lines] == [
        "  zqfurther: not locked, it takes 1.0",
        "  zqhelper: locked 1.0, it takes 0.9",
        "  zqtiny 1.0: no file of the index",
    ]


def test_an_index_that_refuses_is_told(tmp_path, private, monkeypatch):
    found = project(tmp_path, library("zqtiny"))
    outcomes = lock(found)
    private.forbidden.add("zqhelper")
    with pytest.raises(EnvmgrError, match=r"finds no solution: Could not find a version that .* zqhelper"):
        verify(found, outcomes)
    monkeypatch.setenv("UV_INDEX_PRIVATE_PASSWORD", "wrong")
    with pytest.raises(EnvmgrError, match="pip-tools cannot be had") as caught:
        verify(found, outcomes)
    assert caught.value.code == "E-NETWORK"
    assert "wrong" not in caught.value.message + str(caught.value.details)


def test_without_requirements_there_is_nothing_to_verify(tmp_path):
    found = project(tmp_path, library("math", None))
    (outcome,) = verify(found, lock(found))
    assert outcome.verified.agreed == 0
