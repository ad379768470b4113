"""Projects that other tools wrote, and what is read of them: no network, no interpreter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from envmgr.errors import EnvmgrError
from envmgr.tools.foreign import projects
from envmgr.tools.foreign import reading as reading_module
from envmgr.tools.foreign.poetry import _specifier

DATA = Path(__file__).parents[2] / "data" / "import"


def read(directory):
    file, _ = projects.choose(directory)
    return projects.read(file)


def write(directory, **files):
    for name, text in files.items():
        path = directory / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def wanted(reading):
    return [str(one.requirement) for one in reading.wanted]


def pins(reading):
    return {pin.name: pin.version for pin in reading.pins}


def left(reading):
    return {one.what: one.place.line for one in reading.left}


HTTP2 = {
    "certifi": "2026.10.18",
    "h11": "0.16.0",
    "h2": "4.1.0",
    "hpack": "4.0.0",
    "httpcore": "1.0.9",
    "hyperframe": "6.1.0",
    "six": "1.16.0",
}


def test_uv():
    reading = read(DATA / "uv")
    assert (reading.format, reading.name) == ("uv", "shop-uv")
    assert [path.name for path in reading.files] == ["pyproject.toml", "uv.lock"]
    assert wanted(reading) == ["httpcore[http2]>=1.0", "six<1.17", 'colorama>=0.4; sys_platform == "win32"']
    assert [str(one.requirement) for one in reading.constraints] == ["hpack<4.1"]
    assert pins(reading).items() >= HTTP2.items()
    assert left(reading) == {"extra fast": 8, "group dev": 11}
    assert [(asked.text, asked.is_range) for asked in reading.pythons] == [(">=3.11", True)]
    six = next(pin for pin in reading.pins if pin.name == "six")
    lines = (DATA / "uv" / "uv.lock").read_text().split("\n")
    assert lines[six.place.line - 1 : six.place.line + 1] == ["[[package]]", 'name = "six"']
    assert six.hashes == {
        "sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926",
        "sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254",
    }


def test_a_uv_lock_alone_tells_what_its_project_asked(tmp_path):
    (tmp_path / "uv.lock").write_bytes((DATA / "uv" / "uv.lock").read_bytes())
    reading = read(tmp_path)
    assert reading.name == "shop-uv"
    assert wanted(reading) == ['colorama>=0.4; sys_platform == "win32"', "httpcore[http2]>=1.0", "six<1.17"]
    assert "group dev" in left(reading)


@pytest.mark.parametrize(
    ("directory", "asked"),
    [
        ("poetry", ["httpcore<2.0,>=1.0", "attrs>=23"]),
        (
            "poetry-classic",
            [
                "httpcore[http2]<2,>=1.0",
                "six==1.16.0",
                "packaging<23.2,>=23.1",
                'colorama; sys_platform == "win32"',
            ],
        ),
        (
            "poetry-old",
            [
                "httpcore[http2]<2,>=1.0",
                "six==1.16.0",
                "packaging<23.2,>=23.1",
                'colorama; sys_platform == "win32"',
            ],
        ),
    ],
)
def test_poetry(directory, asked):
    reading = read(DATA / directory)
    assert wanted(reading) == asked
    assert [asked.text for asked in reading.pythons] == [">=3.10,<4"]
    assert pins(reading)["httpcore"] == "1.0.9"
    assert all(pin.hashes for pin in reading.pins)
    assert {"group dev"} < left(reading).keys()


@pytest.mark.parametrize(
    ("poetry", "ours"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("^1", ">=1,<2"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("~=1.2", "~=1.2"),
        ("1.2.*", "==1.2.*"),
        ("!=1.2.*", "!=1.2.*"),
        ("1.2.3", "==1.2.3"),
        ("=1.2", "==1.2"),
        (">=1,<2", ">=1,<2"),
        (">= 1.0  < 2", ">=1.0,<2"),
        ("*", ""),
        ("^1 || ^2", None),
        ("^x", None),
        (">>1", None),
    ],
)
def test_versions_of_poetry(poetry, ours):
    assert _specifier(poetry) == ours


def test_poetry_sources_and_choices(tmp_path):
    write(
        tmp_path,
        pyproject_toml="""\
[tool.poetry]
name = "x"
[tool.poetry.dependencies]
python = "^3.9 || ^3.11"
a = {git = "https://u:p@github.com/x/a.git"}
b = {path = "../b", develop = true}
c = {version = "^1 || ^2", python = ">=3.9"}
d = [{version = "^1", python = "<3.10"}, {version = "^2", platform = "linux"}]
e = {version = "^1", source = "private", shiny = 1}
f = {version = "^1", optional = true}
g = 3
h = {url = "https://example.com/h.zip"}
i = {version = "1.0", markers = "sys_platform =="}
[tool.poetry.dev-dependencies]
pytest = "*"
[[tool.poetry.source]]
name = "private"
url = "https://user:pw@private.example.com/secret-token/simple"
""",
    )
    reading = read(tmp_path)
    assert wanted(reading) == [
        'c; python_version >= "3.9"',
        'd<2,>=1; python_version < "3.10"',
        'd<3,>=2; sys_platform == "linux"',
        "e<2,>=1",
    ]
    assert reading.pythons == []
    assert left(reading) == {
        "python ^3.9 || ^3.11": 4,
        "a from https://***@github.com/x/a.git": 5,
        "b from ../b": 6,
        "c ^1 || ^2": 7,
        "e from index private": 9,
        "e: shiny": 9,
        "f": 10,
        "g": 11,
        "h from https://example.com/h.zip": 12,
        "i==1.0; (sys_platform ==)": 13,
        "group dev": 14,
        "index https://***@private.example.com": 18,
    }


def test_poetry_lock_without_its_manifest_tells_no_wishes(tmp_path):
    (tmp_path / "poetry.lock").write_text("[[package]]\nname = 'six'\nversion = '1.16.0'\n")
    with pytest.raises(EnvmgrError, match=r"does not tell which of its packages were asked for") as caught:
        read(tmp_path)
    assert caught.value.code == "E-IMPORT"


def test_poetry_lock_with_other_sources_and_files_apart(tmp_path):
    write(
        tmp_path,
        pyproject_toml='[tool.poetry.dependencies]\nsix = "*"\n',
        poetry_lock="""\
[[package]]
name = "six"
version = "1.16.0"
python-versions = ">=2.7, !=3.0.*"
[[package]]
name = "mine"
version = "1.0"
[package.source]
type = "git"
url = "https://github.com/x/mine.git"
[[package]]
name = "odd"
version = "one"
[[package]]
name = "many"
version = "1"
markers = {main = "python_version < '3.0'", dev = "x"}
files = [{file = "many", hash = "md5:12"}]
[metadata]
python-versions = "^3.9"
[metadata.files]
six = [{file = "six.whl", hash = "sha256:aa"}]
""",
    )
    reading = read(tmp_path)
    assert pins(reading) == {"six": "1.16.0", "many": "1"}
    assert reading.pins[0].hashes == {"sha256:aa"}
    assert not reading.pins[1].applies({"python_version": "3.11", "python_full_version": "3.11.7"})
    assert left(reading) == {
        "mine from https://github.com/x/mine.git": 5,
        "odd one": 11,
        "many 1: its md5 hashes": 14,
    }
    assert [asked.text for asked in reading.pythons] == [">=3.9,<4"]


def test_pdm(tmp_path):
    reading = read(DATA / "pdm")
    assert wanted(reading) == ["httpcore[http2]>=1.0", "six==1.16.0", 'tomli>=2; python_version < "3.11"']
    assert pins(reading).items() >= HTTP2.items()
    assert left(reading) == {"group test": 8}

    write(
        tmp_path,
        pyproject_toml="""\
[project]
dependencies = ["six"]
[tool.pdm.resolution.overrides]
idna = "3.7"
h11 = ">=0.14"
[tool.pdm.dev-dependencies]
lint = ["ruff"]
[[tool.pdm.source]]
url = "https://u:p@pdm.example.com/simple"
""",
        pdm_lock="""\
[[package]]
name = "six"
version = "1.16.0"
[[package]]
name = "local"
version = "1"
path = "./local"
[[package]]
name = "repo"
version = "1"
git = "https://github.com/x/repo.git"
[[metadata.targets]]
requires_python = ">=3.9"
[metadata.files]
"six 1.16.0" = [{file = "six.whl", hash = "sha256:aa"}]
""",
    )
    reading = read(tmp_path)
    assert [str(one.requirement) for one in reading.overrides] == ["idna==3.7", "h11>=0.14"]
    assert [asked.text for asked in reading.pythons] == [">=3.9"]
    assert reading.pins[0].hashes == {"sha256:aa"}
    assert left(reading) == {"group lint": 7, "index https://***@pdm.example.com": 9, "local": 4, "repo": 8}


def test_pipenv(tmp_path):
    reading = read(DATA / "pipenv")
    assert wanted(reading) == ["httpcore[http2]>=1.0", "six==1.16.0", "attrs"]
    assert pins(reading).items() >= HTTP2.items() - {("hpack", "4.0.0"), ("h2", "4.1.0")}
    assert [(asked.text, asked.is_range) for asked in reading.pythons] == [("3.11", False)]
    six = next(pin for pin in reading.pins if pin.name == "six")
    assert '"six"' in (DATA / "pipenv" / "Pipfile.lock").read_text().split("\n")[six.place.line - 1]

    write(
        tmp_path,
        Pipfile="""\
[packages]
one = {version = "1.0", sys_platform = "== 'linux'", os_name = "posix", index = "private"}
two = {git = "https://github.com/x/two.git", ref = "main"}
three = {path = ".", editable = true}
four = 4
five = "~=1.2"
six = {version = "*", markers = "python_version > '3'", extras = ["x"]}
[docs]
sphinx = "*"
[[source]]
url = "https://u:${TOKEN}@private.example.com/x"
[requires]
python_full_version = "3.11.7"
""",
    )
    reading = read(tmp_path)
    assert wanted(reading) == [
        'one==1.0; sys_platform == "linux" and os_name == "posix"',
        "five~=1.2",
        'six[x]; python_version > "3"',
    ]
    assert left(reading) == {
        "one from index private": 2,
        "two from https://github.com/x/two.git": 3,
        "three from .": 4,
        "four": 5,
        "category docs": 8,
        "index https://***@private.example.com": 11,
    }


def test_a_pipfile_lock_alone_is_all_wishes(tmp_path):
    lock = {
        "default": {
            "six": {"version": "==1.16.0", "hashes": ["sha256:aa"], "extras": ["x"]},
            "mine": {"git": "https://github.com/x/mine.git", "ref": "abc"},
            "odd": [],
        }
    }
    (tmp_path / "Pipfile.lock").write_text(json.dumps(lock, indent=4))
    reading = read(tmp_path)
    assert wanted(reading) == ["six[x]==1.16.0"]
    assert left(reading) == {"mine from https://github.com/x/mine.git": 12, "odd": 1}


def test_conda():
    reading = read(DATA / "conda")
    assert reading.name == "analysis"
    assert wanted(reading) == [
        "six==1.16.0",
        "attrs>=23",
        "msgpack==1.1.*",
        "not-on-pypi-by-any-name-envmgr==1.0.*",
        "packaging",
        "pluggy==1.5.0",
        'idna==3.7; sys_platform != "win32"',
    ]
    assert [one.certain for one in reading.wanted] == [False] * 5 + [True] * 2
    assert pins(reading) == {"six": "1.16.0", "pluggy": "1.5.0", "idna": "3.7"}
    assert [(asked.text, asked.is_range) for asked in reading.pythons] == [("3.11", False)]
    assert left(reading) == {
        "channel https://conda.example.com": 4,
        "pip": 7,
        "libblas=3.9.0=*openblas": 11,
        "openssl": 12,
        "packaging <24|>=24.1": 14,
        "-e .": 18,
        "variables": 20,
    }


@pytest.mark.parametrize(
    ("conda", "ours"),
    [
        ("a", "a"),
        ("a=1", "a==1.*"),
        ("a=1.2", "a==1.2.*"),
        ("a=1.2.3", "a==1.2.3"),
        ("a=1.2=py_0", "a==1.2"),
        ("a==1.2", "a==1.2"),
        ("a 1.2 py_0", "a==1.2"),
        ("a 1.2.*", "a"),
        ("a=1.2.*", "a==1.2.*"),
        ("a >=1.2, <2", "a<2,>=1.2"),
        ("a[version='>1']", "a"),
        ("conda-forge::a~=1.2", "a~=1.2"),
        ("matplotlib-base", "matplotlib"),
    ],
)
def test_versions_of_conda(tmp_path, conda, ours):
    write(tmp_path, environment_yml=f"dependencies:\n  - {json.dumps(conda)}\n")
    assert wanted(read(tmp_path)) == [ours]


def test_conda_files_that_are_not(tmp_path):
    for text, line in (("- a\n", 1), ("a: [\n", 2), ("", 1), ("a: &x [*x]\nb: \x00", None)):
        path = tmp_path / "environment.yml"
        path.write_text(text)
        with pytest.raises(EnvmgrError) as caught:
            projects.read(path)
        assert (caught.value.code, caught.value.details["line"]) == ("E-IMPORT", line)
    write(tmp_path, environment_yml="dependencies:\n  - [a]\n  - {conda: [b]}\n  - '???'\n  - python>=3.9\n")
    reading = read(tmp_path)
    assert left(reading) == {"a dependency": 2, "conda": 3, "???": 4}
    assert [(asked.text, asked.is_range) for asked in reading.pythons] == [(">=3.9", True)]


def test_pylock(tmp_path):
    reading = read(DATA / "pylock")
    assert wanted(reading)[:2] == ["certifi==2026.10.18", 'colorama==0.4.6; sys_platform == "win32"']
    assert pins(reading).items() >= HTTP2.items()
    assert all(pin.hashes for pin in reading.pins)

    write(
        tmp_path,
        pylock_toml="""\
lock-version = "1.0"
requires-python = ">=3.9"
[[packages]]
name = "top"
version = "1"
index = "https://u:p@example.com/simple"
dependencies = [{name = "Low.Down"}]
[[packages]]
name = "low-down"
version = "2"
[[packages]]
name = "repo"
vcs = {type = "git", url = "https://github.com/x/repo.git"}
[[packages]]
name = "here"
directory = {path = "."}
[[packages]]
name = "vague"
""",
    )
    reading = read(tmp_path)
    assert (wanted(reading), pins(reading)) == (["top==1"], {"top": "1", "low-down": "2"})
    assert left(reading) == {
        "index https://***@example.com": 6,
        "repo from https://github.com/x/repo.git": 11,
        "here from .": 14,
        "vague": 17,
    }
    write(tmp_path, pyproject_toml='[project]\ndependencies = ["low.down"]\n')
    assert wanted(read(tmp_path)) == ["low.down"]


def test_uv_sources(tmp_path):
    write(
        tmp_path,
        pyproject_toml="""\
[project]
name = "x"
dynamic = ["dependencies"]
dependencies = ["a", "b", "c", "d @ git+https://github.com/x/d.git", "not a requirement"]
[tool.uv]
dev-dependencies = ["pytest"]
override-dependencies = ["idna==3.7"]
index-url = "https://one.example.com/x"
[[tool.uv.index]]
url = "https://u:p@two.example.com/x"
[tool.uv.sources]
a = { workspace = true }
b = { index = "two" }
c = [{ git = "https://github.com/x/c.git" }, { path = "c" }]
[tool.uv.workspace]
members = ["a"]
""",
        uv_lock="""\
requires-python = ">=3.9"
[[package]]
name = "a"
version = "1"
source = { editable = "a" }
[[package]]
name = "deep"
version = "1"
source = { git = "https://github.com/x/deep" }
[[package]]
name = "forked"
version = "1"
source = { registry = "https://pypi.org/simple" }
resolution-markers = ["python_version < '3.9'", "sys_platform == 'win32'"]
""",
    )
    (tmp_path / ".python-version").write_text("# ours\nsystem\n3.11.7\n")
    reading = read(tmp_path)
    assert wanted(reading) == ["b"]
    assert left(reading) == {
        "d @ git+https://github.com/x/d.git": 4,
        "not a requirement": 4,
        "dependencies": 3,
        "group dev": 6,
        "index https://***@two.example.com": 10,
        "index https://one.example.com": 8,
        "the workspace": 15,
        "a": 12,
        "b from index two": 13,
        "c": 14,
        "deep": 6,
        "python system": 2,
    }
    assert [(asked.text, asked.is_range) for asked in reading.pythons] == [("3.11.7", False), (">=3.9", True)]
    here = {"python_version": "3.11", "python_full_version": "3.11.7", "sys_platform": "linux"}
    assert not reading.pins[0].applies(here)
    assert reading.pins[0].applies({**here, "sys_platform": "win32"})


def test_what_a_directory_means(tmp_path):
    with pytest.raises(EnvmgrError, match="nothing in"):
        projects.choose(tmp_path)
    with pytest.raises(EnvmgrError, match="is not there"):
        projects.choose(tmp_path / "gone.txt")
    for name in ("requirements.txt", "environment.yml", "pyproject.toml", "poetry.lock"):
        (tmp_path / name).touch()
    chosen, beside = projects.choose(tmp_path)
    assert chosen.name == "poetry.lock"
    assert [path.name for path in beside] == ["requirements.txt", "environment.yml"]
    (tmp_path / "uv.lock").touch()
    (tmp_path / "pyproject.toml").write_text('[tool.poetry.dependencies]\nsix = "*"\n')
    assert projects.read(tmp_path / "pyproject.toml").format == "poetry"
    with pytest.raises(EnvmgrError, match="is no file that can be imported"):
        projects.read(tmp_path / "setup.cfg")


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("uv.lock", b"[[package]]\nversion = 1\n", 1),
        ("uv.lock", b"x = ", None),
        ("uv.lock", b"x = " + b"[" * 3000, None),
        ("uv.lock", b"a = 1\nb = '\xff'\n", 2),
        ("uv.lock", b"x = " + b"9" * 5000, None),
        ("Pipfile.lock", b'{"x": ' + b"9" * 5000 + b"}", None),
        ("Pipfile.lock", b"{\n{", 2),
        ("Pipfile.lock", b"[]", 1),
        ("Pipfile.lock", b"[" * 100_000, None),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, line):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(EnvmgrError, match="cannot be read") as caught:
        projects.read(path)
    assert (caught.value.code, caught.value.details["line"]) == ("E-IMPORT", line)


def test_a_file_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(reading_module, "_LARGEST", 10)
    (tmp_path / "requirements.txt").write_text("six\n" * 3)
    with pytest.raises(EnvmgrError, match="it is larger than"):
        read(tmp_path)


# Values of a wrong kind where another is expected: anything may be said, nothing may be raised but E-IMPORT.
_VALUES = [
    "3",
    "true",
    '"x"',
    "[]",
    "{}",
    "[1]",
    "[{}]",
    '{a = "b"}',
    '["a", 1]',
    "1979-05-27",
    '"^1 || 2"',
    '"==x"',
]
_KEYS = [
    "project.name",
    "project.dependencies",
    "project.dynamic",
    "project.requires-python",
    "project.optional-dependencies",
    "dependency-groups",
    "tool.uv.sources",
    "tool.uv.sources.a",
    "tool.uv.index",
    "tool.uv.index-url",
    "tool.uv.constraint-dependencies",
    "tool.uv.workspace",
    "tool.poetry.name",
    "tool.poetry.dependencies",
    "tool.poetry.dependencies.a",
    "tool.poetry.extras",
    "tool.poetry.group",
    "tool.poetry.source",
    "tool.pdm.resolution.overrides",
    "tool.pdm.source",
    "tool.pdm.dev-dependencies",
    "packages",
    "packages.a",
    "requires",
    "source",
    "package",
    "metadata",
    "metadata.files",
    "metadata.targets",
]
_PACKAGE = [
    "version",
    "source",
    "files",
    "markers",
    "marker",
    "python-versions",
    "requires_python",
    "wheels",
    "sdist",
]
_PACKAGE += [
    "metadata",
    "resolution-markers",
    "hashes",
    "dependencies",
    "directory",
    "index",
    "extras",
    "git",
]
_FILES = ["uv.lock", "poetry.lock", "pdm.lock", "pyproject.toml", "Pipfile", "pylock.toml"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pairs=some.dictionaries(some.sampled_from(_KEYS), some.sampled_from(_VALUES), max_size=4),
    package=some.dictionaries(some.sampled_from(_PACKAGE), some.sampled_from(_VALUES), max_size=4),
    name=some.sampled_from(_FILES),
    beside=some.booleans(),
)
def test_no_document_raises_anything_else(place, pairs, package, name, beside):
    for file in _FILES:
        (place / file).unlink(missing_ok=True)
    text = "".join(f"{key} = {value}\n" for key, value in pairs.items())
    key = "packages" if name == "pylock.toml" else "package"
    table = f'\n[[{key}]]\nname = "a"\n' + "".join(f"{inner} = {value}\n" for inner, value in package.items())
    (place / name).write_text(text + (table if "package" not in pairs else ""))
    if beside:
        (place / "pyproject.toml").write_text(text)
    try:
        projects.read(place / name)
    except EnvmgrError as problem:
        assert problem.code == "E-IMPORT"  # noqa: PT017 - it may also be read


@given(
    some.recursive(
        some.none() | some.booleans() | some.text() | some.integers(),
        lambda inner: (
            some.lists(inner)
            | some.dictionaries(
                some.sampled_from(["default", "six", "version", "hashes", "git", "markers"]), inner
            )
        ),
    )
)
def test_no_pipfile_lock_raises_anything_else(place, value):
    (place / "Pipfile").unlink(missing_ok=True)
    path = place / "Pipfile.lock"
    path.write_text(json.dumps({"default": value}))
    projects.read(path)


@given(some.text(some.sampled_from("- :[]{}&*a\n\t'\"#=>|!%@")))
def test_no_yaml_raises_anything_else(place, text):
    path = place / "environment.yml"
    path.write_text("dependencies:\n" + text)
    try:
        projects.read(path)
    except EnvmgrError as problem:
        assert problem.code == "E-IMPORT"  # noqa: PT017 - it may also be read
