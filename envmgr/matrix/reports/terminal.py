"""A heat map as wide as the terminal, and below it what one has to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click

from envmgr.matrix.reporting import MatrixReport, counts, reproduce, versions
from envmgr.matrix.reports import phrases, signs
from envmgr.matrix.reports.heatmap import Grid, Square, grids

_PAINT: dict[str, dict[str, Any]] = {
    signs.GREEN: {"fg": "black", "bg": "green"},
    signs.YELLOW: {"fg": "black", "bg": "yellow"},
    signs.RED: {"fg": "white", "bg": "red", "bold": True},
    signs.GREY: {"fg": "white", "bg": "bright_black"},
}
_LABEL = 28
"""A label is cut there."""
_NARROWEST = 40


def render(reports: Iterable[MatrixReport], width: int) -> str:
    """With colours, which `click.echo` takes away where they do not belong."""
    return "\n\n".join("\n".join(_lines(report, max(width, _NARROWEST))) for report in reports)


def _lines(report: MatrixReport, width: int) -> Iterator[str]:
    yield click.style(report.matrix, bold=True) + f": {counts(report)}"
    if report.source:
        yield f"read from {report.source}, which has no logs"
    yield from report.notes
    drawn = grids(report)
    for grid in drawn:
        yield ""
        yield from _drawn(grid, width)
    if drawn:
        yield ""
        yield _legend(drawn, width)
    for result in report.red:
        yield ""
        title = click.style(result.status, fg="red", bold=True)
        yield f"{title}: {result.cell}" + (f" ({versions(result)})" if versions(result) else "")
        yield from (f"  {line}" for line in phrases.troubles(result))
        yield f"  {reproduce(report.matrix, result.cell)}"
    excused = list(phrases.excuses(report))
    if excused:
        yield ""
        yield from (f"{cell}: {excuse}" for cell, excuse in excused)
    if report.slow:
        yield ""
        for found in report.slow:
            yield click.style("slower", fg="yellow", bold=True) + f": {found.cell}: {phrases.slow(found)}"
    yield from _compared(report)


def _compared(report: MatrixReport) -> Iterator[str]:
    found = report.comparison
    if found is None:
        return
    yield ""
    yield click.style(phrases.summary(report), bold=True)
    for each in phrases.differences(found):
        word = each.word if each.color == signs.GREY else click.style(each.word, fg=each.color)
        yield ": ".join(filter(None, [word, each.cell, each.words]))
        if each.since:
            yield f"  since then: {each.since}"


def _drawn(grid: Grid, width: int) -> Iterator[str]:
    """Columns that find no room stand in a further block below."""
    if grid.title:
        yield click.style(grid.title, bold=True)
    label = max(len(_cut(word)) for word in (*map(grid.label, grid.rows), grid.down))
    wide = [max(len(_cut(column)), 3, *_marks(grid, column)) for column in grid.columns]
    start = 0
    while start < len(grid.columns):
        end, used = start, label
        while end < len(grid.columns) and (end == start or used + wide[end] + 2 <= width):
            used += wide[end] + 2
            end += 1
        columns = list(zip(grid.columns[start:end], wide[start:end], strict=True))
        if grid.across:
            yield f"{'':{label}}  {grid.across}"
        heads = "".join(f"  {_cut(column):^{room}}" for column, room in columns)
        yield f"{_cut(grid.down):{label}}{heads}".rstrip()
        for row in grid.rows:
            squares = "".join(
                f"  {_painted(grid.squares.get((row, column)), room)}" for column, room in columns
            )
            yield f"{_cut(grid.label(row)):{label}}{squares}"
        start = end


def _marks(grid: Grid, column: str) -> Iterator[int]:
    yield from (len(_mark(grid.squares.get((row, column)))) for row in grid.rows)


def _mark(square: Square | None) -> str:
    """Its letter; with how many of its cells are so, where they are several."""
    if square is None:
        return ""
    several = f" {square.alike}/{len(square.cells)}" if len(square.cells) > 1 else ""
    return f"{signs.letter(square.outcome)}{several}"


def _painted(square: Square | None, room: int) -> str:
    if square is None:
        return " " * room
    return click.style(f"{_mark(square):^{room}}", **_PAINT[signs.color(square.outcome)])


def _legend(drawn: Iterable[Grid], width: int) -> str:
    outcomes = dict.fromkeys(square.outcome for grid in drawn for square in grid.squares.values())
    words = (f"{signs.letter(each)} {each}" for each in sorted(outcomes, key=signs.letter))
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) + 3 > width:
            lines.append("")
        lines[-1] += f"   {word}" if lines[-1] else word
    return "\n".join(lines)


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"
