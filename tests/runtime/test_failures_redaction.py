"""Secrets stay out of summaries and texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from envmgr_runtime.failures.redaction import is_secret, redacted, secrets_in
from envmgr_runtime.failures.summaries import summary

VECTORS = json.loads((Path(__file__).parents[1] / "wire" / "secrets.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "secret"), list(VECTORS["names"].items()))
def test_names(name, secret):
    assert is_secret(name) is secret


@pytest.mark.parametrize(("text", "told"), VECTORS["texts"])
def test_looks(text, told):
    assert redacted(text) == told


@pytest.mark.parametrize("name", [None, 5, b"password", "token" * 30])
def test_what_is_no_name(name):
    assert not is_secret(name)


def test_what_stands_under_a_secret_name_is_found_again():
    found = secrets_in(
        {
            "password": "hunter2!",
            "headers": {"X-Api-Key": "k-12345", "Accept": "text"},
            "pairs": [("token", b"tok-1"), ("name", "bob")],
            "auth": ("bob", "pass-word"),
            "secret": "abc",
            "credentials": {"a": ["deep-one"]},
        }
    )
    assert found == {"hunter2!", "k-12345", "tok-1", "pass-word", "deep-one"}
    assert redacted("no hunter2! here", ("hunter2!",)) == "no [redacted] here"
    assert secrets_in([[[["x"]]]]) == set()


class Odd:
    def __repr__(self):
        raise SystemExit("summaries call no repr")

    __str__ = __repr__


class Text(str):
    def __repr__(self):
        raise SystemExit


SUMMARIES = [
    (None, "None"),
    (True, "True"),
    (1.5, "1.5"),
    (2**300, "<int of 301 bits>"),
    (1j, "1j"),
    ("abc", "'abc'"),
    ("x" * 100, "'" + "x" * 80 + "'… (100 characters)"),
    (b"abc", "<3 bytes>"),
    (bytearray(2), "<bytearray of 2 bytes>"),
    (memoryview(b"abcd"), "<memoryview of 4 bytes>"),
    (range(3), "range(0, 3)"),
    ([], "[]"),
    (set(), "set()"),
    (frozenset(), "frozenset({})"),
    ((1,), "(1,)"),
    ([1, 2, 3, 4, 5, 6, 7], "[1, 2, 3, 4, 5, … 2 more]"),
    ([[[[1]]]], "[[[<list of 1>]]]"),
    ({"a": 1, "token": "x"}, "{'a': 1, 'token': [redacted]}"),
    ([("password", "x")], "[('password', [redacted])]"),
    ("postgres://a:b@c", "'postgres://[redacted]@c'"),
    (Odd, "<class test_failures_redaction.Odd>"),
    (len, "<function len>"),
]


@pytest.mark.parametrize(("value", "told"), SUMMARIES, ids=lambda value: str(type(value)))
def test_summaries(value, told):
    assert summary(value) == told.replace("test_failures_redaction", __name__)


def test_no_method_of_a_foreign_class_is_called():
    assert summary(Odd()) == f"<{__name__}.Odd object>"
    assert summary([Odd()]) == f"[<{__name__}.Odd object>]"
    assert summary(Text("x")) == f"<{__name__}.Text object>"


def test_secrets_by_name():
    assert summary("abc", "api_key") == "[redacted]"
    assert summary(5, "pin_token") == "[redacted]"
    assert summary(None, "password") == "None"


def test_summaries_are_short():
    assert len(summary([["x" * 79] * 5] * 5)) <= 301


def test_arrays_and_frames():
    numpy = pytest.importorskip("numpy")
    assert summary(numpy.zeros((2, 3))) == "<ndarray float64, shape (2, 3)>"
    assert summary(numpy.float32(1.5)) == "<float32 1.5>"
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({f"c{n}": [1, 2] for n in range(7)})
    assert summary(frame) == "<DataFrame 2 rows of 'c0', 'c1', 'c2', 'c3', 'c4', …>"
    assert summary(frame["c0"]) == "<Series int64, 2 elements>"


def test_a_value_that_holds_a_part_many_times_over_is_looked_at_for_a_moment_only():
    bomb = "a secret text"
    for _ in range(60):
        bomb = [bomb] * 60
    assert secrets_in({"password": "visible", "data": bomb}) == {"visible"}
    assert secrets_in(bomb, "password") == set()
    assert secrets_in(("a", ("token", "in a pair"))) == {"in a pair"}
