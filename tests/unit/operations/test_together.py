import threading

import pytest

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment
from envmgr.operations import together

ENVIRONMENTS = [Environment(name, "3.12", ()) for name in "abc"]


def test_results_arrive_in_the_calling_thread_and_failures_stop_nothing():
    def work(environment):
        if environment.name == "b":
            raise EnvmgrError("E-LOCK", "no b")
        return environment.name.upper()

    arrived, failures = {}, {}

    def done(environment, result):
        assert threading.current_thread() is threading.main_thread()
        arrived[environment.name] = result

    results = together.each(ENVIRONMENTS, work, failures, limit=2, done=done)
    assert results == arrived == {"a": "A", "c": "C"}
    assert [problem.message for problem in failures.values()] == ["no b"]


def test_it_is_parallel():
    meeting = threading.Barrier(3, timeout=5)
    together.each(ENVIRONMENTS, lambda environment: meeting.wait(), {}, limit=3)


def test_an_interruption_ends_subprocesses(monkeypatch):
    ended = []
    monkeypatch.setattr(together.process, "end_all", lambda: ended.append(True))

    def interrupted(environment, result):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        together.each(ENVIRONMENTS, lambda environment: None, {}, limit=1, done=interrupted)
    assert ended == [True]


def test_one_failure_is_itself():
    problem = EnvmgrError("E-CONFLICT", "x")
    with pytest.raises(EnvmgrError) as caught:
        together.raise_failures({"a": problem}, ["b"])
    assert caught.value is problem
    assert problem.details == {"succeeded": ["b"]}


def test_several_are_listed_under_the_gravest():
    failures = {
        "a": EnvmgrError("E-CONFLICT", "x", hint="h"),
        "b": EnvmgrError("E-BUILD", "y", hint="h", details={"uv": "raw"}),
    }
    with pytest.raises(EnvmgrError) as caught:
        together.raise_failures(failures, [])
    assert (caught.value.code, caught.value.hint) == ("E-BUILD", "h")
    assert caught.value.message == "2 environments failed\nx\ny"
    assert caught.value.details["errors"][1]["details"] == {"uv": "raw"}


def test_no_failure_raises_nothing():
    together.raise_failures({}, [])
