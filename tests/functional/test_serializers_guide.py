"""docs/serializers.md: its library is built, its commands are run, and what they print is what stands there."""

import re
from pathlib import Path

from indexes import wheel

from envmgr.cli import run

GUIDE = (Path(__file__).parents[2] / "docs" / "serializers.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def measured(text):
    """Without what differs from run to run: measures, and the columns that they make wider."""
    return re.sub(r" +", " ", re.sub(r"\d+(\.\d+)? (bytes|µs)", r"# \2", text)).splitlines()


def words(command):
    return [quoted or plain for quoted, plain in re.findall(r"'([^']*)'|(\S+)", command)][1:]


def test_the_guide(tmp_path, monkeypatch, capsys):
    files = {re.match(r"# (\S+)\n", code)[1]: code for code in blocks("python")}
    assert sorted(files) == ["shop/__init__.py", "shop/wire.py"]
    (points,) = blocks("ini")
    name, content = wheel("shop", "1.0", {**files, "shop-1.0.dist-info/entry_points.txt": points})
    (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (configuration,) = blocks("toml")
    (tmp_path / "envmgr.toml").write_text(configuration)
    assert run(["sync", "-q"]) == 0
    sessions = "".join(blocks("console"))
    commands = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", sessions, re.MULTILINE)
    assert len(commands) == 3
    for command, expected in commands:
        capsys.readouterr()
        assert run(words(command)) == 0, command
        assert measured(capsys.readouterr().out) == measured(expected)
