"""JUnit XML, as the readers of GitHub, GitLab and Jenkins take it: a suite is a matrix, a case a check of a cell.

Nothing is in it that the schema of Jenkins' xUnit plugin (junit-10.xsd) does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from envmgr.matrix.reporting import MatrixReport, reproduce, versions
from envmgr.matrix.reports import phrases, signs
from envmgr.model.matrix import BROKEN, FLAKY, NOT_INSTALLABLE, NOT_RUN, CellResult, CheckResult

_CELL = "cell"
_UNSPEAKABLE = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]|[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(reports: Iterable[MatrixReport]) -> str:
    root = Xml.Element("testsuites", name="envmgr matrix")
    for report in reports:
        _suite(root, report)
    for what in ("tests", "failures", "errors"):
        root.set(what, str(sum(int(suite.get(what, "0")) for suite in root)))
    root.set("time", f"{sum(float(suite.get('time', 0)) for suite in root):.3f}")
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
        for check in result.checks or (CheckResult(_CELL, result.status, 0, 0.0, result.detail),):
            _case(suite, report, result, check)
    for cell in report.missing:
        Xml.SubElement(_named(suite, report, cell, _CELL, 0.0), "skipped", message=signs.MISSING)
    suite.set("tests", str(len(suite.findall("testcase"))))
    for what, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(what, str(len(suite.findall(f"testcase/{tag}"))))


def _named(suite: Xml.Element, report: MatrixReport, cell: str, check: str, seconds: float) -> Xml.Element:
    """As tests with parameters are called: a cell's id has dots, at which readers split the name of a class."""
    return Xml.SubElement(
        suite,
        "testcase",
        classname=_said(f"matrices.{report.matrix}"),
        name=_said(f"{check}[{cell}]"),
        time=f"{seconds:.3f}",
    )


def _case(suite: Xml.Element, report: MatrixReport, result: CellResult, check: CheckResult) -> None:
    case = _named(suite, report, result.cell, check.name, check.seconds)
    message = _said(check.detail or phrases.few(check.failures) or check.status)
    about = [f"{check.status}, with {versions(result)}" if versions(result) else check.status]
    about += [reproduce(report.matrix, result.cell)]
    log = check.log
    if check.status in NOT_RUN and check.status != NOT_INSTALLABLE:
        Xml.SubElement(case, "skipped", message=f"{check.status}: {message}")
    elif check.status in BROKEN and not result.red and result.expected is not None:
        excuse = f"{check.status} as expected: {phrases.expected(result.expected)}"
        Xml.SubElement(case, "skipped", message=_said(excuse))
    elif check.status in BROKEN:
        tag = "error" if check.status == NOT_INSTALLABLE else "failure"
        Xml.SubElement(case, tag, message=message, type=check.status).text = _said(check.log or message)
        log = ""
    elif check.status == FLAKY:
        Xml.SubElement(case, "flakyFailure", message=message, type=FLAKY)
    if result.mended and result.expected is not None:
        about.append(f"expected broken, passes: {phrases.expected(result.expected)}")
    Xml.SubElement(case, "system-out").text = _said("\n".join([*about, *([log] if log else [])]))


def _said(text: str) -> str:
    """What XML has no way to say is left out."""
    return _UNSPEAKABLE.sub("", text)
