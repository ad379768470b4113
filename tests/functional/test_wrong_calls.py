"""Wrong calls of a real environment: each gets an error that says whose affair it is, and what to do."""

from __future__ import annotations

import warnings

import pytest
from projects import library, project
from wrong_calls import CALLS, Made
from wrong_calls_more import MORE

from envmgr.environments.launch import decode
from envmgr.environments.layout import Layout
from envmgr.operations.syncing import sync
from envmgr_runtime.wire.messages import AS_REF, ATTRIBUTE
from envmgr_runtime.worker.client import Client, RemoteRef, WorkerError

ATTRIBUTES = {"iloc", "loc", "dt", "str", "plot", "columns", "coef_", "feature_importances_"}
SECONDS = 120.0
ADVISED = 0.97
"""Of the calls of `MORE`; the words of the others say it all."""
TAKEN = 20
"""Of them that some version takes as they are."""


def modules(call):
    """What the paths of a call begin with."""
    if isinstance(call, Made):
        yield from modules(list(call.steps))
    elif isinstance(call, tuple) and call and isinstance(call[0], str):
        head, dot, _ = call[0].partition(".")
        if dot and head.isidentifier():
            yield head
        yield from modules(list(call[1:]))
    elif isinstance(call, list):
        for part in call:
            yield from modules(part)


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    names = {"numpy": "numpy", "pandas": "pandas", "sklearn": "scikit-learn", "requests": "requests"}
    sync(project(root, *(library(n, d, "science", module=n) for n, d in names.items())))
    launch = decode((Layout(root).environments / "science" / "launch.msgpack").read_bytes())
    needed = {name for _, _, call in CALLS for name in modules(call)} | {
        n for call in MORE for n in modules(call)
    }
    warm = "import sklearn.linear_model, sklearn.cluster"
    libraries = {name: [name, warm if name == "sklearn" else ""] for name in sorted(needed)}
    with Client(launch["command"], libraries, cwd=launch["cwd"], timeout=SECONDS) as client:
        yield client


def split(worker, arguments):
    *args, last = arguments or [None]
    if isinstance(last, dict) and set(last) == {"kw"}:
        kwargs = {name: sent(worker, value) for name, value in last["kw"].items()}
    else:
        args, kwargs = list(arguments), {}
    return [sent(worker, value) for value in args], kwargs


def sent(worker, value):
    if isinstance(value, Made):
        return run(worker, list(value.steps), AS_REF)
    if isinstance(value, list):
        return [sent(worker, part) for part in value]
    if isinstance(value, tuple):
        return tuple(sent(worker, part) for part in value)
    if isinstance(value, dict):
        return {key: sent(worker, part) for key, part in value.items()}
    return value


def run(worker, steps, flags=0):
    """All but the last step leave an object; the last one's value is the answer."""
    owner = None
    for number, (name, *arguments) in enumerate(steps):
        args, kwargs = split(worker, arguments)
        is_last = number + 1 == len(steps)
        is_read = number > 0 and name in ATTRIBUTES and not arguments
        kind = (flags if is_last else AS_REF) | (ATTRIBUTE if is_read else 0)
        target = name if owner is None else [owner.number, name]
        value = worker.call(target, args, kwargs, kind)
        if is_last:
            return value
        assert isinstance(value, RemoteRef)
        owner = value
    raise AssertionError


def told(worker, call):
    """The error map, or None."""
    steps = call if isinstance(call, list) else [call]
    try:
        run(worker, steps)
    except WorkerError as raised:
        return raised.error
    return None


@pytest.mark.parametrize(
    ("kind", "words", "call"), CALLS, ids=[f"{n}-{str(c)[:60]}" for n, (_, _, c) in enumerate(CALLS)]
)
def test_what_helps_is_said(worker, kind, words, call):
    error = told(worker, call)
    assert error is not None, "the call is not wrong"
    assert error["class"] == kind, error
    assert any(word in (error["hint"] or "") for word in words.split("|")), (error["message"], error["hint"])


def test_whatever_is_wrong_gets_advice(worker):
    found = [told(worker, call) for call in MORE]
    errors = [error for error in found if error is not None]
    assert len(found) - len(errors) <= TAKEN
    mute = [(error["type"], error["message"][:100]) for error in errors if not error["hint"]]
    assert len(mute) <= len(errors) * (1 - ADVISED), mute
    assert {error["class"] for error in errors} <= {"usage", "library", "resource", "policy"}
    assert worker.call("math.sqrt", [4.0]) == 2.0


def test_no_password_leaves_the_worker(worker):
    with warnings.catch_warnings():
        error = told(
            worker,
            (
                "requests.get",
                "http://bob:hunter2@127.0.0.1:9/?api_key=abc123",
                {"kw": {"auth": ("bob", "hunter2")}},
            ),
        )
    assert "hunter2" not in str(error)
    assert "abc123" not in str(error)
