import tomllib

from envmgr.tools import uv_projects
from envmgr.tools.uv_projects import Terms

WORDS = ['a"b', "c\\d", "x; python_version < '3.9'"]


def read(path):
    return tomllib.loads(path.read_text("utf-8"))


def test_a_project_has_its_terms(tmp_path):
    terms = Terms(
        constraints=WORDS, overrides=("idna==2",), no_build=True, platforms=WORDS[2:], resolution="lowest"
    )
    uv_projects.write(tmp_path, WORDS, "==3.12.*", terms, ())
    found = read(tmp_path / "pyproject.toml")
    assert found["project"]["dependencies"] == WORDS
    assert found["project"]["requires-python"] == "==3.12.*"
    said = found["tool"]["uv"]
    assert (said["constraint-dependencies"], said["override-dependencies"]) == (WORDS, ["idna==2"])
    assert (said["no-build"], said["resolution"]) == (True, "lowest")
    assert said["environments"] == said["required-environments"] == WORDS[2:]
    assert not (tmp_path / "uv.lock").exists()


def test_pins_are_what_uv_prefers(tmp_path):
    pins = [("six", "1.17.0"), ("idna", "3"), ("idna", "2")]
    uv_projects.write(tmp_path, ["six"], "==3.12.*", Terms(exclude_newer="2026-01-01T00:00:00Z"), pins)
    found = read(tmp_path / "uv.lock")
    assert [(package["name"], package["version"]) for package in found["package"]] == sorted(pins)
    assert found["options"] == {"exclude-newer": "2026-01-01T00:00:00Z"}
    assert "environments" not in read(tmp_path / "pyproject.toml")["tool"]["uv"]


def test_a_workspace_has_a_member_for_each_that_asks(tmp_path):
    uv_projects.write_workspace(tmp_path, {"one": ["six"], "two": WORDS}, "==3.12.*", Terms())
    assert read(tmp_path / "pyproject.toml")["tool"]["uv"]["workspace"]["members"] == ["one", "two"]
    assert read(tmp_path / "two" / "pyproject.toml")["project"]["dependencies"] == WORDS
