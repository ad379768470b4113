"""JSON arguments, as the catalog says that parameters take them."""

import pytest

from envmgr.operations.fitting import fit
from envmgr_runtime.worker.client import ArrayOf

PARAMETERS = [
    ["a", 0, None, "bytes"],
    ["b", 1, None, "tuple"],
    ["c", 1, "None"],
    ["rest", 2, None],
    ["d", 3, "None", "set"],
    ["e", 3, "None", "frozenset"],
    ["f", 3, "None", "ndarray"],
    ["more", 4, None],
]


def test_each_kind():
    args, kwargs = fit(
        PARAMETERS, ["x", [1, [2]], [3], [4], "y"], {"d": [1], "e": [2], "f": [[1.5]], "g": [5]}
    )
    assert args == [b"x", (1, [2]), [3], [4], "y"]
    assert kwargs == {"d": {1}, "e": frozenset({2}), "f": ArrayOf([[1.5]]), "g": [5]}
    assert fit(PARAMETERS, [], {"b": [1]}) == ([], {"b": (1,)})


def test_a_name_of_the_callers_own():
    renamed = {"points": "d", "b": "c"}
    assert fit(PARAMETERS, [], {"points": [1], "b": [1], "d": [2]}, renamed) == (
        [],
        {"points": {1}, "b": [1], "d": {2}},
    )


@pytest.mark.parametrize("value", [None, 1, {"k": [1]}, "text"])
def test_what_is_no_list_stays(value):
    assert fit(PARAMETERS, ["x", value], {"d": value, "f": value})[1] == {"d": value, "f": value}
    assert fit(PARAMETERS, [["x"]], {})[0] == [["x"]]


def test_what_cannot_be_in_a_set_stays():
    assert fit(PARAMETERS, [], {"d": [[1], [2]]}) == ([], {"d": [[1], [2]]})


def test_a_name_of_a_positional_only_parameter_is_another_one():
    assert fit(PARAMETERS, [], {"a": "x"}) == ([], {"a": "x"})


def test_no_signature_is_known():
    assert fit(None, [[1], "x"], {"k": [1]}) == ([[1], "x"], {"k": [1]})
