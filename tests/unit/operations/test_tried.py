"""What matrices say of a version."""

import os

from envmgr.environments.layout import Layout
from envmgr.matrix import results, spelling
from envmgr.model.matrix import CellResult, CheckResult, Expectation, Matrix
from envmgr.model.outcomes import Pin
from envmgr.operations import tried

PINS = (Pin("Web_Lib", "2.0"), Pin("core", "1"))


def result(cell, status="passed", version="2.0", *, python="3.12.4", matrix="web", **more):
    resolved = {"web-lib": version, **more.pop("resolved", {})}
    return CellResult(matrix, cell, {"web-lib": cell}, status, "f", python, resolved, **more)


def commit(layout, *found, matrix="web"):
    path = spelling.committed(layout.root, matrix)
    spelling.write_file(path, Matrix(matrix, path, "web", {}, (), ()), found)
    return path


def of(layout):
    return tried.of(layout, "web-lib", "2.0", "3.12.1", PINS)


def test_without_matrices_nothing_is_said(tmp_path):
    assert of(Layout(tmp_path)) == tried.Tried()


def test_red_are_cells_of_this_version_interpreter_and_companions(tmp_path):
    checks = (CheckResult("a", "passed", 1, 0.0), CheckResult("b", "failed", 1, 0.0, "2 tests failed"))
    commit(
        Layout(tmp_path),
        result("own", "failed", checks=checks),
        result("slow", "timed-out"),
        result("with", "failed", resolved={"Core": "1"}, detail="no"),
        result("other-companion", "failed", resolved={"core": "2"}),
        result("no-companion", "failed", resolved={"pandas": "3"}),
        result("other-python", "failed", python="3.11.9"),
        result("other-version", "failed", "1.0"),
        result("expected", "failed", expected=Expectation("allow-failure")),
        result("unresolvable", "unresolvable"),
        result("fine"),
    )
    found = of(Layout(tmp_path))
    assert found.red == (
        "matrix web is red: own failed: 2 tests failed",
        "matrix web is red: slow timed-out",
        "matrix web is red: with failed: no",
    )
    assert len(found.cells) == 9
    assert found.unknown == ()


def test_a_library_without_an_axis_of_its_own_is_what_was_installed(tmp_path):
    layout = Layout(tmp_path)

    def without_axis(cell, version, matrix="web", **more):
        pins = {"Web.Lib": version, "core": "7"}
        return CellResult(matrix, cell, {}, "failed", "f", "3.12.4", {}, pins, **more)

    commit(layout, without_axis("python=3.12", "2.0"), without_axis("python=3.12,core=1", "1.0"))
    results.keep(layout, without_axis("own", "2.0", at="2999-01-01T00:00:00+00:00"))
    commit(layout, without_axis("of another library, which has it", "2.0", "other"), matrix="other")
    (tmp_path / "matrices" / "other.toml").write_text('library = "core"')
    (tmp_path / "matrices" / "odd.toml").write_text("library = [")
    assert tried.of(layout, "web-lib", "2.0", "3.12.1", PINS).cells == ()
    found = tried.of(layout, "web-lib", "2.0", "3.12.1", PINS, "web")
    assert found.red == ("matrix web is red: python=3.12 failed", "matrix web is red: own failed")
    (tmp_path / "matrices" / "web.toml").write_text('library = "web_lib"')
    assert tried.of(layout, "web-lib", "2.0", "3.12.1", PINS).red == found.red


def test_of_a_cell_the_later_result_counts(tmp_path):
    layout = Layout(tmp_path)
    path = commit(layout, result("a", "failed"), result("b", "failed"), result("c", "failed"))
    os.utime(path, (1_600_000_000, 1_600_000_000))  # 2020-09-13
    results.keep(layout, result("a", at="2021-01-01T00:00:00+00:00"))
    results.keep(layout, result("b", at="2019-01-01T00:00:00+00:00"))
    results.keep(layout, result("d", "failed", at="2019-01-01T00:00:00+00:00"))
    assert {cell: status for _, cell, status in of(layout).cells} == {
        "a": "passed",
        "b": "failed",
        "c": "failed",
        "d": "failed",
    }


def test_a_matrix_of_the_distribution_without_a_result_is_not_known_to_be_green(tmp_path):
    layout = Layout(tmp_path)
    commit(layout, result("a", version="1.0"), result("b", python="3.11.2"))
    commit(
        layout, CellResult("other", "c", {"x": "1"}, "passed", "f", "3.12.1", {"other": "1"}), matrix="other"
    )
    (tmp_path / "matrices" / "new.toml").write_text("")
    (unknown,) = of(layout).unknown
    assert unknown == (
        "whether matrix web is green: it has no result for web-lib 2.0 on Python 3.12; run `envmgr matrix run web`"
    )
    commit(layout, result("a", matrix="more"), matrix="more")
    assert of(layout).unknown == ()


def test_files_that_cannot_be_read_are_told(tmp_path):
    layout = Layout(tmp_path)
    commit(layout, result("a")).write_text("[]")
    layout.home.mkdir()
    layout.state.mkdir()
    unknown = of(layout).unknown
    assert "what web.results.json says: " in unknown[0]
    assert "what was run of matrix web here: " in unknown[1]
