"""A letter for each outcome, which reads without colour: capitals are red."""

from __future__ import annotations

from envmgr.model.matrix import (
    BROKEN,
    ELSEWHERE,
    FAILED,
    FLAKY,
    NO_INTERPRETER,
    NOT_INSTALLABLE,
    OUT_OF_MEMORY,
    PASSED,
    TIMED_OUT,
    UNRESOLVABLE,
    CellResult,
)

MISSING = "no result yet"
EXPECTED = "expected: "
_LETTERS = {
    PASSED: ".",
    FLAKY: "~",
    FAILED: "F",
    TIMED_OUT: "T",
    OUT_OF_MEMORY: "M",
    NOT_INSTALLABLE: "I",
    UNRESOLVABLE: "x",
    NO_INTERPRETER: "-",
    ELSEWHERE: "e",
    MISSING: "?",
}
GREEN, YELLOW, RED, GREY = "green", "yellow", "red", "grey"
_COLORS = {PASSED: GREEN, FLAKY: YELLOW, **dict.fromkeys(BROKEN, RED)}
# What passed comes last: a square is green when all of it is.
_WORST_FIRST = (
    *(FAILED, TIMED_OUT, OUT_OF_MEMORY, NOT_INSTALLABLE, EXPECTED),
    *(MISSING, UNRESOLVABLE, NO_INTERPRETER, ELSEWHERE, FLAKY, PASSED),
)
_EMOJI = {GREEN: "✅", YELLOW: "⚠️", RED: "❌", GREY: "⬜"}


def outcome(result: CellResult) -> str:
    """Its status; "expected: …" for what would be red if nobody expected it."""
    excused = result.status in BROKEN and not result.red
    return f"{EXPECTED}{result.status}" if excused else result.status


def letter(outcome: str) -> str:
    if outcome.startswith(EXPECTED):
        return _LETTERS[outcome.removeprefix(EXPECTED)].lower()
    return _LETTERS.get(outcome, "?")


def color(outcome: str) -> str:
    return YELLOW if outcome.startswith(EXPECTED) else _COLORS.get(outcome, GREY)


def emoji(outcome: str) -> str:
    return _EMOJI[color(outcome)]


def worst(outcomes: list[str]) -> str:
    """Of several cells that share a square."""
    return min(outcomes, key=rank)


def rank(outcome: str) -> int:
    """The worst have the lowest; one that a later envmgr wrote is as one that is expected."""
    return _WORST_FIRST.index(outcome if outcome in _WORST_FIRST else EXPECTED)
