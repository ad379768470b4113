"""What a function raised, as `envmgr call` shows it."""

from envmgr.cli.failures import report
from envmgr.cli.invocation import Invocation
from envmgr.cli.raised import lines
from envmgr.operations.calling import raised

ERROR = {
    "type": "ValueError",
    "message": "no good",
    "hint": "pass a better one",
    "frames": [[f"/lib/{n}.py", n, f"f{n}", f"line {n}"] for n in range(1, 6)],
    "arguments": [["path", "'x'"], [1, "2"]],
    "notes": ["first\nsecond line"],
    "step": "step 2 (dropna)",
    "chain": [
        ["cause", {"type": "KeyError", "message": "'a'"}],
        ["context", {"type": "OSError", "message": "x" * 500}],
    ],
    "group": [{"type": "TypeError", "message": "inner"}],
}


def test_the_last_frames_and_what_led_there():
    told = lines(ERROR)
    assert told[:2] == ["  at /lib/3.py:3 in f3", "      line 3"]
    assert told[4:6] == ["  at /lib/5.py:5 in f5", "      line 5"]
    assert told[6:11] == [
        "  in step 2 (dropna)",
        "  called with path = 'x', 1 = 2",
        "  note: first",
        "  with TypeError: inner",
        "  caused by KeyError: 'a'",
    ]
    assert told[11].startswith("  while handling OSError: xxx")
    assert len(told[11]) < 200


def test_an_error_that_says_little():
    assert lines({"type": "ValueError", "message": ""}) == []


def test_text_has_all_before_the_hint(capsys):
    status = report(raised("lib.f", ERROR), Invocation("call"))
    words = capsys.readouterr().err
    assert status == 1
    assert words.startswith("error: lib.f: ValueError: no good\n  at /lib/3.py")
    assert words.endswith("\n\nhint: pass a better one\n")
