"""The committed file diffs well, a part of a shard loses nothing, and what is neither is refused."""

import json
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_results import AXES, REFERENCE, all_outcomes, matrix, result

from envmgr.errors import EnvmgrError
from envmgr.matrix import spelling
from envmgr.matrix.plain import from_plain, steady, to_plain
from envmgr.model.matrix import STATUSES, CellResult, CheckResult, Expectation, Sample

TEXT = st.text(max_size=20)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=3)
SECONDS = st.lists(st.floats(1e-6, 10), max_size=3).map(tuple)
CHECKS = st.builds(
    CheckResult,
    TEXT,
    st.sampled_from(STATUSES),
    st.integers(0, 5),
    st.floats(0, 100),
    TEXT,
    TEXT,
    st.lists(TEXT, max_size=2).map(tuple),
    st.lists(st.builds(Sample, TEXT, SECONDS, SECONDS), max_size=2).map(tuple),
)
RESULTS = st.builds(
    CellResult,
    matrix=TEXT,
    cell=TEXT,
    values=TEXTS,
    status=st.sampled_from(STATUSES),
    fingerprint=TEXT,
    python=TEXT,
    resolved=TEXTS,
    pins=TEXTS,
    checks=st.lists(CHECKS, max_size=2).map(tuple),
    seconds=st.floats(0, 100),
    at=TEXT,
    detail=TEXT,
    expected=st.none() | st.builds(Expectation, TEXT, TEXT, st.none() | st.dates()),
)


@given(RESULTS)
def test_any_result_comes_back(one):
    assert from_plain(json.loads(json.dumps(to_plain(one)))) == one


@given(RESULTS)
def test_what_is_committed_is_the_same_for_another_run_of_the_same(one):
    again = replace(
        one,
        seconds=one.seconds + 1,
        at="later",
        fingerprint="of another machine",
        checks=tuple(
            replace(c, seconds=c.seconds + 1, log=c.log + "more", attempts=c.attempts + 1) for c in one.checks
        ),
    )
    assert steady(again, {}) == steady(one, {})
    back = from_plain({"matrix": one.matrix, **steady(one, {})})
    assert (back.status, back.red, back.pins) == (one.status, one.red, one.pins)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<Array object at 0x7f1200aa>", "<Array object at 0x55e4bb10>"),
        ("no /tmp/pytest-of-me/pytest-3/test0/a.csv", "no /tmp/pytest-of-me/pytest-4/test0/a.csv"),
        ("ended after 0.53 s", "ended after 1.2 s"),
        ("process 4711 was killed", "process 12 was killed"),
    ],
)
def test_what_differs_from_run_to_run_is_not_committed(one, other):
    lines = [steady(result(status="failed", detail=detail), {}) for detail in (one, other)]
    assert lines[0] == lines[1]
    assert lines[0]["detail"] != one


def test_a_line_a_cell_and_sorted(tmp_path):
    path = spelling.committed(tmp_path, "numpy")
    found, _ = all_outcomes()
    assert spelling.write_file(path, matrix(), reversed(found))
    lines = path.read_text().splitlines()
    start = lines.index('"results": [') + 1
    cells = [json.loads(line.rstrip(","))["cell"] for line in lines[start:-2]]
    assert cells == sorted(each.cell for each in found)
    assert json.loads(path.read_text())["axes"] == {axis: list(values) for axis, values in AXES.items()}
    before = path.stat()
    assert not spelling.write_file(path, matrix(), found)
    assert path.stat() == before


def test_one_cell_that_changed_is_one_line(tmp_path):
    path = tmp_path / "file.json"
    found, _ = all_outcomes()
    spelling.write_file(path, matrix(), found)
    before = path.read_text().splitlines()
    spelling.write_file(path, matrix(), [replace(found[0], status="failed"), *found[1:]])
    assert sum(a != b for a, b in zip(before, path.read_text().splitlines(), strict=True)) == 1


def test_cells_without_a_result_keep_their_line_and_cells_that_are_gone_do_not(tmp_path):
    path = tmp_path / "file.json"
    found, _ = all_outcomes()
    spelling.write_file(path, matrix(), found)
    some = [each.cell for each in found[:4]]
    spelling.write_file(path, matrix(some), [replace(found[0], status="timed-out")])
    back = {each.cell: each.status for each in spelling.read_file(path).results}
    assert back == {**{each.cell: each.status for each in found[1:4]}, some[0]: "timed-out"}


def test_cells_of_both_sides_of_a_conflict_stay(tmp_path):
    found, _ = all_outcomes()
    base, ours, theirs = (tmp_path / name for name in ("base.json", "ours.json", "theirs.json"))
    half = replace(matrix(), axes={"numpy": ("1.26",)})
    spelling.write_file(base, half, found[4:8])
    spelling.write_file(ours, matrix(), [*found[:2], replace(found[4], status="failed"), *found[5:8]])
    other = replace(matrix(), axes={"numpy": ("1.26", "2.0")})
    spelling.write_file(theirs, other, [*found[4:8], *found[10:12]])
    merged = subprocess.run(["git", "merge-file", ours, base, theirs], check=False)
    assert merged.returncode > 0
    with pytest.raises(EnvmgrError, match="git left conflicts in it") as caught:
        spelling.read_file(ours)
    assert "run the matrix again" in caught.value.hint
    assert spelling.write_file(ours, matrix(), [replace(found[0], status="timed-out")])
    back = {each.cell: each.status for each in spelling.read_file(ours).results}
    united = {each.cell: each.status for each in (*found[:2], *found[4:8], *found[10:12])}
    assert back == {**united, found[0].cell: "timed-out", found[4].cell: "failed"}


def test_what_another_machine_found_stays(tmp_path):
    path = tmp_path / "file.json"
    found, _ = all_outcomes()
    spelling.write_file(path, matrix(), [found[0]])
    assert not spelling.write_file(path, matrix(), [replace(found[0], status="elsewhere", checks=())])
    assert spelling.read_file(path).results[0].status == "passed"


def test_a_ratio_is_written_anew_when_the_old_one_cannot_be_true(tmp_path):
    path = tmp_path / "file.json"

    def written(*ratios):
        sample = Sample("numpy.sort", tuple(ratios), (1.0,) * len(ratios))
        spelling.write_file(path, matrix(), [result(samples=[sample], cell=REFERENCE)])
        return spelling.read_file(path).ratios[REFERENCE]

    assert written(1.4, 1.5, 1.6, 1.5, 1.5, 1.45, 1.55) == {"numpy.sort": 1.5}
    assert written(1.45, 1.5, 1.65, 1.6, 1.55, 1.5, 1.6) == {"numpy.sort": 1.5}
    assert written(0.5, 3.0, 0.7, 2.5, 0.6, 2.8, 1.2) == {"numpy.sort": 1.5}
    assert written(3.5, 9.0, 4.7, 2.5, 5.6, 7.8, 2.2) == {}, "too little is known of it"
    assert written(1.1, 1.2, 1.1, 1.2, 1.1, 1.2, 1.1) == {"numpy.sort": 1.15}


def test_a_part_has_all_of_it(tmp_path):
    path = spelling.part(tmp_path, "numpy", "1/3")
    assert path.name == "numpy.results.1-of-3.json"
    found = sorted(all_outcomes()[0], key=lambda each: each.cell)
    found[0] = replace(found[0], checks=(CheckResult("c", "failed", 1, 1.0, log="\udc80 é\x00"),))
    spelling.write_file(path, matrix(), found[:5], shard="1/3")
    back = spelling.read_file(path)
    assert back.results == tuple(found[:5])
    assert (back.shard, len(back.cells), back.timing.reference) == ("1/3", 18, REFERENCE)
    spelling.write_file(path, matrix(), found[:1], shard="1/3")
    assert len(spelling.read_file(path).results) == 1, "a part has nothing of an earlier run"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file"),
        ("{", "no JSON"),
        ("[]", "no file of results"),
        ('{"matrix": "numpy", "results": [], "schema": 2}', "schema 2; this envmgr reads 1"),
        ('{"matrix": "numpy", "results": [], "schema": 1}', "'library'"),
        (
            '{"matrix": "m", "library": "l", "axes": {}, "checks": [], "schema": 1, "results": [{"cell": 3}]}',
            "cell 1 of it",
        ),
        (
            '{"matrix": "m", "library": "l", "axes": {}, "checks": [], "schema": 1, "results": ["x"]}',
            "cell 1 of it",
        ),
        (
            '{"matrix": "m", "library": "l", "axes": {"a": 1}, "checks": [], "schema": 1, "results": []}',
            "not as envmgr",
        ),
    ],
)
def test_what_cannot_be_read(tmp_path, content, why):
    path = tmp_path / "file.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(EnvmgrError, match=why) as caught:
        spelling.read_file(path)
    assert caught.value.code == "E-RESULTS"
    assert str(path) in caught.value.message
    assert spelling.write_file(path, matrix(), [result()]), "it is replaced whole"


@given(st.lists(st.sampled_from([a for v in AXES.values() for a in v]), min_size=3, max_size=3))
def test_an_id_can_be_taken_apart(values):
    from envmgr.matrix.reporting import values_of

    made = dict(zip(AXES, values, strict=True))
    assert values_of(",".join(f"{axis}={value}" for axis, value in made.items()), AXES) == made


def test_an_id_with_commas_and_without_an_axis():
    from envmgr.matrix.reporting import values_of

    assert values_of("numpy=>=2,<2.3,python=3.12", ["numpy", "python", "pandas"]) == {
        "numpy": ">=2,<2.3",
        "python": "3.12",
    }
