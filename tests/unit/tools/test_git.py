import subprocess

import pytest

from envmgr.tools import git


@pytest.fixture
def repository(tmp_path):
    inside = tmp_path / "a b" / "project"
    inside.mkdir(parents=True)
    (inside / "file").write_text("é\n")
    for words in ("init -q", "add .", "-c user.name=x -c user.email=x@example.org commit -qm first"):
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)
    (inside / "file").write_text("changed\n")
    return inside


def test_a_file_as_it_was(repository):
    assert git.show(repository, "HEAD", "file") == "é\n".encode()
    assert git.show(repository, "HEAD", "/a b/project/file") == "é\n".encode()


def test_what_is_not_there_is_said(repository):
    assert "does not exist in 'HEAD'" in git.show(repository, "HEAD", "none")
    assert "invalid object name" in git.show(repository, "nonsense", "file")
    assert isinstance(git.show(repository, "--output=x", "file"), str), "no revision is an option"
    assert not (repository / "x").exists()


def test_a_revision(repository, tmp_path_factory):
    assert git.is_revision(repository, "HEAD")
    assert not git.is_revision(repository, "nonsense")
    assert not git.is_revision(tmp_path_factory.mktemp("none"), "HEAD")


def test_without_git(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git.show(repository, "HEAD", "file") == "git cannot be started: No such file or directory"
    assert not git.is_revision(repository, "HEAD")
