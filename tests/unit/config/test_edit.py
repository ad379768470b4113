"""Edits change what they mean and nothing else; a file that would be broken is never written."""

from __future__ import annotations

import os

import pytest

from envmgr.config import load
from envmgr.config.edit import NewLibrary, add, create, remove
from envmgr.errors import EnvmgrError

BEFORE = """\
# Our project.
[project]
name = "app"   # the name

# Numbers.
[library.numpy]
version = ">=1.26"  # not older
# a note inside
workers = 4
# workers = 8

# Frames.
[library.pandas]
environment = "data"
[library.pandas.health]
calls = [
  { call = "pandas.Series", args = [[1, 2]] },  # cheap
]

# Where frames live.
[environment.data]
constraints = ["numpy<2"]

[profile.prod.library.numpy]
workers = 8
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "envmgr.toml").write_text(BEFORE)
    return tmp_path


def text(project):
    return (project / "envmgr.toml").read_bytes().decode()


def test_a_new_file_is_valid_and_takes_libraries(tmp_path):
    create(tmp_path, 'my "app"')
    assert load(tmp_path).name == 'my "app"'
    add(tmp_path, NewLibrary("numpy", version=">=1.26,<3"))
    add(tmp_path, NewLibrary("math", stdlib=True))
    assert text(tmp_path).endswith(
        '# version = ">=1.26,<3"\n\n[library.numpy]\nversion = ">=1.26,<3"\n\n[library.math]\nstdlib = true\n'
    )
    assert list(load(tmp_path).environments) == ["numpy", "math"]


def test_a_file_that_is_there_is_not_overwritten(project):
    with pytest.raises(EnvmgrError, match="already there") as caught:
        create(project)
    assert caught.value.code == "E-EXISTS"
    assert text(project) == BEFORE


def test_a_library_is_added_behind_the_last_and_the_rest_stays(project):
    add(
        project,
        NewLibrary("pyarrow", package="pyarrow[x]", version=">=15", module="pyarrow", environment="data"),
    )
    section = """\
[library.pyarrow]
package = "pyarrow[x]"
version = ">=15"
module = "pyarrow"
environment = "data"

"""
    assert text(project) == BEFORE.replace("# Where frames", f"{section}# Where frames")


def test_a_python_goes_to_a_new_environment_table(project):
    add(project, NewLibrary("torch", python="3.11"))
    assert (
        '[environment.data]\nconstraints = ["numpy<2"]\n\n[environment.torch]\npython = "3.11"\n\n[profile'
        in text(project)
    )
    assert load(project).environments["torch"].python == "3.11"


def test_a_python_goes_under_the_header_of_a_table_that_is_there(project):
    add(project, NewLibrary("pyarrow", environment="data", python="3.11"))
    assert '[environment.data]\npython = "3.11"\nconstraints' in text(project)
    add(project, NewLibrary("polars", environment="data", python="3.11"))
    assert text(project).count("3.11") == 1
    with pytest.raises(EnvmgrError, match=r"environment `data` runs on Python 3.11, not 3.12"):
        add(project, NewLibrary("duckdb", environment="data", python="3.12"))


def test_a_library_goes_with_its_sections_environment_and_profiles(project):
    assert remove(project, "pandas") == "data"
    assert text(project) == BEFORE[: BEFORE.index("[library.pandas]")] + (
        "\n# Where frames live.\n\n[profile.prod.library.numpy]\nworkers = 8\n"
    )
    assert remove(project, "numpy") == "numpy"
    assert text(project) == (
        '# Our project.\n[project]\nname = "app"   # the name\n\n'
        "# Numbers.\n\n# Frames.\n\n# Where frames live.\n"
    )


def test_an_environment_stays_while_another_library_lives_there(project):
    add(project, NewLibrary("pyarrow", environment="data"))
    assert remove(project, "pandas") is None
    assert load(project).environments["data"].constraints == ("numpy<2",)


def test_adding_and_removing_leaves_the_file_as_it_was(project):
    add(project, NewLibrary("torch", version=">2", python="3.11"))
    remove(project, "torch")
    assert text(project) == BEFORE


def test_one_line_libraries_and_windows_line_ends(tmp_path):
    before = '[library]\r\nold = "pandas<2" # one\r\nnew = "pandas>=2"\r\n'
    (tmp_path / "envmgr.toml").write_bytes(before.encode())
    add(tmp_path, NewLibrary("numpy"))
    assert text(tmp_path) == before + "\r\n[library.numpy]\r\n"
    remove(tmp_path, "old")
    assert text(tmp_path) == '[library]\r\nnew = "pandas>=2"\r\n\r\n[library.numpy]\r\n'


def test_libraries_by_dotted_keys(tmp_path):
    before = 'library.numpy.version = ">1"\n# about pandas\nlibrary.pandas = {}\nconfig-version = 1'
    (tmp_path / "envmgr.toml").write_text(before)
    add(tmp_path, NewLibrary("scipy"))
    assert text(tmp_path) == before + "\n\n[library.scipy]\n"
    remove(tmp_path, "numpy")
    assert text(tmp_path) == "# about pandas\nlibrary.pandas = {}\nconfig-version = 1\n\n[library.scipy]\n"


@pytest.mark.parametrize(
    ("library", "code", "message"),
    [
        (NewLibrary("numpy"), "E-EXISTS", "library `numpy` is already in envmgr.toml"),
        (NewLibrary("pandas<2"), "E-USAGE", "`pandas<2` is a requirement, not a library's name"),
        (NewLibrary("a.b"), "E-USAGE", "`a.b` cannot be a name"),
        (NewLibrary("scipy", version="new"), "E-USAGE", "`new` is not a version specifier"),
        (NewLibrary("math", stdlib=True, version=">1"), "E-USAGE", "exclude each other"),
    ],
)
def test_what_cannot_be_added_leaves_the_file_alone(project, library, code, message):
    with pytest.raises(EnvmgrError) as caught:
        add(project, library)
    assert caught.value.code == code
    assert message in caught.value.message
    assert text(project) == BEFORE


def test_a_requirement_in_place_of_a_name_gets_the_command_that_was_meant(project):
    with pytest.raises(EnvmgrError) as caught:
        add(project, NewLibrary("pandas[performance]>=2"))
    assert caught.value.hint == "envmgr add pandas --package 'pandas[performance]' --version '>=2'"


def test_an_unknown_library_gets_the_near_name(project):
    with pytest.raises(EnvmgrError) as caught:
        remove(project, "panda")
    assert (caught.value.code, caught.value.hint) == (
        "E-UNKNOWN-LIBRARY",
        "did you mean `pandas`? libraries: numpy, pandas",
    )


@pytest.mark.parametrize("edit", [lambda p: remove(p, "numpy"), lambda p: add(p, NewLibrary("scipy"))])
def test_a_form_that_cannot_be_edited_is_refused(tmp_path, edit):
    before = "library = { numpy = {}, pandas = {} }\n"
    (tmp_path / "envmgr.toml").write_text(before)
    with pytest.raises(EnvmgrError, match="unchanged") as caught:
        edit(tmp_path)
    assert caught.value.code == "E-USAGE"
    assert text(tmp_path) == before


def test_mode_and_symbolic_link_stay(project, tmp_path):
    target = tmp_path / "elsewhere.toml"
    (project / "envmgr.toml").rename(target)
    target.chmod(0o640)
    (project / "envmgr.toml").symlink_to(target)
    add(project, NewLibrary("scipy"))
    assert (project / "envmgr.toml").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert "scipy" in target.read_text()


def test_a_write_that_fails_leaves_the_old_file_and_no_other(project, monkeypatch):
    def no_room(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(EnvmgrError, match="no space left on device") as caught:
        add(project, NewLibrary("scipy"))
    assert caught.value.code == "E-DISK"
    assert text(project) == BEFORE
    assert list(project.iterdir()) == [project / "envmgr.toml"]


def test_blank_lines_and_a_missing_line_end_elsewhere_stay(tmp_path):
    before = "[library.a]\n\n[library.b]\n\n\n[defaults]\n\n\nworkers = 1\n\n# end"
    (tmp_path / "envmgr.toml").write_text(before)
    remove(tmp_path, "a")
    assert text(tmp_path) == before.removeprefix("[library.a]\n\n")
    add(tmp_path, NewLibrary("c"))
    remove(tmp_path, "b")
    assert text(tmp_path) == "[library.c]\n\n\n[defaults]\n\n\nworkers = 1\n\n# end"
