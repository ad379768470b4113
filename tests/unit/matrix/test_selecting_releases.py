"""Which release a selector leads to, for an interpreter and a platform."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from listing import Listing, arrays, pure, sdist, wheel
from packaging.specifiers import SpecifierSet

from envmgr.matrix import cpython, selectors, tags
from envmgr.matrix.releases import Target, counts, select, series, within
from envmgr.matrix.selecting import Selections, Undated, python_fits
from envmgr.tools.index import Release

LINUX = "linux-x86_64"


def of(files, name="numpy"):
    return Listing(**{name: files}).releases(name)


@pytest.mark.parametrize(
    ("selector", "python", "found"),
    [
        ("1.26", "3.11", "1.26.4"),
        ("1.26", "3.13", None),
        ("1", "3.12", "1.26.4"),
        ("2", "3.10", "2.0.2"),
        ("2", "3.12", "2.3.0"),
        ("2.0.0", "3.12", "2.0.0"),
        ("==2.0.*", "3.12", "2.0.2"),
        (">=2,<2.3", "3.12", "2.2.0"),
        (">=2.1,<2.2", "3.10", None),
        ("latest", "3.11", "2.2.0"),
        ("latest", "3.12", "2.3.0"),
        ("latest", "3.13t", None),
        ("oldest", "3.12", "1.26.0"),
        ("oldest", "3.13", "2.1.0"),
        ("next", "3.13", "2.4.0rc1"),
        ("next", "3.12", None),
        ("2.4.0rc1", "3.13", "2.4.0rc1"),
        ("2.4", "3.13", None),
        (">=2.4.0rc1", "3.13", "2.4.0rc1"),
        ("2.2.1", "3.12", None),
        ("===2.0.2", "3.12", "2.0.2"),
        ("===twenty", "3.12", None),
    ],
)
def test_a_selector_leads_to_a_release(selector, python, found):
    assert select(of(arrays()), selector, Target(python, LINUX, True)) == found


def test_oldest_is_bounded_by_what_is_allowed_and_nothing_else_is():
    target = Target("3.12", LINUX, True)
    assert select(of(arrays()), "oldest", target, SpecifierSet(">=2,<2.1")) == "2.0.0"
    assert select(of(arrays()), "latest", target, SpecifierSet("<2.1")) == "2.3.0"


@pytest.mark.parametrize(
    ("files", "target", "counted"),
    [
        ([wheel("a", "1")], Target("3.12", LINUX, False), True),
        ([wheel("a", "1", python=">=3.13")], Target("3.12", LINUX, False), False),
        ([wheel("a", "1", python=">=3.12.3")], Target("3.12", LINUX, False), True),
        ([wheel("a", "1", python=">=3.12.3")], Target("3.12.1", LINUX, False), False),
        ([wheel("a", "1", python="whatever")], Target("3.12", LINUX, False), True),
        ([wheel("a", "1", yanked=True)], Target("3.12", LINUX, False), False),
        ([wheel("a", "1", "cp39-abi3-manylinux2014_x86_64")], Target("3.12", LINUX, False), True),
        ([wheel("a", "1", "cp312-cp312-win_amd64")], Target("3.12", LINUX, True), False),
        ([wheel("a", "1", "cp312-cp312-win_amd64")], Target("3.12", "windows-x86_64", True), True),
        ([wheel("a", "1", "cp312-cp312-win_arm64")], Target("3.12", "windows-arm64", True), True),
        ([wheel("a", "1", "cp312-cp312-macosx_11_0_arm64")], Target("3.12", "macos-arm64", True), True),
        ([wheel("a", "1", "cp312-cp312-manylinux_2_28_aarch64")], Target("3.12", "linux-aarch64", 1), True),
        ([wheel("a", "1", "cp313-cp313t-manylinux_2_28_aarch64")], Target("3.13t", "linux-aarch64", 1), True),
        ([wheel("a", "1", "cp312-cp312-win_amd64"), sdist("a", "1")], Target("3.12", LINUX, True), False),
        ([sdist("a", "1")], Target("3.12", LINUX, True), True),
        ([sdist("a", "1")], Target("3.12", LINUX, False), False),
        ([sdist("a", "1", python="<3")], Target("3.12", LINUX, True), False),
        ([sdist("a", "1", yanked=True)], Target("3.12", LINUX, True), False),
        ([wheel("a", "1", "no-tag")], Target("3.12", LINUX, True), False),
    ],
)
def test_what_counts_for_a_cell(files, target, counted):
    assert counts(Release("a", "1", tuple(files)), target) is counted


def test_the_machine_itself_is_a_platform_with_tags():
    assert tags.here() in ("linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-arm64")
    assert "py3-none-any" in tags.supported("3.9", tags.here())


def test_series_of_a_window_are_those_that_began_in_it():
    since = datetime(2024, 11, 26, tzinfo=UTC)
    releases = of(arrays())
    assert list(within(releases, "minor", None, since)) == ["2.1", "2.2", "2.3"]
    assert list(within(releases, "minor", SpecifierSet(">=2.2"), None)) == ["2.2", "2.3"]
    assert list(within(releases, "major", None, None)) == ["1", "2"]
    assert list(within(releases, "patch", SpecifierSet(">=2"), None)) == [
        "2.0.0",
        "2.0.2",
        "2.1.0",
        "2.2.0",
        "2.3.0",
    ]
    assert set(series(of(pure("a", "1!2.3", "1!2.4.1.5"), "a"), "patch")) == {"1!2.3.0", "1!2.4.1.5"}


@pytest.mark.parametrize(
    ("moment", "span", "found"),
    [
        ("2026-11-26", "24 months", "2024-11-26"),
        ("2026-03-31", "1 month", "2026-02-28"),
        ("2024-02-29", "1 year", "2023-02-28"),
        ("2026-01-15", "2 weeks", "2026-01-01"),
        ("2026-01-15", "15 days", "2025-12-31"),
        ("2026-01-15", "99999 years", "0001-01-15"),
    ],
)
def test_spans_are_counted_by_the_calendar(moment, span, found):
    assert selectors.before(datetime.fromisoformat(moment), span) == datetime.fromisoformat(found)


def test_a_span_that_is_none_is_refused():
    with pytest.raises(ValueError, match="soon"):
        selectors.before(datetime(2026, 1, 1), "soon")
    assert selectors.specifier(">=x y") is None


DAY = date(2026, 11, 26)


def test_pythons_by_the_calendar():
    assert (cpython.latest(DAY), cpython.oldest(DAY), cpython.coming(DAY)) == ("3.15", "3.11", "3.16")
    assert cpython.coming(date(2026, 10, 5)) is None
    assert cpython.oldest(date(2040, 1, 1)) == cpython.MINORS[-1].version
    released = [minor.released for minor in cpython.MINORS]
    assert released == sorted(released)
    assert all(one.first_alpha < one.released < one.end_of_life for one in cpython.MINORS)


@pytest.mark.parametrize(
    ("specifier", "version", "found"),
    [
        (">=3.10", "3.10", True), ("<3.13", "3.13", False), (">=3.12.4", "3.12", True), ("==3.12.*", "3.12", True),
        (">=3.12.4", "3.12.1", False), (">=3.13", "3.13t", True), ("<3.12.4", "3.12", True),
    ],
)  # fmt: skip
def test_a_minor_version_fits_where_a_patch_of_it_does(specifier, version, found):
    assert python_fits(specifier, version) is found


def test_what_was_found_is_not_looked_for_again():
    index = Listing(numpy=arrays())
    first = Selections(index, {}, DAY)
    target = Target("3.12", LINUX, True)
    asked = [
        lambda found: found.look_up(["numpy", "nunpy"]),
        lambda found: found.release("numpy", "latest", target),
        lambda found: found.release("numpy", "next", target),
        lambda found: found.release("numpy", "oldest", target, SpecifierSet(">=2")),
        lambda found: found.series("numpy", "minor", ">=2", "24 months"),
        lambda found: found.pythons(">=3.11", "36 months"),
        lambda found: found.pythons(None, None),
        lambda found: found.exists("numpy", "9.9"),
        lambda found: found.exists("numpy", "latest"),
        lambda found: [found.python(word) for word in ("latest", "oldest", "next", "3.12")],
    ]
    said = [ask(first) for ask in asked]
    assert said == [
        ["nunpy"], "2.3.0", None, "2.0.0", ("2.1", "2.2", "2.3"), ("3.13", "3.14", "3.15"),
        tuple(minor.version for minor in cpython.released(DAY)), False, True, ["3.15", "3.11", "3.16", "3.12"],
    ]  # fmt: skip
    again = Selections(silent := Listing(), first.used, date(2030, 1, 1))
    assert [ask(again) for ask in asked[1:]] == said[1:]
    assert not silent.asked
    assert again.used.items() <= first.used.items()


def test_windows_need_days_of_publication():
    undated = Listing(a=pure("a", "1.0", day=""))
    with pytest.raises(Undated):
        Selections(undated, {}, DAY).series("a", "minor", None, "1 year")
    assert Selections(undated, {}, DAY).series("a", "minor", None, None) == ("1.0",)
    assert Selections(undated, {}, DAY).newest("a") == "1.0"
    assert Selections(Listing(), {}, DAY).newest("a") is None
