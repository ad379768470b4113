"""What each report says; the HTML page has its tests in tests/browser."""

import json
import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import click
import pytest
from sample_results import HOSTILE, REFERENCE, matrix, report, result

from envmgr.matrix import spelling
from envmgr.matrix.comparing import compare
from envmgr.matrix.reporting import counts
from envmgr.matrix.reports import document, html, junit, markdown, terminal
from envmgr.matrix.reports.heatmap import grids
from envmgr.matrix.slowness import Ratio
from envmgr.model.matrix import Expectation, Sample

RENDERERS = {"terminal": lambda found: terminal.render(found, 80), "markdown": markdown.render, "html": html.render,
             "junit": junit.render, "json": document.render}  # fmt: skip
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@pytest.fixture
def compared(tmp_path):
    found = report()
    before = [replace(each, pins={"numpy": "1", "pytest": "8"}) for each in found.results[1:]]
    before[1] = result(dict(before[1].values), pins={"numpy": "1"})
    gone = result({"numpy": "1.20", "python": "3.8", "pandas": "none"})
    spelling.write_file(tmp_path / "old.json", matrix(), [*before, gone])
    older = spelling.read_file(tmp_path / "old.json")
    slowed = replace(older, ratios={**older.ratios, found.slow[0].cell: {"numpy.sort": 1.0}})
    return replace(found, comparison=compare(found.results, found.ratios, slowed, "old.json"))


def plain(found, width=80):
    return click.unstyle(terminal.render([found], width))


@pytest.mark.parametrize("name", RENDERERS)
def test_everything_is_said_in_each_form(compared, name):
    text = RENDERERS[name]([compared])
    for word in ("numpy=1.26,python=3.12,pandas=none", "1.26.4", "timed-out", "known-broken"):
        assert word in text.replace("\\", ""), word
    if name != "junit":
        for word in ("numpy.sort", "1.5", "old.json"):
            assert word in text.replace("\\", ""), word


@pytest.mark.parametrize("name", RENDERERS)
def test_nothing_that_a_log_says_has_an_effect(compared, name):
    text = RENDERERS[name]([compared])
    assert not CONTROL.search(click.unstyle(text) if name == "terminal" else text)
    if name == "html":
        assert "<script>document" not in text
        assert "<img" not in text


def test_the_heat_map_reads_without_colour():
    assert [line.rstrip() for line in plain(report()).splitlines()[2:8]] == [
        "pandas none",
        "              python",
        "numpy         3.11  3.12  3.13",
        "1.26           .     F     M",
        "2.0            I     e     ~",
        "latest 2.4.1   t     x     ?",
    ]


def test_columns_without_room_stand_below():
    many = [result({"numpy": "2.0", "python": f"3.{minor}"}) for minor in range(30)]
    for width in (40, 70, 400):
        lines = plain(report(many, timing=None), width).splitlines()
        assert max(map(len, lines)) <= width
        assert sum(line.count(" . ") for line in lines) >= 30


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([{"numpy": "2.0", "python": "3.11"}], [("", "", ("",), ("",))]),
        ([{"numpy": "2.0"}, {"numpy": "1.26"}], [("numpy", "", ("1.26", "2.0"), ("",))]),
        ([{"python": "3.11"}, {"python": "3.12"}], [("python", "", ("3.11", "3.12"), ("",))]),
        (
            [{"six": "1", "python": "3.11"}, {"six": "2", "python": "3.12"}, {"six": "3", "python": "3.12"}],
            [("six", "python", ("1", "2", "3"), ("3.11", "3.12"))],
        ),
    ],
)
def test_axes_that_do_not_vary_take_no_room(cells, expected):
    found = grids(report([result(each) for each in cells]))
    assert [(each.down, each.across, each.rows, each.columns) for each in found] == expected


def test_sparse_groups_are_laid_over_each_other():
    few = [
        result({"numpy": "2.0", "python": "3.11", "pandas": p}, s)
        for p, s in (("none", "passed"), ("latest", "failed"))
    ]
    few.append(result({"numpy": "1.26", "python": "3.12", "pandas": "none"}))
    (grid,) = grids(report(few))
    square = grid.squares["2.0", "3.11"]
    assert (square.outcome, square.alike, len(square.cells)) == ("failed", 1, 2)
    assert "F 1/2" in plain(report(few))
    assert "❌ `F` 1/2" in markdown.render([report(few)])


def test_nothing_yet():
    empty = report([], missing=())
    assert plain(empty) == "numpy: no cells"
    assert "No matrix has results yet." in html.render([])
    assert 'tests="0"' in junit.render([empty])


def test_where_it_comes_from_is_said():
    lent = report(source="numpy.results.json", notes=("there is no numpy 3 yet",))
    for text in (plain(lent), html.render([lent]), markdown.render([lent])):
        assert "numpy 3 yet" in text.replace("\\", "")
    assert "numpy.results.json, which has no logs" in plain(lent)


def test_markdown_tables_are_tables(compared):
    text = markdown.render([compared])
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) == 2
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert widths == {5}
    assert re.findall(r"^\*\*(.*)\*\*$", text, re.MULTILINE) == ["pandas none", "pandas latest"]
    assert "```sh\nenvmgr matrix run numpy --cell numpy=1.26,python=3.12,pandas=none --again\n```" in text


def test_markdown_says_nothing_but_what_was_said():
    for words in (HOSTILE, "a*b_c", "`x`", "<details>", "@team", "a | b", "#1"):
        assert not re.search(r"(?<!\\)[`*_<>|#]", markdown.text(words))
        assert "@all" not in markdown.text(words)
    assert markdown.code("a`b") == "``a`b``"
    assert markdown.code("`a") == "`` `a ``"


def test_logs_end_where_a_comment_would():
    long = [result({"numpy": str(n)}, "failed", log="x" * 9000 + "`" * 5, resolved={}) for n in range(40)]
    text = markdown.render([report(long)])
    assert len(text) < 65_536
    assert text.count("finds no room") > 0
    assert "``````text" in text, "a fence is longer than any in it"


CASE = "skipped error failure flakyFailure system-out"
JUNIT = {
    "testsuites": ("name time tests failures errors", "testsuite"),
    "testsuite": ("name tests failures errors skipped time timestamp", "testcase"),
    "testcase": ("name classname time", CASE),
    **dict.fromkeys(CASE.split(), ("message type", "")),
}
"""Of junit-10.xsd, by which Jenkins' xUnit plugin refuses a file: the attributes and children that we use."""


def test_what_is_known_to_be_broken_and_passes_is_said():
    known = Expectation("known-broken", "old", date(2027, 6, 1))
    found = report([result(expected=known), result({"numpy": "2.0"}, expected=Expectation("allow-failure"))])
    words = "expected broken, passes (known-broken until 2027-06-01: old)"
    for text in (plain(found), markdown.render([found]).replace("\\", ""), html.render([found])):
        assert text.count(words) == 1
    assert words.replace(" (", ": ")[:-1] in junit.render([found])
    assert [each["mended"] for each in document.document(found)["results"]] == [True, False]


def test_junit_is_what_readers_take(compared):
    root = ElementTree.fromstring(junit.render([compared]))
    (suite,) = root
    cases = suite.findall("testcase")
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.keys()) <= {*attributes.split()}, element.tag
        assert {child.tag for child in element} <= {*children.split()}, element.tag
    assert int(suite.get("tests")) == len(cases) == int(root.get("tests"))
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    assert {what: suite.get(what) for what in ("failures", "errors", "skipped")} == {
        "failures": "3", "errors": "1", "skipped": "10",
    }  # fmt: skip
    broken = next(case for case in cases if case.find("failure") is not None)
    assert broken.get("classname") == "matrices.numpy"
    assert broken.get("name") == "arrays[numpy=1.26,python=3.12,pandas=none]"
    assert "ImportError" in broken.find("failure").get("message")
    assert "<script>" in broken.find("failure").text
    again = "\nenvmgr matrix run numpy --cell numpy=1.26,python=3.12,pandas=none --again"
    assert broken.find("system-out").text == f"failed, with numpy 1.26.4, Python 3.12.4{again}"
    flaky = [case for case in cases if case.find("flakyFailure") is not None]
    assert len(flaky) == 2
    assert all(case.find("failure") is None for case in flaky)
    assert all(float(case.get("time")) >= 0 for case in cases)
    assert float(root.get("time")) == float(suite.get("time")) > 0
    assert suite.get("timestamp") == "2026-11-20T10:00:00"


def test_json_has_a_schema_and_the_command(compared):
    whole = json.loads(document.render([compared]))
    (found,) = whole["matrices"]
    assert (whole["schema"], found["ok"]) == (1, False)
    failed = next(each for each in found["results"] if each["status"] == "failed")
    assert failed["red"]
    assert failed["command"] == "envmgr matrix run numpy --cell numpy=1.26,python=3.12,pandas=none --again"
    assert found["slower"][0]["ratio"][:2] == [1.5, 1.5]
    assert found["comparison"]["broken"][0]["moves"]
    assert REFERENCE in found["timing"]["reference"]


def test_what_befell_a_whole_cell_and_what_became_faster(tmp_path):
    found = report([result(status="unresolvable", detail="numpy needs\x1b[1m Python 3.12")])
    assert "numpy needs Python 3.12" in html.render([found])
    samples = [Sample("numpy.sort", (ratio,) * 7, (1.0,) * 7) for ratio in (2.0, 1.0)]
    spelling.write_file(tmp_path / "old.json", matrix(), [result(samples=samples[:1], cell=REFERENCE)])
    now = report([result(samples=samples[1:], cell=REFERENCE)])
    older = spelling.read_file(tmp_path / "old.json")
    for before, words in ((older, "faster"), (replace(older, ratios={}), "nothing is broken that was not")):
        compared = replace(now, comparison=compare(now.results, now.ratios, before, "old.json"))
        for text in (plain(compared), markdown.render([compared]), html.render([compared])):
            assert words in text
    lent = replace(now, ratios={REFERENCE: {"numpy.sort": Ratio(1.5, 1.5, 1.5, 0)}})
    assert "numpy.sort: 1.50× of the reference" in html.render([lent])


def test_counts():
    assert counts(report([result()])) == "1 cell: 1 passed"
    assert counts(report([result(), result({"numpy": "2.0"}, "failed")], missing=("x",))) == (
        "3 cells: 1 passed, 1 failed, 1 without a result (1 red)"
    )
