"""One page that needs nothing else: no network, no other file. It reads without JavaScript, which adds filters,
sorting and the way from a square to its row. What stands in logs is text: it is escaped, and the page's policy runs
no script and takes no style but its own two.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any

from envmgr.matrix.reporting import MatrixReport, axes_of, counts, reproduce, versions
from envmgr.matrix.reports import phrases, signs
from envmgr.matrix.reports.heatmap import Grid, grids
from envmgr.model.matrix import CellResult


def render(reports: Iterable[MatrixReport]) -> str:
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    style, script = _file("page.css"), _file("page.js")
    listed = list(reports)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_file("page.html")).render(
        title=" · ".join(["Compatibility", *(report.matrix for report in listed)]),
        made=_made(listed),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        style_hash=_hash(style),
        script_hash=_hash(script),
        sections=[_section(number, report) for number, report in enumerate(listed, 1)],
    )


def _section(number: int, report: MatrixReport) -> dict[str, Any]:
    targets = {result.cell: f"m{number}c{place}" for place, result in enumerate(report.results, 1)}
    axes = axes_of(report.results, report.axes)
    excuses = dict(phrases.excuses(report))
    drawn = grids(report)
    outcomes = dict.fromkeys(map(signs.outcome, report.results))
    seen = [*outcomes, *([signs.MISSING] if report.missing else [])]
    return {
        "report": report,
        "counts": counts(report),
        "notes": [
            *([f"Read from {report.source}, which has no logs."] if report.source else []),
            *report.notes,
            *([f"No result yet of {phrases.few(report.missing)}."] if report.missing else []),
        ],
        "grids": [_grid(grid, targets) for grid in drawn],
        "legend": [_sign(each) for each in sorted(seen, key=signs.letter)],
        "outcomes": sorted(outcomes),
        "comparison": _comparison(report, targets),
        "slow": [
            {"cell": each.cell, "target": targets[each.cell], "words": phrases.slow(each)}
            for each in report.slow
        ],
        "filters": [{"name": axis, "values_": seen} for axis, seen in axes.items() if len(seen) > 1],
        "columns": ["outcome", *axes, "versions", "seconds", "what"],
        "rows": [_row(report, result, axes, targets[result.cell], excuses) for result in report.results],
    }


def _grid(grid: Grid, targets: Mapping[str, str]) -> dict[str, Any]:
    def square(row: str, column: str) -> dict[str, str] | None:
        found = grid.squares.get((row, column))
        if found is None:
            return None
        several = f" {found.alike}/{len(found.cells)}" if len(found.cells) > 1 else ""
        there = [targets[cell] for cell in found.cells if cell in targets]
        cells = "; ".join(found.cells)
        return {
            **_sign(found.outcome),
            "letter": signs.letter(found.outcome) + several,
            "target": there[0] if there else "",
            "only": json.dumps({grid.down: row, grid.across: column}) if len(there) > 1 else "",
            "title": f"{cells}: {found.outcome}{several}",
        }

    return {
        "title": grid.title,
        "corner": " \\ ".join(filter(None, [grid.down, grid.across])),
        "columns": grid.columns,
        "rows": [
            {"name": grid.label(row), "squares": [square(row, column) for column in grid.columns]}
            for row in grid.rows
        ],
    }


def _row(
    report: MatrixReport, result: CellResult, axes: Iterable[str], target: str, excuses: Mapping[str, str]
) -> dict[str, Any]:
    outcome = signs.outcome(result)
    values = {axis: result.values.get(axis, "") for axis in axes}
    data = {"values": {**values, " outcome": outcome}, "red": result.red}
    ratios = report.ratios.get(result.cell, {})
    return {
        **_sign(outcome),
        "rank": signs.rank(outcome),
        "target": target,
        "data": json.dumps(data),
        "values_": values.values(),
        "versions": versions(result),
        "seconds": f"{result.seconds:.3f}",
        "took": f"{result.seconds:.1f}" if result.seconds else "",
        "expected": excuses.get(result.cell)
        or (phrases.expected(result.expected) if result.expected else ""),
        "troubles": list(phrases.troubles(result)),
        "summary": "log" if any(check.log for check in result.checks) else "more",
        "command": reproduce(report.matrix, result.cell),
        "pins": ", ".join(f"{name} {version}" for name, version in result.pins.items()),
        "checks": [
            {
                "name": check.name,
                "words": phrases.check(check),
                "failures": [phrases.line(each) for each in check.failures],
                "log": phrases.clean(check.log),
            }
            for check in result.checks
        ],
        "ratios": [f"{name}: {phrases.ratio(found)} of the reference" for name, found in ratios.items()],
    }


def _comparison(report: MatrixReport, targets: Mapping[str, str]) -> dict[str, Any] | None:
    found = report.comparison
    if found is None:
        return None

    return {
        "title": phrases.summary(report),
        "lines": [
            {
                "word": each.word,
                "color": each.color,
                "cell": each.cell,
                "target": targets.get(each.cell, ""),
                "words": each.words + (f"; since then {each.since}" if each.since else ""),
            }
            for each in phrases.differences(found)
        ],
    }


def _made(reports: Iterable[MatrixReport]) -> str:
    dates = [result.at for report in reports for result in report.results if result.at]
    if not dates:
        return ""
    first, last = min(dates)[:10], max(dates)[:10]
    return f"Cells that ran on {first}" if first == last else f"Cells that ran from {first} to {last}"


def _sign(outcome: str) -> dict[str, str]:
    return {"outcome": outcome, "letter": signs.letter(outcome), "color": signs.color(outcome)}


def _file(name: str) -> str:
    return resources.files("envmgr.matrix.reports").joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
