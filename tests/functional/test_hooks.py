"""docs/hooks.md: its project is built, its commands are run, and what they print is what stands there. And what a
configuration that is wrong says.
"""

import re
from pathlib import Path

import msgpack
import pytest
from indexes import wheel

from envmgr.cli import run

GUIDE = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def words(command):
    return [quoted or plain for quoted, plain in re.findall(r"'([^']*)'|(\S+)", command)][1:]


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """The project of the guide, not yet synced."""
    files = {re.match(r"# (\S+)\n", code)[1]: code for code in blocks("python")}
    assert sorted(files) == ["hooks/shop_hooks.py", "shop.py"]
    name, content = wheel("shop", "1.0", {"shop.py": files["shop.py"]})
    (tmp_path / name).write_bytes(content)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "shop_hooks.py").write_text(files["hooks/shop_hooks.py"])
    (configuration,) = blocks("toml")
    (tmp_path / "envmgr.toml").write_text(configuration)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_guide(shop, capsys):
    assert run(["sync", "-q"]) == 0
    (session,) = blocks("console")
    commands = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
    assert len(commands) == 5
    for command, expected in commands:
        capsys.readouterr()
        status = run(words(command))
        found = capsys.readouterr()
        if expected.startswith("error: "):
            assert status == 1
            assert found.err.startswith(expected), found.err
        else:
            assert (status, found.out) == (0, expected), command


def launched(root):
    return msgpack.unpackb((root / ".envmgr" / "envs" / "shop" / "launch.msgpack").read_bytes())


def test_a_change_of_what_is_around_calls_is_a_generation(shop, capsys):
    assert run(["sync", "-q"]) == 0
    first = launched(shop)
    assert first["libraries"]["shop"]["hooks"]["before"] == "hooks/shop_hooks.py:before"
    assert first["libraries"]["shop"]["pipelines"]["*"] == {"limit": 3}
    text = (shop / "envmgr.toml").read_text()
    (shop / "envmgr.toml").write_text(text.replace("limit = 3", "limit = 1") + '[aliases]\ns = "shop"\n')
    assert run(["sync", "-q"]) == 0
    second = launched(shop)
    assert (second["generation"], second["store"]) == (first["generation"] + 1, first["store"])
    capsys.readouterr()
    assert run(["call", "s.report", "[[1, 2]]"]) == 0
    assert capsys.readouterr().out == "['order 1']\n"
    assert run(["call", "sh.report", "[[1, 2]]"]) == 2
    assert "did you mean `shop`" in capsys.readouterr().err


WRONG = {
    ('after"', 'aftre"'): "hook after: AttributeError: module",
    (
        "hooks/shop_hooks.py:loaded",
        "hooks/nowhere.py:loaded",
    ): "hook on-load: FileNotFoundError: hooks/nowhere.py",
    ("fromisoformat", "fromisofromat"): "convert since of shop.orders: AttributeError",
    ('pipelines."order"]', 'pipelines."ordr"]'): "the pipeline of shop.ordr: Unresolved",
}


@pytest.mark.parametrize(("written", "words"), WRONG.items(), ids=[key[1] for key in WRONG])
def test_what_is_misspelt_fails_the_sync(shop, capsys, written, words):
    text = (shop / "envmgr.toml").read_text()
    assert written[0] in text
    (shop / "envmgr.toml").write_text(text.replace(*written))
    assert run(["sync", "-q"]) == 4
    message = capsys.readouterr().err
    assert f"library shop cannot be loaded in environment shop: {words}" in message
    assert not (shop / ".envmgr" / "envs" / "shop" / "launch.msgpack").exists()


def test_what_ran_goes_on_when_a_change_is_wrong(shop, capsys):
    assert run(["sync", "-q"]) == 0
    before = launched(shop)
    hooks = shop / "hooks" / "shop_hooks.py"
    hooks.write_text(hooks.read_text().replace("def loaded(module):\n", "def loaded(module):\n    1 / 0\n"))
    text = (shop / "envmgr.toml").read_text()
    (shop / "envmgr.toml").write_text(text.replace("limit = 3", "limit = 1"))
    assert run(["sync", "-q"]) == 4
    assert "hook on-load: ZeroDivisionError: division by zero" in capsys.readouterr().err
    assert launched(shop) == before
