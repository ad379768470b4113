"""What a library prints, in whole lines."""

from __future__ import annotations

import pytest

from envmgr_runtime.execution.output import LogStream

CASES = {
    "a line": (["a\n"], ["a\n"]),
    "print's two writes": (["a", "\n"], ["a\n"]),
    "half a line waits": (["a"], []),
    "two lines go together": (["a\nb\n"], ["a\nb\n"]),
    "the half behind a line waits": (["a\nb", "c\n"], ["a\n", "bc\n"]),
    "nothing": ([""], []),
    "a long line is not kept": (["x" * 8000, "y" * 200, "z\n"], ["x" * 8000 + "y" * 200, "z\n"]),
    "carriage returns are kept": (["10%\r20%\r\n"], ["10%\r20%\r\n"]),
    "surrogates are for the loop": (["\udc80\n"], ["\udc80\n"]),
}


@pytest.mark.parametrize(("writes", "emitted"), list(CASES.values()), ids=list(CASES))
def test_lines(writes, emitted):
    found = []
    stream = LogStream(lambda _, text: found.append(text))
    for text in writes:
        assert stream.write(text) == len(text)
    assert found == emitted
    stream.finish()
    assert "".join(found) == "".join(writes)
    stream.finish()
    assert "".join(found) == "".join(writes)


@pytest.mark.parametrize("value", [b"bytes", 5, None])
def test_only_text(value):
    with pytest.raises(TypeError, match="must be str"):
        LogStream(print).write(value)


def test_it_is_a_text_stream():
    stream = LogStream(print)
    assert (stream.writable(), stream.readable(), stream.isatty(), stream.encoding) == (
        True,
        False,
        False,
        "utf-8",
    )
    stream.flush()
    with pytest.raises(OSError, match="fileno"):
        stream.fileno()


def test_what_several_calls_write_is_told_apart():
    found, number = [], 1
    stream = LogStream(lambda *emitted: found.append(emitted), lambda: number)
    stream.write("one, ")
    number = 2
    stream.write("two\nhalf")
    number = 1
    stream.write("one\n")
    assert found == [(1, "one, "), (2, "two\n"), (2, "half"), (1, "one\n")]
