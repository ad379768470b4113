"""A cell's result as JSON can say it: all of it; or what is the same when the same is run again, without seconds,
dates, logs, addresses and temporary paths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from envmgr.model.matrix import CellResult, CheckResult, Expectation, Sample

_UNSTEADY = (
    (re.compile(r"\b0x[0-9a-fA-F]{4,}"), "0x…"),
    (re.compile(r"(?:/private)?/(?:tmp|var/folders|dev/shm)/[^\s'\":,)\]]+"), "…"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:ms|s|seconds?)\b"), "… s"),
    (re.compile(r"\b(pid|process) \d+"), r"\1 …"),
)


def to_plain(result: CellResult) -> dict[str, Any]:
    """All of it, as JSON can say it; what is empty is left out."""
    named = {
        "cell": result.cell,
        "matrix": result.matrix,
        "values": dict(result.values),
        "status": result.status,
    }
    return named | _filled(
        detail=result.detail,
        expected=None if result.expected is None else _expectation(result.expected),
        python=result.python,
        resolved=dict(result.resolved),
        pins=dict(result.pins),
        checks=[_check(check) for check in result.checks],
        fingerprint=result.fingerprint,
        seconds=result.seconds,
        at=result.at,
    )


def from_plain(plain: Mapping[str, Any]) -> CellResult:
    """Either form back, the second with `matrix` added. Raises ValueError, KeyError or TypeError for another."""
    expected = plain.get("expected")
    return CellResult(
        matrix=_text(plain["matrix"]),
        cell=_text(plain["cell"]),
        values=_texts(plain["values"]),
        status=_text(plain["status"]),
        fingerprint=_text(plain.get("fingerprint", "")),
        python=_text(plain.get("python", "")),
        resolved=_texts(plain.get("resolved", {})),
        pins=_texts(plain.get("pins", {})),
        checks=tuple(map(_check_back, plain.get("checks", ()))),
        seconds=float(plain.get("seconds", 0.0)),
        at=_text(plain.get("at", "")),
        detail=_text(plain.get("detail", "")),
        expected=None if expected is None else _expectation_back(expected),
    )


def steady(result: CellResult, ratios: Mapping[str, float]) -> dict[str, Any]:
    """What a committed file says of a cell; `ratios` are those of its timings."""
    named = {"cell": result.cell, "values": dict(result.values), "status": result.status}
    return named | _filled(
        detail=_steadied(result.detail),
        expected=None if result.expected is None else _expectation(result.expected),
        python=result.python,
        resolved=dict(sorted(result.resolved.items())),
        pins=dict(sorted(result.pins.items())),
        checks=[
            {"name": check.name, "status": check.status}
            | _filled(detail=_steadied(check.detail), failures=sorted(check.failures))
            for check in result.checks
        ],
        ratios=dict(sorted(ratios.items())),
    )


def _check(check: CheckResult) -> dict[str, Any]:
    return {"name": check.name, "status": check.status} | _filled(
        attempts=check.attempts,
        seconds=check.seconds,
        detail=check.detail,
        failures=list(check.failures),
        samples=[
            {"name": sample.name} | _filled(seconds=list(sample.seconds), reference=list(sample.reference))
            for sample in check.samples
        ],
        log=check.log,
    )


def _check_back(plain: Mapping[str, Any]) -> CheckResult:
    return CheckResult(
        name=_text(plain["name"]),
        status=_text(plain["status"]),
        attempts=int(plain.get("attempts", 0)),
        seconds=float(plain.get("seconds", 0.0)),
        detail=_text(plain.get("detail", "")),
        log=_text(plain.get("log", "")),
        failures=tuple(map(_text, plain.get("failures", ()))),
        samples=tuple(
            Sample(
                _text(sample["name"]),
                tuple(map(float, sample.get("seconds", ()))),
                tuple(map(float, sample.get("reference", ()))),
            )
            for sample in plain.get("samples", ())
        ),
    )


def _expectation(expected: Expectation) -> dict[str, str]:
    until = "" if expected.until is None else expected.until.isoformat()
    return {"kind": expected.kind} | _filled(reason=expected.reason, until=until)


def _expectation_back(plain: Mapping[str, Any]) -> Expectation:
    until = plain.get("until")
    return Expectation(
        _text(plain["kind"]),
        _text(plain.get("reason", "")),
        None if until is None else date.fromisoformat(until),
    )


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _texts(value: Mapping[str, Any]) -> dict[str, str]:
    return {_text(name): _text(each) for name, each in value.items()}


def _steadied(text: str) -> str:
    for pattern, instead in _UNSTEADY:
        text = pattern.sub(instead, text)
    return text
