"""Profile, variables and --set over the file: what wins, and what is said when it cannot be."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.config import Layers, load
from envmgr.errors import EnvmgrError

FILE = """\
[defaults]
workers = 3
[library]
old = "six<2"
[library.numpy]
version = ">=1"
timeout = "5s"
[library.a_b]
package = "attrs"
[library.pandas]
environment = "data"
[library.pandas.security]
deny = ["pandas.read_pickle"]
[environment.data]
constraints = ["numpy<2", "six"]
[profile.prod.defaults]
timeout = "1m"
[profile.prod.library.pandas]
workers = 8
with = ["idna"]
[profile.prod.library.old]
module = "six"
[profile.prod.environment.data]
constraints = ["numpy<3"]
[profile.small.library]
old = "six==1.16"
[profile.small.library.pandas]
environment = "little"
[profile.small.environment.little]
python = "3.12"
"""


def laid(variables=None, profile=None, sets=()):
    return Layers(profile, variables or {}, tuple(sets))


def test_serializers_are_laid_type_by_type(project):
    text = """
[library.six.serializers]
"a.B" = "ref"
"a.C" = "ref"
[profile.prod.library.six.serializers]
"a.C" = "value"
"""
    sets = ('library.six.serializers."a.D"=pickle', 'library.six.serializers."a.B"="a:b"')
    found = load(project(text), laid(profile="prod", sets=sets)).libraries["six"].serializers
    assert found == {"a.B": "a:b", "a.C": "value", "a.D": "pickle"}
    variables = {
        "ENVMGR_LIBRARY__SIX__SERIALIZERS": '{ "a.D" = "repr" }',
        "ENVMGR_ENVIRONMENT__SIX__COMPRESSION": "zlib",
    }
    environment = load(project(text), laid(variables)).environments["six"]
    assert environment.libraries[0].serializers == {"a.B": "ref", "a.C": "ref", "a.D": "repr"}
    assert environment.compression == "zlib"


def test_a_profile_writes_its_keys_and_no_defaults(project):
    plain = load(project(FILE))
    prod = load(project(FILE), laid(profile="prod"))
    assert plain.libraries["pandas"].timeout_ms == 30_000
    assert prod.libraries["pandas"].timeout_ms == 60_000
    assert prod.libraries["numpy"].timeout_ms == 5_000  # its own key wins over any defaults
    assert (prod.libraries["pandas"].workers, prod.libraries["numpy"].workers) == (8, 3)
    assert prod.libraries["pandas"].extra_requirements == ("idna",)
    assert prod.environments["data"].constraints == ("numpy<3",)
    assert prod.libraries["old"].requirement == "six<2"
    assert (plain.libraries["old"].module, prod.libraries["old"].module) == (None, "six")


def test_a_profile_may_move_a_library_and_replace_a_requirement(project):
    small = load(project(FILE), laid(profile="small"))
    assert small.libraries["old"].requirement == "six==1.16"
    assert (list(small.environments)[-1], small.environments["little"].python) == ("little", "3.12")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("DEFAULTS__WORKERS", "9", lambda p: p.libraries["numpy"].workers == 9),
        ("DEFAULTS__TIMEOUT", "10s", lambda p: p.libraries["old"].timeout_ms == 10_000),
        ("DEFAULTS__TIMEOUT", '"10s"', lambda p: p.libraries["old"].timeout_ms == 10_000),
        ("LIBRARY__PANDAS__WORKERS", " 9 # nine", lambda p: p.environments["data"].workers == 9),
        ("library__pandas__workers", "9", lambda p: p.environments["data"].workers == 9),
        ("LIBRARY__A_B__WORKERS", "9", lambda p: p.libraries["a_b"].workers == 9),
        ("LIBRARY__OLD", "six>1", lambda p: p.libraries["old"].requirement == "six>1"),
        ("LIBRARY__OLD", "{ workers = 9 }", lambda p: p.libraries["old"].workers == 9),
        ("LIBRARY__NUMPY__VERSION", "==1.26", lambda p: p.libraries["numpy"].requirement == "numpy==1.26"),
        ("LIBRARY__NUMPY__INIT", "{}", lambda p: p.libraries["numpy"].init == "{}"),
        ("LIBRARY__NUMPY__INIT", "x = 'y'", lambda p: p.libraries["numpy"].init == "x = 'y'"),
        ("PROJECT__PYTHON", "3.12", lambda p: p.environments["data"].python == "3.12"),
        ("PROJECT__NAME", "true", lambda p: p.name == "true"),
        (
            "ENVIRONMENT__DATA__CONSTRAINTS",
            '["six"]',
            lambda p: p.environments["data"].constraints == ("six",),
        ),
        ("ENVIRONMENT__NUMPY__LINK_MODE", "copy", lambda p: p.environments["numpy"].link_mode == "copy"),
        ("ENVIRONMENT__DATA__NO_BUILD", "true", lambda p: p.environments["data"].no_build),
        (
            "LIBRARY__OLD__HEALTH",
            '{ calls = [{ call = "old.x" }] }',
            lambda p: [call.call for call in p.libraries["old"].health_calls] == ["old.x"],
        ),
    ],
)
def test_a_variable_sets_a_key(project, name, value, found):
    assert not found(load(project(FILE)))
    assert found(load(project(FILE), laid({f"ENVMGR_{name}": value})))


def test_the_more_special_variable_wins_and_may_speak_of_what_another_brings(project):
    variables = {
        "ENVMGR_ENVIRONMENT__FRESH__PYTHON": "3.12",
        "ENVMGR_LIBRARY__OLD__ENVIRONMENT": "fresh",
        "ENVMGR_LIBRARY__OLD__WORKERS": "9",
        "ENVMGR_LIBRARY__OLD": "{ workers = 8, module = 'six' }",
    }
    fresh = load(project(FILE), laid(variables)).environments["fresh"]
    assert (fresh.python, fresh.workers, fresh.libraries[0].module) == ("3.12", 9, "six")


def test_the_command_line_wins_and_its_last_word_over_the_first(project):
    sets = (
        "defaults.workers=7",
        'library."pandas".workers = 6',
        "library.pandas.workers=5",
        "project.name=a=b",
    )
    found = load(project(FILE), laid({"ENVMGR_LIBRARY__PANDAS__WORKERS": "9"}, "prod", sets))
    assert (found.libraries["pandas"].workers, found.libraries["numpy"].workers) == (5, 7)
    assert found.name == "a=b"


def test_only_variables_with_two_underscores_are_configuration(project):
    environ = {
        "ENVMGR_UV": "x",
        "ENVMGR_DEBUG": "1",
        "PATH": "/bin",
        "ENVMGR_DEFAULTS__WORKERS": "4",
        "A__B": "1",
    }
    assert Layers.of(environ, "prod", ("a=b",)) == laid({"ENVMGR_DEFAULTS__WORKERS": "4"}, "prod", ("a=b",))


PROBLEMS = [
    (
        {"ENVMGR_LIBRARY__PANDAS__WORKRS": "9"},
        (),
        "variable ENVMGR_LIBRARY__PANDAS__WORKRS: it names no key of envmgr.toml\n"
        "  ENVMGR_LIBRARY__PANDAS__WORKRS\n"
        "  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  did you mean `ENVMGR_LIBRARY__PANDAS__WORKERS`?",
    ),
    (
        {"ENVMGR_LIBRARY__PANDAS__WORKERS": "0"},
        (),
        "variable ENVMGR_LIBRARY__PANDAS__WORKERS: 0 is out of range: it must be at least 1\n"
        "  ENVMGR_LIBRARY__PANDAS__WORKERS=0\n"
        "                                  ^",
    ),
    ({"ENVMGR_DEFAULTS__TIMEOUT": ""}, (), "variable ENVMGR_DEFAULTS__TIMEOUT: `` is not a duration"),
    ({"ENVMGR_DEFAULTS__TIMEOUT": "{}"}, (), "variable ENVMGR_DEFAULTS__TIMEOUT: `{}` is not a duration"),
    ({"ENVMGR_DEFAULTS__WORKERS": "many"}, (), "variable ENVMGR_DEFAULTS__WORKERS: `many` is not a value"),
    (
        {"ENVMGR_DEFAULTS__WORKERS": "1\nx=2"},
        (),
        "variable ENVMGR_DEFAULTS__WORKERS: `1\nx=2` is not a value",
    ),
    ({"ENVMGR_DEFAULTS__WORKERS": "[" * 9999}, (), "is not a value"),
    ({"ENVMGR_DEFAULTS__WORKERS": '"2"'}, (), 'expected a whole number, got "2"'),
    (
        {"ENVMGR_ENVIRONMENT__DATA__CONSTRAINTS": '["numpy<"]'},
        (),
        "DATA__CONSTRAINTS: `numpy<` is not a require",
    ),
    ({"ENVMGR_LIBRARY__NEW__WORKERS": "2"}, (), "variable ENVMGR_LIBRARY__NEW__WORKERS: it names no key"),
    ({"ENVMGR_CONFIG_VERSION__X": "2"}, (), "it names no key of envmgr.toml"),
    ({"ENVMGR_PROFILE__PROD__DEFAULTS__WORKERS": "2"}, (), "it names no key of envmgr.toml"),
    (
        {"ENVMGR_DEFAULTS__WORKERS": "2", "ENVMGR_defaults__workers": "3"},
        (),
        "variable ENVMGR_defaults__workers: `ENVMGR_DEFAULTS__WORKERS` says the same key",
    ),
    ({}, ("defaults.workers=0",), "--set defaults.workers: 0 is out of range: it must be at least 1\n"),
    ({}, ("defaults.workers=",), "--set defaults.workers: `` is not a value"),
    ({}, ("library.panda.workers=1",), "--set library.panda.workers: envmgr.toml has no library `panda`"),
    ({}, ("library.panda.workers=1",), "\n  did you mean `pandas`?"),
    ({}, ("environment.dat.python=3.12",), "envmgr.toml has no environment `dat`"),
    ({}, ("library.pandas.verson=>2",), "--set library.pandas.verson: unknown key `verson`"),
    ({}, ("library.pandas=[]",), "--set library.pandas: `[]` is not a requirement"),
    ({}, ("defaults.workers.x=3",), "--set defaults.workers.x: expected a whole number, got a table"),
    ({}, ("library.pandas.security=3",), "--set library.pandas.security: expected a table, got 3"),
    ({}, ("defaults=3",), "--set defaults: `defaults` cannot be set"),
    ({}, ("profile.prod.defaults.workers=3",), "`profile.prod.defaults.workers` cannot be set"),
    ({}, ("config-version=2",), "--set config-version: `config-version` cannot be set"),
    ({}, ("workers",), "--set workers: expected KEY=VALUE\n  --set workers\n  ^^^^^^^^^^^^^"),
    ({}, ("a b=1",), "--set a b: expected KEY=VALUE"),
    ({}, ("a\nb=1",), "expected KEY=VALUE"),
    ({}, ("=1",), "expected KEY=VALUE"),
]


@pytest.mark.parametrize(("variables", "sets", "expected"), PROBLEMS, ids=range(len(PROBLEMS)))
def test_each_problem_says_where_it_was_written(project, failure, variables, sets, expected):
    error = failure(project(FILE), laid(variables, sets=sets))
    assert error.code == "E-CONFIG"
    assert error.message.startswith("1 problem in what is laid over envmgr.toml\n\n")
    assert expected in error.message
    (problem,) = error.details["problems"]
    assert (problem["file"], problem["line"]) == (None, None)
    assert problem["place"].startswith("variable " if variables else "--set")


def test_a_variable_with_two_meanings_is_refused(project, failure):
    root = project("[library.a-b]\n[library.a_b]\n")
    message = failure(root, laid({"ENVMGR_LIBRARY__A_B__WORKERS": "2"})).message
    assert "it may mean `library.a-b.workers` and `library.a_b.workers`" in message


def test_problems_of_all_layers_are_said_at_once(project, failure):
    root = project(FILE.replace("workers = 8", "workers = 0").replace("workers = 3", "wokers = 3"))
    error = failure(root, laid({"ENVMGR_DEFAULTS__WORKERS": "x"}, "prod", ("defaults.timeout=x",)))
    assert error.message.startswith("4 problems in envmgr.toml and what is laid over it\n\n")
    assert error.hint == "correct them, then run `envmgr config check`"
    assert [problem["place"] for problem in error.details["problems"]] == [
        "envmgr.toml:2:1",
        "envmgr.toml:19:11",
        "variable ENVMGR_DEFAULTS__WORKERS",
        "--set defaults.timeout",
    ]


def test_a_problem_of_a_profile_is_shown_there_whichever_is_chosen(project, failure):
    root = project(FILE.replace('with = ["idna"]', 'stdlib = true\npackage = "x y"'))
    for layers in (laid(), laid(profile="prod"), laid(profile="small")):
        places = [problem["place"] for problem in failure(root, layers).details["problems"]]
        assert places == ["envmgr.toml:21:11"]


def test_a_rule_that_only_a_profile_breaks_is_laid_at_its_door(project, failure):
    in_file = failure(project('[library.six]\nversion = "<2"\n[profile.p.library.six]\npackage = "six>1"\n'))
    assert in_file.message == (
        "1 problem in envmgr.toml\n\n"
        "envmgr.toml:2:1: `package` already names versions (>1) (with profile `p`)\n"
        '  version = "<2"\n'
        "  ^^^^^^^\n"
        "  keep the versions in one place: `version`, or `package`"
    )
    again = failure(Path.cwd(), laid(profile="p", sets=["defaults.workers=3"]))
    assert again.message == in_file.message
    in_profile = failure(
        project('[library.six]\npackage = "six>1"\n[profile.p.library.six]\nversion = "<2"\n')
    )
    assert "\nenvmgr.toml:4:1: `package` already names versions (>1)\n" in in_profile.message
    root = project('[library.six]\nversion = "<2"\n')
    beside = failure(root, laid({"ENVMGR_LIBRARY__SIX__PACKAGE": "six>1"}))
    assert "names versions (>1) (with the variables and --set of this run)" in beside.message


def test_a_profile_adds_no_library_and_no_environment_without_one(project, failure):
    root = project("[library.six]\n[profile.p.library.sx]\n[profile.p.environment.si]\npython = '3'\n")
    message = failure(root).message
    assert message.startswith("3 problems in envmgr.toml\n")
    assert "envmgr.toml:2:20: profile `p` speaks of library `sx`, which this file does not have" in message
    assert (
        "envmgr.toml:3:24: profile `p` speaks of environment `si`, which this file does not have" in message
    )


def test_an_unknown_profile_gets_the_near_name(project, failure):
    error = failure(project(FILE), laid(profile="prd"))
    assert (error.code, error.hint) == ("E-USAGE", "did you mean `prod`? profiles: prod, small")


def test_warnings_are_of_what_is_in_force(project):
    text = FILE + "[profile.small.library.numpy.security]\nnetwork = 'none'\n"
    assert len(load(project(text)).warnings) == 1
    in_file, in_profile = load(project(text), laid(profile="small")).warnings
    assert in_file.startswith("envmgr.toml:13: library.pandas.security.deny is accepted")
    assert in_profile.startswith("profile small (envmgr.toml:32): library.numpy.security.network is accepted")
    sets = ["library.numpy.security.allow=['numpy.load']"]
    (_, beside) = sorted(load(project(text), laid(sets=sets)).warnings)
    assert beside.startswith("envmgr.toml:13")


LIBRARIES = ("left", "right_one")
KEYS = {"timeout": st.integers(1, 99), "workers": st.integers(1, 99)}
HOLDERS = [("defaults",), *(("library", name) for name in LIBRARIES)]
LAYER = st.dictionaries(
    st.sampled_from([(*holder, key) for holder in HOLDERS for key in KEYS]), st.integers(1, 99), max_size=6
)


def _written(path, number):
    return f'"{number}s"' if path[-1] == "timeout" else str(number)


@settings(deadline=None, max_examples=60)
@given(file=LAYER, profile=LAYER, variables=LAYER, sets=LAYER, is_chosen=st.booleans())
def test_the_last_layer_that_writes_a_key_wins_then_the_last_that_writes_its_default(
    file, profile, variables, sets, is_chosen
):
    lines = [f"library.{name} = {{}}" for name in LIBRARIES if not any(name in path for path in file)]
    lines += [f"{'.'.join(path)} = {_written(path, number)}" for path, number in file.items()]
    lines += ["[profile.p]"]
    lines += [f"{'.'.join(path)} = {_written(path, number)}" for path, number in profile.items()]
    layers = Layers(
        "p" if is_chosen else None,
        {f"ENVMGR_{'__'.join(path).upper()}": _written(path, number) for path, number in variables.items()},
        tuple(f"{'.'.join(path)}={_written(path, number)}" for path, number in sets.items()),
    )
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "envmgr.toml").write_text("\n".join(lines))
        found = load(Path(directory), layers)

    stack = [sets, variables, *([profile] if is_chosen else []), file]
    for name in LIBRARIES:
        for key, builtin in (("timeout", 30), ("workers", 2)):
            own = [layer["library", name, key] for layer in stack if ("library", name, key) in layer]
            inherited = [layer["defaults", key] for layer in stack if ("defaults", key) in layer]
            expected = [*own, *inherited, builtin][0]
            library = found.libraries[name]
            assert (library.workers if key == "workers" else library.timeout_ms // 1000) == expected


@settings(deadline=None, max_examples=60)
@given(
    variables=st.dictionaries(
        st.one_of(
            st.text("ABDEFLNRSTU_", max_size=20), st.sampled_from(["DEFAULTS__WORKERS", "LIBRARY__SIX__INIT"])
        ).map(lambda name: f"ENVMGR_{name}"),
        st.text(max_size=20),
        max_size=4,
    ),
    sets=st.lists(
        st.one_of(st.text(max_size=20), st.text("library.six=123{}[]\"'\n# ", max_size=20)), max_size=4
    ),
)
def test_whatever_is_laid_over_a_file_it_loads_or_says_why(variables, sets):
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "envmgr.toml").write_text("[library.six]\n")
        refusal = None
        try:
            load(Path(directory), Layers.of(variables, None, tuple(sets)))
        except EnvmgrError as error:
            refusal = error
    if refusal is not None:
        assert refusal.code == "E-CONFIG"
        assert json.loads(json.dumps(refusal.details))["problems"]
