"""The same as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from typing import Any

from envmgr.matrix.plain import to_plain
from envmgr.matrix.reporting import MatrixReport, reproduce
from envmgr.matrix.slowness import Ratio

SCHEMA = 1


def document(report: MatrixReport) -> dict[str, Any]:
    """What stands under `matrices` for each one: results are those of state.db, with `red` and the `command` that
    runs the cell again; a ratio is `[estimate, low, high, rounds]`."""
    return {
        "matrix": report.matrix,
        "library": report.library,
        "axes": {axis: list(values) for axis, values in report.axes.items()},
        "ok": not report.failed,
        "source": report.source,
        "notes": list(report.notes),
        "missing": list(report.missing),
        "timing": None
        if report.timing is None
        else {"reference": report.timing.reference, "threshold": report.timing.threshold},
        "results": [
            {
                **to_plain(result),
                "red": result.red,
                "mended": result.mended,
                "command": reproduce(report.matrix, result.cell),
                "ratios": {name: ratio(found) for name, found in report.ratios.get(result.cell, {}).items()},
            }
            for result in report.results
        ],
        "slower": [
            {"cell": each.cell, "check": each.check, "name": each.name, "ratio": ratio(each.ratio)}
            for each in report.slow
        ],
        "comparison": None if report.comparison is None else _plain(report.comparison),
    }


def render(reports: Iterable[MatrixReport]) -> str:
    whole = {"schema": SCHEMA, "matrices": [document(report) for report in reports]}
    return json.dumps(whole, indent=2, allow_nan=False) + "\n"


def ratio(found: Ratio) -> list[float | int | None]:
    high = None if math.isinf(found.high) else round(found.high, 4)
    return [round(found.estimate, 4), round(found.low, 4), high, found.rounds]


def _plain(value: Any) -> Any:
    if isinstance(value, Ratio):
        return ratio(value)
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value
