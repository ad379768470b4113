"""A section for each matrix, as GitHub renders it: in a pull request, an issue, a job's summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from envmgr.matrix.reporting import MatrixReport, counts, reproduce, versions
from envmgr.matrix.reports import phrases, signs
from envmgr.matrix.reports.heatmap import Grid, Square, grids
from envmgr.model.matrix import CellResult

_BUDGET = 48_000
"""Characters that logs may take in all: a comment of GitHub has 65,536."""
_LOG = 4_000
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&])")


def render(reports: Iterable[MatrixReport]) -> str:
    budget = [_BUDGET]
    return "\n".join("\n".join(_section(report, budget)) for report in reports) + "\n"


def _section(report: MatrixReport, budget: list[int]) -> Iterator[str]:
    yield f"## {text(report.matrix)}\n"
    yield f"{text(counts(report))}\n"
    for note in report.notes:
        yield f"{text(note)}\n"
    drawn = grids(report)
    for grid in drawn:
        yield from _table(grid)
    if drawn:
        yield f"{_legend(drawn)}\n"
    yield from _compared(report)
    if report.red:
        yield "### Red\n"
        for result in report.red:
            yield from _red(report, result, budget)
    excused = list(phrases.excuses(report))
    if excused:
        yield "### Expected\n"
        yield from (f"- {code(cell)}: {text(excuse)}" for cell, excuse in excused)
        yield ""
    if report.slow:
        yield "### Slower\n"
        yield from (f"- {code(found.cell)}: {text(phrases.slow(found))}" for found in report.slow)
        yield ""


def _table(grid: Grid) -> Iterator[str]:
    if grid.title:
        yield f"**{text(grid.title)}**\n"
    corner = " \\ ".join(filter(None, [grid.down, grid.across]))
    yield "| " + " | ".join([_label(corner), *map(_label, grid.columns)]) + " |"
    yield "|---" + "|:-:" * len(grid.columns) + "|"
    for row in grid.rows:
        squares = (_square(grid.squares.get((row, column))) for column in grid.columns)
        yield "| " + " | ".join([_label(grid.label(row)), *squares]) + " |"
    yield ""


def _label(words: str) -> str:
    return text(words) or " "


def _square(square: Square | None) -> str:
    if square is None:
        return " "
    several = f" {square.alike}/{len(square.cells)}" if len(square.cells) > 1 else ""
    return f"{signs.emoji(square.outcome)} {code(signs.letter(square.outcome))}{several}"


def _legend(drawn: Iterable[Grid]) -> str:
    outcomes = dict.fromkeys(square.outcome for grid in drawn for square in grid.squares.values())
    return ", ".join(f"{signs.emoji(each)} {code(signs.letter(each))} {each}" for each in outcomes)


def _red(report: MatrixReport, result: CellResult, budget: list[int]) -> Iterator[str]:
    yield f"#### {code(result.cell)}\n"
    yield f"{result.status}, with {text(versions(result))}\n" if versions(result) else f"{result.status}\n"
    for line in phrases.troubles(result):
        yield f"- {text(line)}"
    yield f"\n```sh\n{reproduce(report.matrix, result.cell)}\n```\n"
    for check in result.checks:
        if check.log:
            yield from _log(check.name, check.log, budget)


def _log(name: str, log: str, budget: list[int]) -> Iterator[str]:
    end = phrases.clean(log[-_LOG:])
    if len(end) > budget[0]:
        yield f"The log of {text(name)} finds no room here; the HTML report has it.\n"
        return
    budget[0] -= len(end)
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall("`+", end) or [""]))
    yield f"<details><summary>{text(name)}</summary>\n\n{fence}text\n{end.rstrip()}\n{fence}\n\n</details>\n"


def _compared(report: MatrixReport) -> Iterator[str]:
    found = report.comparison
    if found is None:
        return
    yield f"### {text(phrases.summary(report))}\n"
    for each in phrases.differences(found):
        what = ": ".join(filter(None, [each.cell and code(each.cell), text(each.words)]))
        since = f" (since then: {text(each.since)})" if each.since else ""
        yield f"- **{each.word}** {what}{since}"
    yield ""


def text(words: str) -> str:
    """On one line, as it stands: nothing of it is markup, or mentions somebody."""
    return _SPECIAL.sub(r"\\\1", phrases.line(words)).replace("@", "@\u2060")


def code(words: str) -> str:
    """The same, in letters of one width."""
    line = phrases.line(words)
    fence = "`" * (max((len(ticks) for ticks in re.findall("`+", line)), default=0) + 1)
    room = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{room}{line}{room}{fence}"
