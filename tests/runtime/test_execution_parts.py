"""Parts of objects that stay in the worker."""

from __future__ import annotations

import pytest

from envmgr_runtime.execution.parts import OPERATIONS


def part(name, owner, *args):
    return OPERATIONS[name](owner, *args)


def test_arrays():
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(24).reshape(4, 6)
    assert part("take", array, slice(1, 3), 2).tolist() == [8, 14]
    assert part("rows", array, 2, 9).tolist() == array[2:].tolist()
    assert part("extent", array) == [[4, 6], 6 * array.itemsize]
    assert part("extent", array[:0]) == [[0, 6], None]
    part("put", array, 0, slice(None), 1)
    assert array[:, 1].tolist() == [0, 0, 0, 0]


def test_what_has_only_a_length():
    assert part("extent", [1, 2, 3]) == [[3], None]
    assert part("rows", [1, 2, 3], 1, 3) == [2, 3]


def test_frames_of_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": list("xyz")}, index=[7, 8, 9])
    assert part("rows", frame, 1, 5).index.tolist() == [8, 9]
    assert list(part("select", frame, ["b"]).columns) == ["b"]
    assert part("extent", frame)[0] == [3, 2]


class Table:
    """A frame as polars and pyarrow have it."""

    shape = (5, 2)
    nbytes = 80

    def slice(self, start, length):
        return ("slice", start, length)

    def select(self, names):
        return ("select", names)


def test_frames_of_arrow_and_polars():
    assert part("rows", Table(), 2, 4) == ("slice", 2, 2)
    assert part("rows", Table(), 4, 2) == ("slice", 4, 0)
    assert part("select", Table(), ["a"]) == ("select", ["a"])
    assert part("extent", Table()) == [[5, 2], 16]
