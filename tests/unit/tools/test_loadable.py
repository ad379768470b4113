import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from envmgr.errors import EnvmgrError
from envmgr.tools import pypa
from envmgr.tools.loading import unloadable
from envmgr.tools.pypa import EntryPoint

PYTHON = Path(sys.executable)
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")


def test_extension_modules_are_opened_and_nothing_else(tmp_path):
    import msgpack._cmsgpack

    shutil.copy(msgpack._cmsgpack.__file__, tmp_path / f"good{SUFFIX}")
    (tmp_path / f"bad{SUFFIX}").write_bytes(b"\x7fELF, but not really")
    (tmp_path / "data.so").write_bytes(b"no module")
    (tmp_path / "mod.so").write_bytes(b"PyInit_mod")
    (tmp_path / "pkg.libs").mkdir()
    (tmp_path / f"pkg.libs/lib{SUFFIX}").write_bytes(b"a bundled library")
    paths = [f"good{SUFFIX}", f"bad{SUFFIX}", "data.so", "mod.so", f"pkg.libs/lib{SUFFIX}"]
    problems, absent = unloadable(
        PYTHON, tmp_path, paths, ["json.tool", "sys", "os.path", "json.nothing", "no"]
    )
    assert set(problems) == {f"bad{SUFFIX}", "mod.so"}
    assert "bad" in problems[f"bad{SUFFIX}"]
    assert absent == ("json.nothing", "no")


def test_one_that_ends_python_is_named_and_the_rest_is_tried(tmp_path):
    import msgpack._cmsgpack

    whole = Path(msgpack._cmsgpack.__file__).read_bytes()
    (tmp_path / f"a{SUFFIX}").write_bytes(whole[:20_000])
    (tmp_path / f"b{SUFFIX}").write_bytes(b"")
    problems, _ = unloadable(PYTHON, tmp_path, [f"a{SUFFIX}", f"b{SUFFIX}"], [])
    assert set(problems) == {f"a{SUFFIX}", f"b{SUFFIX}"}


def test_an_interpreter_that_does_not_run(tmp_path):
    with pytest.raises(EnvmgrError) as caught:
        unloadable(Path("/bin/false"), tmp_path, ["a.so"], [])
    assert caught.value.code == "E-BUILD"


def test_entry_points(tmp_path):
    info = tmp_path / "My_Tool-1.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(
        "[console_scripts]\nTool = my.tool:main\nother = my.other:main [extra]\n[plug.ins]\np = my.plug\n"
    )
    broken = tmp_path / "broken-1.dist-info"
    broken.mkdir()
    (broken / "entry_points.txt").write_text("no section")
    assert pypa.entry_points(tmp_path) == (
        EntryPoint("my-tool", "console_scripts", "Tool", "my.tool"),
        EntryPoint("my-tool", "plug.ins", "p", "my.plug"),
    )
