"""What the reports for people say alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envmgr.matrix.comparing import Change, Comparison, Move, Tempo
from envmgr.matrix.reporting import MatrixReport
from envmgr.matrix.reports import signs
from envmgr.matrix.slowness import Finding, Ratio
from envmgr.model.matrix import CellResult, CheckResult, Expectation

_FEW = 3
_LONGEST = 400
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """What a test printed does nothing to a terminal: without escape sequences and control characters."""
    return _CONTROL.sub("", text)


def line(text: str) -> str:
    one = " ".join(clean(text).split())
    return one if len(one) <= _LONGEST else f"{one[: _LONGEST - 1]}…"


def expected(expectation: Expectation) -> str:
    until = f" until {expectation.until}" if expectation.until else ""
    return line(f"{expectation.kind}{until}" + (f": {expectation.reason}" if expectation.reason else ""))


def excuses(report: MatrixReport) -> Iterator[tuple[str, str]]:
    """Cells with what was expected of them, where that makes a difference: those that fail, and those that are
    known to and pass."""
    for result in report.results:
        if result.expected is not None and result.mended:
            yield result.cell, line(f"expected broken, passes ({expected(result.expected)})")
        elif result.expected is not None and signs.outcome(result).startswith(signs.EXPECTED):
            yield result.cell, line(f"{result.status} as expected ({expected(result.expected)})")


def ratio(found: Ratio) -> str:
    """Times the reference, with the interval where there is one."""
    if found.rounds and found.high < float("inf"):
        return f"{found.estimate:.2f}× ({found.low:.2f}–{found.high:.2f})"  # noqa: RUF001
    return f"{found.estimate:.2f}×"  # noqa: RUF001


def slow(found: Finding) -> str:
    return f"{found.name} {ratio(found.ratio)} of the reference"


def tempo(found: Tempo) -> str:
    return f"{found.name} {found.before:.2f}× → {ratio(found.now)}"  # noqa: RUF001


def move(found: Move) -> str:
    return f"{found.name} {found.before or 'not there'} → {found.now or 'gone'}"


def check(found: CheckResult) -> str:
    """ "arrays: failed: 2 tests: test_a, test_b" """
    named = few(found.failures)
    return line(": ".join(filter(None, [found.name, found.status, found.detail or named])))


def change(found: Change) -> str:
    way = f"{found.before} → {found.now}" if found.before else f"new, {found.now}"
    what = f"{found.check}: " if found.check else ""
    more = few(found.failures)
    return line(f"{what}{way}" + (f": {found.detail or more}" if found.detail or more else ""))


@dataclass(frozen=True, slots=True)
class Difference:
    """A line of what is otherwise than in older results. `cell` is "" for what several have in common; `since` is
    what is installed otherwise in it."""

    word: str
    color: str
    cell: str
    words: str
    since: str = ""


def differences(found: Comparison) -> Iterator[Difference]:
    """What is worst comes first."""
    for word, color, changes in (
        ("newly broken", signs.RED, found.broken),
        ("newly working", signs.GREEN, found.working),
        ("otherwise", signs.YELLOW, found.otherwise),
    ):
        for each in changes:
            yield Difference(word, color, each.cell, change(each), ", ".join(map(move, each.moves)))
    for word, color, tempos in (
        ("slower", signs.YELLOW, found.slower),
        ("faster", signs.GREEN, found.faster),
    ):
        yield from (Difference(word, color, each.cell, tempo(each)) for each in tempos)
    yield from (Difference("new", signs.GREY, cell, "") for cell in found.new)
    yield from (Difference("gone", signs.GREY, cell, "") for cell in found.gone)
    for one in found.moved:
        where = one.cells[0] if len(one.cells) == 1 else f"{len(one.cells)} cells"
        yield Difference("moved", signs.GREY, "", f"{move(one)} in {where}")


def few(names: Iterable[str]) -> str:
    listed = list(names)
    more = len(listed) - _FEW
    return ", ".join(listed[:_FEW]) + (f" and {more} more" if more > 0 else "")


def troubles(result: CellResult) -> Iterator[str]:
    """A line for each check that is not well, and for the cell itself where no check ran."""
    bad = [one for one in result.checks if one.status != "passed"]
    if not bad and result.detail:
        yield line(result.detail)
    yield from map(check, bad)


def summary(report: MatrixReport) -> str:
    """What has changed, in numbers; "" when nothing was compared."""
    found = report.comparison
    if found is None:
        return ""
    numbers = (
        (len(found.broken), "newly broken"),
        (len(found.working), "newly working"),
        (len(found.slower), "slower"),
        (len(found.faster), "faster"),
        (len(found.new), "new"),
        (len(found.gone), "gone"),
    )
    words = ", ".join(f"{count} {what}" for count, what in numbers if count)
    return f"against {found.source}: {words or 'nothing is broken that was not'}"
