"""The part of a configuration that one environment needs, and adding it to another one."""

import tomllib

import pytest

from envmgr.config.excerpt import added, excerpt
from envmgr.config.layers import Layers
from envmgr.config.loading import load_project
from envmgr.errors import EnvmgrError

WHOLE = """\
# the shop
config-version = 1

[project]
name = "shop"
python = "~/python"

[defaults]
timeout = "1m"

[library]
six = "six<2"     # a requirement alone

[library.numpy]
environment = "data"
python = "3.11"
[[library.numpy.health.calls]]
call = "numpy.mean"
args = [[1, 2]]

[library.pandas]
environment = "data"
init = '''
x = "1"
'''

[environment.data]
constraints = ["numpy<3"]

[profile.prod.library.pandas]
workers = 7
[profile.prod.library.six]
workers = 1
"""


@pytest.fixture
def whole(tmp_path):
    (tmp_path / "envmgr.toml").write_text(WHOLE)
    return tmp_path


def part_of(root, environment, layers=Layers()):  # noqa: B008 - it is frozen
    return excerpt(root, layers, environment, project="shop", python="3.12")


def test_what_the_environment_needs(whole):
    assert tomllib.loads(part_of(whole, "data")) == {
        "config-version": 1,
        "project": {"name": "shop"},
        "defaults": {"timeout": "1m"},
        "library": {
            "numpy": {
                "environment": "data",
                "health": {"calls": [{"call": "numpy.mean", "args": [[1, 2]]}]},
            },
            "pandas": {"environment": "data", "init": 'x = "1"\n'},
        },
        "environment": {"data": {"constraints": ["numpy<3"], "python": "3.12"}},
    }


def test_it_is_a_configuration_of_its_own(whole, tmp_path):
    for environment in ("data", "six"):
        alone = load_project(tmp_path / "envmgr.toml", part_of(whole, environment).encode())
        all_of_it = load_project(tmp_path / "envmgr.toml", WHOLE.encode())
        assert list(alone.environments) == [environment]
        assert alone.environments[environment].libraries == all_of_it.environments[environment].libraries


def test_what_is_laid_over_is_in_force(whole):
    layers = Layers("prod", {"ENVMGR_DEFAULTS__WORKERS": "5"})
    document = tomllib.loads(part_of(whole, "data", layers))
    assert document["library"]["pandas"]["workers"] == 7
    assert document["defaults"] == {"timeout": "1m", "workers": 5}
    assert "profile" not in document


def test_without_defaults(tmp_path):
    (tmp_path / "envmgr.toml").write_text("[library.six]\n")
    assert part_of(tmp_path, "six").endswith('[library.six]\n\n[environment.six]\npython = "3.12"\n')
    assert "defaults" not in part_of(tmp_path, "six")


HERE = """\
[defaults]
workers = 3   # ours

[library.idna]

# the end
"""


def test_adding_keeps_what_is_there(whole, tmp_path):
    path, part = tmp_path / "other" / "envmgr.toml", tomllib.loads(part_of(whole, "data"))
    text = added(path, HERE.encode(), part)
    assert text.startswith("[defaults]\nworkers = 3   # ours\n\n[library.idna]\n")
    assert "# the end" in text
    document = tomllib.loads(text)
    assert document["library"]["pandas"] == {**part["library"]["pandas"], "timeout": "1m"}
    assert document["environment"] == part["environment"]
    project = load_project(path, text.encode())
    assert list(project.environments) == ["idna", "data"]
    assert {library.timeout_ms for library in project.environments["data"].libraries} == {60_000}


def test_equal_defaults_are_inherited(whole, tmp_path):
    part = tomllib.loads(part_of(whole, "six"))
    document = tomllib.loads(added(tmp_path / "envmgr.toml", b'[defaults]\ntimeout = "1m"\n', part))
    assert document["library"]["six"] == {"package": "six<2"}


def test_a_part_that_somebody_else_wrote(tmp_path):
    part = {"library": {"six": "six<2"}, "defaults": {"workers": 4}}
    document = tomllib.loads(added(tmp_path / "envmgr.toml", b"", part))
    assert document == {"library": {"six": {"package": "six<2", "workers": 4}}}


def test_a_library_that_is_elsewhere(whole, tmp_path):
    part = tomllib.loads(part_of(whole, "data"))
    with pytest.raises(EnvmgrError) as caught:
        added(tmp_path / "envmgr.toml", b'[library.pandas]\n[library.numpy]\nenvironment = "pandas"\n', part)
    assert (caught.value.code, caught.value.details) == ("E-EXISTS", {"libraries": ["numpy", "pandas"]})


@pytest.mark.parametrize(
    ("text", "code"),
    [("library = { idna = {} }\n", "E-USAGE"), ("library = 3\n", "E-CONFIG"), ("[", "E-CONFIG")],
)
def test_a_file_that_cannot_be_added_to(whole, tmp_path, text, code):
    part = tomllib.loads(part_of(whole, "six"))
    with pytest.raises(EnvmgrError) as caught:
        added(tmp_path / "envmgr.toml", text.encode(), part)
    assert caught.value.code == code
