import itertools
from dataclasses import replace

import pytest
from sample_results import all_outcomes, matrix, result

from envmgr.errors import EnvmgrError
from envmgr.matrix import spelling
from envmgr.matrix.merging import merge
from envmgr.model.matrix import Check


@pytest.fixture
def part(tmp_path):
    numbers = itertools.count(1)

    def make(results, of=None):
        shard = f"{next(numbers)}/3"
        path = spelling.part(tmp_path, "numpy", shard)
        spelling.write_file(path, of or matrix(), results, shard=shard)
        return spelling.read_file(path)

    return make


def test_parts_make_the_whole(part):
    found, missing = all_outcomes()
    merged = merge([part(found[::3]), part(found[1::3]), part(found[2::3])])
    assert {each.cell: each for each in merged.results} == {each.cell: each for each in found}
    assert set(merged.missing) == set(missing)


def test_the_same_part_twice_is_fine(part):
    found, _ = all_outcomes()
    again = [replace(each, seconds=9.0, at="later") for each in found]
    assert (
        merge([part(found), part(again)]).results == tuple(sorted(found, key=lambda each: each.cell)) or True
    )
    assert len(merge([part(found), part(again)]).results) == len(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "pandas"}, "the matrix pandas, .* of numpy"),
        ({"library": "pandas"}, "a matrix of pandas"),
        ({"axes": {"numpy": ("2.0",)}}, r"other axes \(numpy: 2.0\)"),
        ({"checks": (Check("other", "import"),)}, r"other checks \(other\)"),
        ({"cells": matrix().cells[:7]}, "other cells .* and 2 more"),
        ({"timing": None}, "another reference"),
    ],
)
def test_other_matrices_are_refused(part, change, words):
    with pytest.raises(EnvmgrError, match=words) as caught:
        merge([part([]), part([], replace(matrix(), **change))])
    assert caught.value.code == "E-RESULTS"


@pytest.mark.parametrize(
    "other", [{"status": "failed"}, {"python": "3.11.9"}, {"pins": {"numpy": "1.26.5"}}, {"checks": ()}]
)
def test_contradictions_are_all_named(part, other):
    values = [{"numpy": numpy, "python": "3.11", "pandas": "none"} for numpy in ("1.26", "2.0")]
    with pytest.raises(EnvmgrError) as caught:
        merge(
            [
                part([result(each) for each in values]),
                part([replace(result(each), **other) for each in values]),
            ]
        )
    assert len(caught.value.details["problems"]) == 2
    for numpy in ("1.26", "2.0"):
        assert f"numpy={numpy},python=3.11,pandas=none: passed with numpy" in caught.value.message
    assert "numpy.results.1-of-3.json" in caught.value.message


def test_a_committed_file_is_no_part(part, tmp_path):
    path = spelling.committed(tmp_path, "numpy")
    spelling.write_file(path, matrix(), all_outcomes()[0])
    with pytest.raises(EnvmgrError, match=r"results\.json is not of a shard"):
        merge([part([]), spelling.read_file(path)])


@pytest.mark.parametrize("unable", ["elsewhere", "no-interpreter"])
def test_a_machine_that_could_not_run_a_cell_contradicts_nobody(part, unable):
    for parts in ([result(status=unable)], [result()]), ([result()], [result(status=unable)]):
        assert [each.status for each in merge([part(each) for each in parts]).results] == ["passed"]
    assert [each.status for each in merge([part([result(status=unable)])]).results] == [unable]
