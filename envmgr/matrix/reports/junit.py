"""JUnit XML, as the readers of GitHub, GitLab and Jenkins take it: a suite is a matrix, a case a check of a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from envmgr.matrix.reporting import MatrixReport, reproduce, versions
from envmgr.matrix.reports import phrases, signs
from envmgr.model.matrix import BROKEN, FLAKY, NOT_INSTALLABLE, NOT_RUN, CellResult, CheckResult

_UNSPEAKABLE = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]|[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(reports: Iterable[MatrixReport]) -> str:
    root = Xml.Element("testsuites", name="envmgr matrix")
    for report in reports:
        _suite(root, report)
    for what in ("tests", "failures", "errors", "skipped"):
        root.set(what, str(sum(int(suite.get(what, "0")) for suite in root)))
    Xml.indent(root)
    body = Xml.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _suite(root: Xml.Element, report: MatrixReport) -> None:
    suite = Xml.SubElement(root, "testsuite", name=_said(report.matrix))
    dates = [result.at for result in report.results if result.at]
    if dates:
        suite.set("timestamp", min(dates).partition("+")[0])
    suite.set("time", f"{sum(result.seconds for result in report.results):.3f}")
    for result in report.results:
        for check in result.checks or (CheckResult("cell", result.status, 0, 0.0, result.detail),):
            _case(suite, report, result, check)
    for cell in report.missing:
        case = Xml.SubElement(suite, "testcase", classname=_said(f"{report.matrix}.{cell}"), name="cell")
        Xml.SubElement(case, "skipped", message=signs.MISSING)
    suite.set("tests", str(len(suite.findall("testcase"))))
    for what, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(what, str(len(suite.findall(f"testcase/{tag}"))))


def _case(suite: Xml.Element, report: MatrixReport, result: CellResult, check: CheckResult) -> None:
    case = Xml.SubElement(
        suite,
        "testcase",
        classname=_said(f"{report.matrix}.{result.cell}"),
        name=_said(check.name),
        time=f"{check.seconds:.3f}",
    )
    properties = {
        "status": check.status,
        "versions": versions(result),
        "command": reproduce(report.matrix, result.cell),
    }
    if check.status == FLAKY:
        properties |= {"flaky": "true", "attempts": str(check.attempts)}
    if result.expected is not None:
        properties["expected"] = phrases.expected(result.expected)
    holder = Xml.SubElement(case, "properties")
    for name, value in properties.items():
        if value:
            Xml.SubElement(holder, "property", name=name, value=_said(value))
    message = _said(check.detail or phrases.few(check.failures) or check.status)
    if check.status in NOT_RUN and check.status != NOT_INSTALLABLE:
        Xml.SubElement(case, "skipped", message=f"{check.status}: {message}")
    elif check.status in BROKEN and not result.red and result.expected is not None:
        Xml.SubElement(case, "skipped", message=_said(phrases.expected(result.expected)))
    elif check.status in BROKEN:
        tag = "error" if check.status == NOT_INSTALLABLE else "failure"
        Xml.SubElement(case, tag, message=message, type=check.status).text = _said(check.log or message)
        return
    if check.log:
        Xml.SubElement(case, "system-out").text = _said(check.log)


def _said(text: str) -> str:
    """What XML has no way to say is left out."""
    return _UNSPEAKABLE.sub("", text)
