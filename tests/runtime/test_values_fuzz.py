"""A few of the cases that `nox -s fuzz` has a million of."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path

import pytest

from envmgr_runtime.values import decoding

FUZZER = Path(__file__).parents[1] / "fuzz" / "decode.py"


@pytest.fixture(scope="module")
def fuzzer():
    spec = importlib.util.spec_from_file_location("fuzz_decode", str(FUZZER))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [1, 2])
def test_any_bytes_are_a_value_or_refused(fuzzer, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = fuzzer.run(4000, seed)
    assert min(found.values()) > 400, "both must be there"


def test_another_exception_is_found(fuzzer, monkeypatch):
    def raises(*_):
        raise IndexError("wrong")

    monkeypatch.setattr(decoding, "translated", raises)
    with pytest.raises(AssertionError, match="IndexError: wrong"):
        fuzzer.run(100, 1)
