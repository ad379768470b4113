"""What an envmgr.toml means, and what is said of one that means nothing."""

from __future__ import annotations

import sys

import pytest

from envmgr.config import load
from envmgr.model.project import Environment, HealthCall, Library

OWN_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def test_the_least_that_works(project):
    root = project("[library.numpy]\n")
    loaded = load(root)
    numpy = Library("numpy", "numpy", None, "numpy")
    assert loaded.root == root
    assert loaded.name == root.name
    assert loaded.environments == {"numpy": Environment("numpy", OWN_PYTHON, (numpy,))}
    assert loaded.warnings == ()


def test_an_empty_file_is_a_project_without_libraries(project):
    assert load(project("")).environments == {}


def test_every_key_reaches_the_project(project):
    root = project("""
config-version = 1
[project]
name = "app"
python = "3.12"
[defaults]
timeout = "1h"
workers = 3
[library]
old = "pandas < 2"
[library.math]
stdlib = true
python = "3.13t"
[library.pandas]
package = "pandas[performance, excel]"
version = ">=2, <3"
module = "pandas"
environment = "data"
with = ["pyarrow"]
timeout = "500ms"
workers = 4
init = "x = 1"
python = "3.9"
[library.pandas.health]
calls = [{ call = "pandas.Series", args = [[1, 2]], kwargs = { name = "x" } }, { call = "arrow.array" }]
[library.arrow]
package = "pyarrow"
environment = "data"
[environment.data]
python = "bin/python"
constraints = ["numpy<2"]
link-mode = "copy"
compression = "zlib"
[library.pandas.serializers]
"pandas.DataFrame" = "value"
"pandas.core.base.PandasObject" = "shop.tables:Tables.plain"
""")
    loaded = load(root)
    assert loaded.name == "app"
    assert list(loaded.environments) == ["old", "math", "data"]
    old = Library("old", "pandas<2", None, "old", timeout_ms=3_600_000, workers=3)
    assert loaded.environments["old"] == Environment("old", "3.12", (old,))
    math = Library("math", None, None, "math", timeout_ms=3_600_000, workers=3)
    assert loaded.environments["math"] == Environment("math", "3.13t", (math,))
    data = loaded.environments["data"]
    calls = (HealthCall("pandas.Series", ([1, 2],), {"name": "x"}), HealthCall("arrow.array"))
    assert data.libraries[0] == Library(
        "pandas",
        "pandas[excel,performance]>=2,<3",
        "pandas",
        "data",
        ("pyarrow",),
        500,
        4,
        "x = 1",
        calls,
        {"pandas.DataFrame": "value", "pandas.core.base.PandasObject": "shop.tables:Tables.plain"},
    )
    assert data.compression == "zlib"
    assert (data.python, data.constraints, data.link_mode) == (str(root / "bin/python"), ("numpy<2",), "copy")
    assert (data.workers, list(loaded.libraries)) == (4, ["old", "math", "pandas", "arrow"])


def test_what_is_accepted_and_not_acted_upon_is_said(project):
    root = project("""
[defaults]
worker-profile = "thread"
[library.pandas]
worker-profile = "process"
[library.pandas.cache]
functions = { "pandas.to_datetime" = { ttl = "10m", max-entries = 1000 } }
[library.pandas.security]
deny = ["pandas.read_pickle"]
network = "none"
filesystem = { read = ["data"], write = [] }
[library.numpy]
worker-profile = "call"
""")
    not_enforced = "NOT enforced by this version: nothing is refused"
    assert load(root).warnings == (
        f"envmgr.toml:9: library.pandas.security.deny is accepted, but {not_enforced}",
        f"envmgr.toml:10: library.pandas.security.network is accepted, but {not_enforced}",
        f"envmgr.toml:11: library.pandas.security.filesystem is accepted, but {not_enforced}",
    )


def test_a_module_of_the_interpreter_that_would_come_from_the_index_is_pointed_out(project):
    root = project("""
[library.statistics]
[library.math]
stdlib = true
[library.dataclasses]
package = "dataclasses"
""")
    assert load(root).warnings == (
        "envmgr.toml:2: statistics is a module of the interpreter itself (`stdlib = true`); without that, the"
        " distribution of this name is installed from the index (`package` says that it is meant)",
    )


def test_all_problems_of_a_file_are_said_at_once_in_its_order(project, failure):
    root = project("""\
[library.numpy]
verson = ">=1.26"
workers = 0

[library.math]
stdlib = true
\tversion = ">1" # a tab before

[library.pandas]
enviroment = "data"
timeout = 30

[environment.data]
[environment.numpi]
""")
    error = failure(root)
    assert error.code == "E-CONFIG"
    assert (
        error.message
        == """\
6 problems in envmgr.toml

envmgr.toml:2:1: unknown key `verson`
  verson = ">=1.26"
  ^^^^^^
  did you mean `version`?

envmgr.toml:3:11: 0 is out of range: it must be at least 1
  workers = 0
            ^

envmgr.toml:7:2: `version` and `stdlib = true` exclude each other
  \tversion = ">1" # a tab before
  \t^^^^^^^
  a module of the interpreter itself is not installed; leave one of the two out

envmgr.toml:10:1: unknown key `enviroment`
  enviroment = "data"
  ^^^^^^^^^^
  did you mean `environment`?

envmgr.toml:11:11: expected a duration in quotes
  timeout = 30
            ^^
  write a number and its unit, such as "500ms", "30s", "2m" or "1h"

envmgr.toml:14:14: no library lives in environment `numpi`
  [environment.numpi]
               ^^^^^
  did you mean `numpy`?
  a library is put there with environment = "numpi\""""
    )
    assert error.details["problems"][0] == {
        "place": "envmgr.toml:2:1",
        "file": str(root / "envmgr.toml"),
        "line": 2,
        "column": 1,
        "length": 6,
        "source_line": 'verson = ">=1.26"',
        "message": "unknown key `verson`",
        "hint": "",
        "suggestion": "version",
    }


LIBRARY = "[library.numpy]\n"
PROBLEMS = {
    '[library]\n"b-" = {}': "2:1: `b-` does not name a distribution",
    "libary = 1\n[defaults]\nx = 1": "3:1: unknown key `x`",
    "config-version = 2": "1:18: config-version 2 is not known: this envmgr reads version 1",
    "config-version = 0": "1:18: config-version 0 is an older format: this envmgr reads version 1",
    "config_version = 0": "1:18: config-version 0 is an older format: this envmgr reads version 1",
    "config_version = 1": "1:1: unknown key `config_version`",
    "config-version = -1": "1:18: config-version -1 is not known: this envmgr reads version 1",
    "config-version = false": "1:18: expected a whole number, got false",
    'config-version = "1"': '1:18: expected a whole number, got "1"',
    "config-version = true": "1:18: expected a whole number, got true",
    "libary = 1": "1:1: unknown key `libary`",
    "library = 1": "1:11: expected a table, got 1",
    "[[library.numpy]]": "1:11: expected one table, got an array of tables",
    "[library]\nnumpy = 1.5": "2:9: expected a table, got 1.5",
    '[library]\nnumpy = "numpy<"': "2:9: `numpy<` is not a requirement",
    '[library]\n"1a" = "x"': "2:1: `1a` cannot be a name",
    '[library]\n"a.b" = "x"': "2:1: `a.b` cannot be a name",
    "[library]\nb_ = {}": "2:1: `b_` does not name a distribution",
    '[project]\nname = ""': "2:8: expected text, got an empty string",
    "[project]\nname = 2026-01-01": "2:8: expected text in quotes, got a date or time",
    '[project]\npython = "python3"': "2:10: `python3` is neither a Python version nor an interpreter's path",
    '[project]\npython = "3.7"': "2:10: workers do not run on Python 3.7",
    '[defaults]\ntimeout = "30"': "2:11: `30` is not a duration",
    '[defaults]\ntimeout = "0s"': "2:11: a duration of `0s` is out of range",
    '[defaults]\ntimeout = "9999h"': "2:11: a duration of `9999h` is out of range",
    "[defaults]\nworkers = 257": "2:11: 257 is out of range: it must be at most 256",
    "[defaults]\nworkers = true": "2:11: expected a whole number, got true",
    '[defaults]\nworker-profile = "proces"': '2:18: expected "process", "thread" or "call", got "proces"',
    LIBRARY + 'version = "1.26"': "2:11: `1.26` is not a version specifier",
    LIBRARY + 'version = "new"': "2:11: `new` is not a version specifier",
    LIBRARY + 'version = " "': "2:11: the version is empty",
    LIBRARY + 'module = "num py"': "2:10: `num py` cannot be imported",
    LIBRARY + "stdlib = 1": "2:10: expected true or false, got 1",
    LIBRARY + 'with = "scipy"': '2:8: expected an array, got "scipy"',
    LIBRARY + 'with = ["scipy", {}]': "2:18: expected text in quotes, got a table",
    LIBRARY + 'package = "numpy>1"\nversion = "<3"': "3:1: `package` already names versions (>1)",
    LIBRARY + 'package = "numpy @ https://x/y.whl"\nversion = "<3"': "3:1: `package` already names a URL",
    LIBRARY + "package = \"numpy; os_name == 'nt'\"": "2:11: a library is installed everywhere",
    LIBRARY + 'stdlib = true\nwith = ["x"]': "3:1: `with` and `stdlib = true` exclude each other",
    LIBRARY + "health.calls = [{ args = [] }]": "2:17: the key `call` is missing",
    LIBRARY + 'health.calls = [{ call = "mean" }]': "2:26: `mean` is not a function's path",
    LIBRARY
    + 'health.calls = [{ call = "nmpy.mean" }]': "2:26: `nmpy` is not a library of environment `numpy`",
    LIBRARY
    + 'health.calls = [{ call = "numpy.a", args = [[1979-05-27]] }]': "2:45: a date or time cannot be",
    **{
        f'{LIBRARY}serializers = {{ "{kind}" = {strategy} }}': f"2:{place}"
        for kind, strategy, place in [
            ("a.B", '"pickel"', "25: `pickel` is not a strategy"),
            ("a.B", '"a:"', "25: `a:` is not a strategy"),
            ("a.B", '""', "25: `` is not a strategy"),
            ("a.B", "1", "25: expected text in quotes, got 1"),
            ("B", '"ref"', "17: `B` is not the full name of a type"),
            ("a.f.<locals>.B", '"ref"', "17: `a.f.<locals>.B` is not the full name of a type"),
            ("int", '"ref"', "17: `int` always goes as a value: MessagePack packs it itself"),
            ("builtins.dict", '"ref"', "17: `dict` always goes as a value"),
            ("builtins.bytearray", '"ref"', "17: `bytearray` always goes as a value"),
            ("types.NoneType", '"ref"', "17: `NoneType` always goes as a value"),
        ]
    },
    LIBRARY
    + "[library.numpy.serializers]\nnumpy.matrix = 'ref'": "3:1: `numpy` is not the full name of a type",
    '[library]\na = { environment = "x", serializers = { "k.K" = "ref" } }\n'
    'b = { environment = "x", serializers = { "k.K" = "value" } }': (
        "3:50: library `a` of the same environment `x` says ref"
    ),
    LIBRARY + "[environment.x.y]": "2:14: no library lives in environment `x`",
    LIBRARY
    + "[environment.numpy]\nlink-mode = 'symlink'": '3:13: expected "hardlink" or "copy", got "symlink"',
    '[library]\na = { environment = "X" }\nb = { environment = "x" }': "3:21: environments `X` and `x`",
    '[library]\na = { environment = "x", python = "3.11" }\nb = { environment = "x", python = "3.12" }': (
        "3:35: library `a` of the same environment `x` says 3.11"
    ),
    LIBRARY
    + '[environment.numpy]\noverrides = ["six>1", "six"]': "3:23: an override says which six is taken",
    LIBRARY
    + '[environment.numpy]\nadopt = "x"\nconstraints = ["six"]': "4:1: `constraints` and `adopt` exclude",
    LIBRARY + '[environment.numpy]\nadopt = "x"\npython = "3.12"': "4:1: `python` and `adopt` exclude",
    LIBRARY
    + "[environment.numpy]\nadopt = 'x'\nlink-mode = 'hardlink'": "4:1: `link-mode` and `adopt` exclude",
    LIBRARY + "[environment.numpy]\nadopt = 'x'\nno-build = true": "4:1: `no-build` and `adopt` exclude",
    LIBRARY + 'python = "3.12"\n[environment.numpy]\nadopt = "x"': "2:1: `python` and `adopt` exclude",
    LIBRARY + "[profile.prod.library.nunpy]": "2:23: profile `prod` speaks of library `nunpy`",
    LIBRARY + "[profile.prod.environment.x]": "2:27: profile `prod` speaks of environment `x`",
    "a = ": "1:5: not TOML: invalid value",
    "a = [1, 2": "1:10: not TOML: unclosed array",
    "a = 1\na = 2": "2:6: not TOML: cannot overwrite a value",
    "a = " + "[" * 5000: "1:1: arrays or tables are nested too deep",
    "a = " + "1" * 5000: "1:1: a value cannot be read",
}


@pytest.mark.parametrize(("text", "expected"), PROBLEMS.items(), ids=range(len(PROBLEMS)))
def test_each_problem_has_its_place(project, failure, text, expected):
    message = failure(project(text)).message
    assert f"\nenvmgr.toml:{expected}" in message


def test_a_python_of_the_environment_settles_what_its_libraries_say(project):
    libraries = (
        '[library]\na = { environment = "x", python = "3.11" }\nb = { environment = "x", python = "3.12" }'
    )
    assert load(project(f'{libraries}\n[environment.x]\npython = "3.13"')).environments["x"].python == "3.13"


def test_a_strategy_near_a_known_one_gets_its_name(project, failure):
    problem = failure(project(LIBRARY + 'serializers = { "a.B" = "picle" }')).details["problems"][0]
    assert problem["suggestion"] == "pickle"
    assert "module:attribute" in problem["hint"]


@pytest.mark.parametrize(
    "strategy", ["value", "ref", "repr", "pickle", "geojson", "cbor-2", "a.b:C.d", "picle:x"]
)
def test_what_a_strategy_may_be(project, strategy):
    root = project(f'[library.six.serializers]\n"a.B" = "{strategy}"\n"a.Outer.Inner" = "ref"\n')
    assert load(root).libraries["six"].serializers == {"a.B": strategy, "a.Outer.Inner": "ref"}


def test_libraries_of_one_environment_may_say_the_same_of_a_type(project):
    same = 'environment = "x", serializers = { "k.K" = "ref" }'
    assert len(load(project(f"[library]\na = {{ {same} }}\nb = {{ {same} }}")).environments) == 1


def test_an_override_may_be_a_url(project):
    override = "six @ https://x.y/six.whl"
    root = project(f'[library.six]\n[environment.six]\noverrides = ["{override}", "idna<4"]\n')
    assert load(root).environments["six"].overrides == (override, "idna<4")


def test_empty_lists_beside_an_adopted_environment_say_nothing(project):
    text = '[library.six]\n[environment.six]\nadopt = "venv"\nconstraints = []\nno-build = false\n'
    assert load(project(text)).environments["six"].adopt.endswith("/venv")


def test_windows_line_ends_change_no_place(project, failure):
    message = failure(project('[project]\r\nname = "a"\r\nnam = 1\r\n')).message
    assert "envmgr.toml:3:1: unknown key `nam`\n  nam = 1\n  ^^^\n" in message


def test_a_long_line_is_cut_around_its_problem(project, failure):
    items = ", ".join(f'"package{number}"' for number in range(100))
    message = failure(project(f"[library.a]\nwith = [{items}, 1, {items}]")).message
    place, line, carets = message.split("\n")[2:5]
    assert place.startswith("envmgr.toml:2:")
    assert len(line) <= 162
    assert line[carets.index("^")] == "1"


def test_control_characters_are_not_shown(project, failure):
    assert "  a = ?[31m\n" in failure(project("a = \x1b[31m")).message
