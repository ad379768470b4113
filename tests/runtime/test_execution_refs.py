"""The table of objects that stay."""

from __future__ import annotations

import pytest

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values.errors import RefLimit, StaleRef


def test_numbers_are_never_used_again():
    refs = RefTable()
    first, before = refs.put("a")[0], refs.put("a")[0]
    refs.release([first, before])
    second, name = refs.put("b")
    assert (second > before, name, refs.get(second, "x")) == (True, "builtins.str", "b")
    assert refs.put("c")[0] > second
    with pytest.raises(StaleRef, match=r"1 .*was released"):
        refs.get(first, "builtins.str")


def test_the_limit_is_of_what_is_held():
    refs = RefTable(limit=2)
    numbers = [refs.put(n)[0] for n in range(2)]
    with pytest.raises(RefLimit, match="2 objects"):
        refs.put(3)
    refs.release(numbers[:1])
    refs.put(3)


def test_release_ignores_what_is_not_held():
    refs = RefTable()
    number, _ = refs.put("a")
    refs.release([99, number, number, 0])
    assert len(refs) == 0


def test_back_forgets_one():
    refs = RefTable()
    kept, _ = refs.put("kept")
    gone, _ = refs.put("y")
    refs.back(gone)
    assert (len(refs), refs.get(kept, "")) == (1, "kept")
    assert refs.put("z")[0] > gone
