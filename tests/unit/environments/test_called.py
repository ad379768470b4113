"""Statistics of calls, as Elixir writes them (tests/wire/golden.calls)."""

import json
from pathlib import Path

import msgpack
import pytest

from envmgr.cli import run
from envmgr.environments import called
from envmgr.environments.layout import Layout

GOLDEN = Path(__file__).parents[2] / "wire" / "golden.calls"
HOUR = 3_600_000


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path)
    layout.calls.mkdir(parents=True)
    layout.config.write_text("")
    return layout


def write(layout, name, *calls, includes=(), **overrides):
    """A row: path, library, first, last, cached, errors, buckets."""
    file = {"schema": 1, "id": name, "includes": list(includes), "calls": calls, **overrides}
    (layout.calls / f"{name}.msgpack").write_bytes(msgpack.packb(file))


def row(path, calls=1, bucket=100, *, library="lib", first=0, last=0, cached=0, errors=None):
    return [path, library, first, last, cached, errors or {}, [[bucket, calls]]]


def counts(layout):
    return {each.path: each.count for each in called.read(layout)}


def test_the_golden_file(layout):
    (layout.calls / "golden.msgpack").write_bytes(GOLDEN.read_bytes())
    mean, head = called.read(layout)
    assert (mean.path, mean.library, mean.count, mean.cached) == ("numpy.mean", "numpy", 93, 2)
    assert mean.errors == {"usage": 1, "resource": 2}
    assert (mean.p50, mean.p95, mean.longest) == (27.525, 27.525, 34_909_494.182)
    assert (mean.first, mean.last) == ("2026-09-21T14:13:20+00:00", "2026-09-21T14:23:20+00:00")
    assert (head.path, head.count, head.p50) == ("pandas.core.frame.DataFrame.head", 1, 0.745)


def test_files_are_added_up_and_those_that_another_one_holds_are_not(layout):
    write(layout, "a", row("lib.f", 2, first=5 * HOUR, last=6 * HOUR, cached=1, errors={"usage": 1}))
    write(
        layout,
        "b",
        row("lib.f", 3, first=2 * HOUR, last=3 * HOUR, errors={"usage": 2}),
        row("lib.g"),
        includes=["c"],
    )
    write(layout, "c", row("lib.f", 100))
    (found, other) = called.read(layout)
    assert (found.count, found.cached, found.errors) == (5, 1, {"usage": 3})
    assert (found.first, found.last) == ("1970-01-01T02:00:00+00:00", "1970-01-01T06:00:00+00:00")
    assert (other.path, other.count) == ("lib.g", 1)


def test_quantiles_are_those_of_the_sorted_calls(layout):
    write(layout, "a", *[row("lib.f", 90, 32), row("lib.f", 9, 96), row("lib.f", 1, 320)])
    (found,) = called.read(layout)
    assert (found.p50, found.p95, found.p99, found.longest) == (0.001, 0.004, 0.004, 0.532)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        msgpack.packb([]),
        msgpack.packb({"schema": 2, "id": "x", "includes": [], "calls": []}),
        msgpack.packb({"schema": 1, "id": "x", "includes": [], "calls": [["lib.f"]]}),
        msgpack.packb({"schema": 1, "id": "x", "includes": [], "calls": [row("lib.f", -1)]}),
        msgpack.packb({"schema": 1, "id": "x", "includes": [], "calls": [row("lib.f", 1, 10**9)]}),
        msgpack.packb({"schema": 1, "id": "x", "includes": [], "calls": [row("lib.f", "1")]}),
    ],
)
def test_a_file_that_cannot_be_read_hides_no_other(layout, content):
    write(layout, "a", row("lib.f"))
    (layout.calls / "b.msgpack").write_bytes(content)
    assert counts(layout) == {"lib.f": 1}


def test_nothing_was_called(tmp_path):
    assert called.read(Layout(tmp_path)) == ()


def test_the_command(layout, capsys, monkeypatch):
    monkeypatch.chdir(layout.root)
    assert run(["functions", "--called"]) == 0
    assert capsys.readouterr().out.startswith("nothing was called")
    write(layout, "a", row("lib.f", 2, errors={"usage": 1}, last=HOUR), row("other.g", library="other"))
    assert run(["functions", "--called"]) == 0
    assert capsys.readouterr().out == (
        "lib.f    2 times  1 failed  half in 0.005  99 % in 0.005  last 1970-01-01T01:00:00+00:00\n"
        "other.g  once               half in 0.005  99 % in 0.005  last 1970-01-01T00:00:00+00:00\n"
    )
    assert run(["functions", "--called", "other", "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["data"]
    assert (found["path"], found["count"], found["errors"]) == ("other.g", 1, {})
    assert run(["functions", "--called", "--kind", "class"]) == 2
