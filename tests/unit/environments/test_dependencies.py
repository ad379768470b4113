import pytest

from envmgr.environments.dependencies import Metadata, Unmet, read, unmet

MARKERS = {"python_version": "3.12", "python_full_version": "3.12.1", "sys_platform": "linux"}


def six(version="1.17.0", *requires):
    return Metadata("six", version, requires)


@pytest.mark.parametrize(
    ("requires", "problem"),
    [
        ("six>=1.10", None),
        ("Six >= 1.10 ; sys_platform == 'linux'", None),
        ("six>=2", "it needs six>=2, and 1.17.0 is installed"),
        ("idna", "it needs idna, which is not installed"),
        ("idna; sys_platform == 'win32'", None),
        ("idna; extra == 'dev'", None),
        ("six @ https://example.org/six.whl", None),
        ("no requirement at all", "its requirement 'no requirement at all' cannot be read"),
    ],
)
def test_requirements(requires, problem):
    found = unmet([six(), Metadata("web", "1", (requires,))], MARKERS)
    assert [each.distribution for each in found] == ([] if problem is None else ["web"])
    assert all(each.problem.startswith(problem) for each in found)


def test_extras_count_where_somebody_asks_them():
    web = Metadata("web", "1", ("idna; extra == 'x'", "six[y]"))
    installed = [web, six("1", "attrs; extra == 'y'")]
    assert unmet(installed, MARKERS) == (Unmet("six", "it needs attrs, which is not installed"),)
    assert unmet(installed, MARKERS, ["Web[x]>=1"])[-1] == Unmet(
        "web", "it needs idna, which is not installed"
    )


def test_the_interpreter_counts_and_a_prerelease_is_a_version():
    installed = [Metadata("a", "1rc1", (), ">=3.13"), Metadata("b", "1", ("a>=1rc0",), ">=3.8")]
    assert unmet(installed, MARKERS) == (Unmet("a", "it needs Python >=3.13; this is 3.12.1"),)
    assert unmet([Metadata("a", "odd", (), "what?")], MARKERS) == ()


def test_metadata_is_read(tmp_path):
    info = tmp_path / "My_Pkg-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: My.Pkg\nVersion: 1\nRequires-Python: >=3.8\nRequires-Dist: a>=1\n"
        "Requires-Dist: b; extra == 'x'\n\nRequires-Dist: not this one\n"
    )
    assert read(tmp_path) == (Metadata("my-pkg", "1", ("a>=1", "b; extra == 'x'"), ">=3.8"),)
