"""docs/discovery.md: its library is built, its commands are run, and what they print is what stands there."""

import re
from pathlib import Path

from indexes import wheel

from envmgr.cli import run

GUIDE = (Path(__file__).parents[2] / "docs" / "discovery.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def any_python(text):
    return re.sub(r"(Python +)3\.\d+\.\d+", r"\1 3.x", text).rstrip()


def test_the_guide(tmp_path, monkeypatch, capsys):
    files = {re.match(r"# (\S+)\n", code)[1]: code.partition("\n")[2] for code in blocks("python")}
    assert sorted(files) == ["tariffs/__init__.py", "tariffs/__init__.pyi"]
    name, content = wheel("tariffs", "1.0", files)
    (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (configuration,) = blocks("toml")
    (tmp_path / "envmgr.toml").write_text(configuration)
    assert run(["sync", "-q"]) == 0
    sessions = "".join(blocks("console"))
    commands = re.findall(r"^\$ envmgr (.+)\n((?:(?!\$ ).*\n)*)", sessions, re.MULTILINE)
    assert len(commands) == 6
    for command, expected in commands:
        capsys.readouterr()
        assert run(command.split()) == 0, command
        assert any_python(capsys.readouterr().out) == any_python(expected)
