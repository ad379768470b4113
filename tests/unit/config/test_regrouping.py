import pytest

from envmgr.config import load
from envmgr.config.regrouping import regroup
from envmgr.errors import EnvmgrError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "envmgr.toml"


def homes(root):
    found = load(root)
    return {home.name: [library.name for library in home.libraries] for home in found.environments.values()}


def alone(*names):
    return {name: ([name], []) for name in names}


def test_keys_are_changed_where_they_stand(tmp_path, file):
    file.write_text(
        "# head\n[library.a] # one\nenvironment = 'x'   # with b\nversion = '>1'\n\n"
        "[library.b]\n# of b\nenvironment = \"x\"\n\n[library.c] # three\nversion = '<9'\n"
    )
    changes = regroup(tmp_path, {"x": (["a", "c"], []), "b": (["b"], [])})
    assert changes == ('[library.c] environment = "x"', '[library.b] environment = "b"')
    assert file.read_text() == (
        "# head\n[library.a] # one\nenvironment = 'x'   # with b\nversion = '>1'\n\n"
        '[library.b]\n# of b\nenvironment = "b"\n\n[library.c] # three\nenvironment = "x"\nversion = \'<9\'\n'
    )


def test_libraries_in_every_form(tmp_path, file):
    file.write_text(
        "[library]\na = 'six<2'\nb = { package = 'idna' } # inline\nc = {}\n[library.d]\n[library.e.health]\ncalls = []\n"
        "[library.'f.g']\n"
    )
    with pytest.raises(EnvmgrError):
        load(tmp_path)
    file.write_text(file.read_text().replace("[library.'f.g']\n", ""))
    regroup(tmp_path, {"a": (list("abcde"), [])})
    assert homes(tmp_path) == {"a": list("abcde")}
    assert "a = 'six<2'\nb = { package = 'idna', environment = \"a\" } # inline\n" in file.read_text()
    regroup(tmp_path, {"b": (list("abcde"), [])})
    assert homes(tmp_path) == {"b": list("abcde")}
    assert "a = { package = 'six<2', environment = \"b\" }" in file.read_text()


def test_dotted_keys_are_refused_and_left_alone(tmp_path, file):
    text = "library.a.version = '<2'\nlibrary.b.version = '>1'\n"
    file.write_text(text)
    with pytest.raises(EnvmgrError, match=r"envmgr\.toml is unchanged") as caught:
        regroup(tmp_path, {"a": (["a", "b"], [])})
    assert caught.value.code == "E-USAGE"
    assert file.read_text() == text


def test_rules_move_along_and_empty_environments_go(tmp_path, file):
    file.write_text(
        "[library.a]\nenvironment = 'x'\n[library.b]\nenvironment = 'y'\n\n[environment.x] # keep\n"
        "constraints = ['six<2'] # why\nplatforms = ['linux-x86_64']\n\n[environment.y]\n"
        "overrides = ['idna==3']\nno-build = true\nlink-mode = 'copy'\nplatforms = ['macos-arm64']\n"
    )
    regroup(tmp_path, {"x": (["a", "b"], ["six<2", "attrs>1"])})
    (home,) = load(tmp_path).environments.values()
    assert home.constraints == ("six<2", "attrs>1")
    assert home.overrides == ("idna==3",)
    assert (home.no_build, home.link_mode) == (True, "copy")
    assert set(home.platforms) == {"linux-x86_64", "macos-arm64"}
    assert "[environment.y]" not in file.read_text()
    assert "[environment.x] # keep" in file.read_text()
    assert "# why" in file.read_text()


def test_platforms_of_one_who_serves_all(tmp_path, file):
    file.write_text(
        "[library.a]\n[library.b]\n[environment.a]\nplatforms = ['linux-x86_64']\nconstraints = ['six']\n"
    )
    changes = regroup(tmp_path, {"a": (["a", "b"], [])})
    assert "without environment.a.platforms" in changes
    assert "without environment.a.constraints" in changes
    (home,) = load(tmp_path).environments.values()
    assert (home.platforms, home.constraints) == ((), ())


@pytest.mark.parametrize(
    ("text", "groups", "pythons"),
    [
        ("[library.a]\npython = '3.11'\n[library.b]\n", {"b": (["a", "b"], [])}, {"b": "3.11"}),
        ("[library.a]\nenvironment = 'x'\n[library.b]\nenvironment = 'x'\n[environment.x]\npython = '3.11'\n", alone("a", "b"), {"a": "3.11", "b": "3.11"}),
        ("[project]\npython = '3.11'\n[library.a]\n[library.b]\n", {"a": (["a", "b"], [])}, {"a": "3.11"}),
        ("[library.a]\npython = '3.11'\n[library.b]\npython = '3.11.7'\n", {"a": (["a", "b"], [])}, {"a": "3.11"}),
        ("[library.a]\npython = '3.11'\nenvironment = 'x'\n[library.b]\nenvironment = 'x'\n", alone("a", "b"), {"a": "3.11", "b": "3.11"}),
    ],
)  # fmt: skip
def test_the_interpreter_stays(tmp_path, file, text, groups, pythons):
    file.write_text(text)
    regroup(tmp_path, groups)
    assert {home.name: home.python for home in load(tmp_path).environments.values()} == pythons


def test_nothing_to_change_writes_nothing(tmp_path, file):
    file.write_text("[library.a]\n[library.b]\nenvironment = 'a'\n")
    before = file.stat().st_mtime_ns
    assert regroup(tmp_path, {"a": (["a", "b"], [])}) == ()
    assert file.stat().st_mtime_ns == before


def test_a_profile_that_speaks_of_what_would_go(tmp_path, file):
    file.write_text(
        "[library.a]\n[library.b]\n[environment.b]\nconstraints = ['six']\n[profile.prod.environment.b]\nno-build = true\n"
    )
    before = file.read_text()
    with pytest.raises(EnvmgrError, match="unchanged: the edit would leave"):
        regroup(tmp_path, {"a": (["a", "b"], ["six"])})
    assert file.read_text() == before
