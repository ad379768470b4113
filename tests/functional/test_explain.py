"""`explain` on real requirements, recorded from PyPI; uv resolves them offline, an oracle without uv checks."""

import contextlib
import functools
import json
import random
import sys
from pathlib import Path

import pytest
from indexes import serve, wheel
from projects import library, project
from recorded import can_share, index, partitions

from envmgr.cli import run
from envmgr.config import load
from envmgr.errors import EnvmgrError
from envmgr.operations.explaining import apply, explain
from envmgr.tools import interpreters, uv


@pytest.fixture(scope="module", autouse=True)
def _offline(tmp_path_factory):
    place = tmp_path_factory.mktemp("index")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_DEFAULT_INDEX", index(place))
        patch.setenv("UV_CACHE_DIR", str(place / "cache"))
        yield


# What each library asks, the cores, the distributions in dispute, the fewest environments, words that are said.
CASES = {
    "two that a hop keeps apart": (
        {"pandas1": ["pandas==2.1.*"], "numba": ["numba>=0.60", "numpy>=2.1"]},
        [{"pandas1", "numba"}],
        ["numpy"],
        2,
        [
            "pandas1 needs numpy>=",
            "because it asks pandas==2.1.* and pandas 2.1.3 to 2.1.4 require numpy>=",
            "numba asks numpy>=2.1",
        ],
    ),
    "tensorflow and another user of protobuf": (
        {"tensorflow": ["tensorflow"], "grpc": ["grpcio-tools==1.67.1"], "six": ["six"]},
        [{"tensorflow", "grpc"}],
        ["protobuf"],
        2,
        [
            "because it asks tensorflow and ",
            "grpc needs protobuf>=5.26.1,<6.0, because it asks grpcio-tools==1.67.1",
        ],
    ),
    "three hops deep": (
        {"s3": ["s3fs==2023.6.0"], "http": ["urllib3>=2"]},
        [{"s3", "http"}],
        ["urllib3"],
        2,
        [
            "s3 needs urllib3<1.27, because it asks s3fs==2023.6.0, every s3fs requires aiobotocore==2.5.4,"
            " every aiobotocore requires botocore==1.31.17, and every botocore requires urllib3<1.27",
            "http asks urllib3>=2",
        ],
    ),
    "each two fit and the three do not": (
        {"client": ["requests"], "http": ["urllib3>=2"], "text": ["charset-normalizer<2"]},
        [{"client", "http", "text"}],
        None,
        2,
        [
            "http asks urllib3>=2",
            "text asks charset-normalizer<2",
            "because it asks requests and requests <=2.25.1 require urllib3>=1.21.1,<1.27",
        ],
    ),
    "three demands on one distribution": (
        {"new": ["numpy>=1.25"], "old": ["numpy<2"], "picky": ["numpy!=1.25.*,!=1.26.*"]},
        [{"new", "old", "picky"}],
        ["numpy"],
        2,
        ["new asks numpy>=1.25", "old asks numpy<2", "picky asks numpy!=1.25.*,!=1.26.*"],
    ),
    "eight that need three": (
        {
            "n124": ["numpy==1.24.*"],
            "n126": ["numpy==1.26.*"],
            "n2": ["numpy>=2"],
            "pandas1": ["pandas==2.1.4"],
            "scipy": ["scipy"],
            "numba": ["numba==0.58.1"],
            "six": ["six"],
            "idna": ["idna<3"],
        },
        None,
        ["numpy"],
        3,
        ["n124 asks numpy==1.24.*"],
    ),
    "a version that is not there": (
        {"six": ["six>99"], "idna": ["idna"]},
        [{"six"}],
        ["six"],
        1,
        ["six asks six>99", "there is no six>99"],
    ),
    "a distribution that is not there": (
        {"nosuch": ["nosuch-distribution"]},
        [{"nosuch"}],
        ["nosuch-distribution"],
        0,
        ["nosuch-distribution: not found in the package registry"],
    ),
    "an extra": (
        {"client": ["requests[use_chardet_on_py3]==2.32.3"], "text": ["chardet==2.3.0"]},
        [{"client", "text"}],
        ["chardet"],
        2,
        [
            "because it asks requests[use_chardet_on_py3]==2.32.3 and requests 2.32.3 requires chardet>=3.0.2,<6"
        ],
    ),
    "without the extra": ({"client": ["requests==2.32.3"], "text": ["chardet==2.3.0"]}, [], [], 1, []),
    "all is well": ({"six": ["six"], "idna": ["idna"], "certifi": ["certifi"]}, [], [], 1, []),
}


def random_cases():
    """Libraries that dispute several distributions, in sets that no one chose for their ease."""
    words = [
        "numpy<1.26",
        "numpy>=2",
        "numpy!=2.0.2",
        "numba",
        "scipy==1.11.4",
        "pandas>=2.1",
        "requests",
        "urllib3>=2",
    ]
    words += [
        "charset-normalizer<2",
        "chardet==2.3.0",
        "idna<3",
        "requests[use_chardet_on_py3]",
        "s3fs",
        "protobuf>=5",
    ]
    chance = random.Random(7)
    for number in range(4):
        yield {f"lib{position}": chance.sample(words, chance.randint(1, 2)) for position in range(4 + number)}


def explained(root, asked, **rest):
    libraries = [
        library(name, words[0], extra_requirements=tuple(words[1:])) for name, words in asked.items()
    ]
    return explain(project(root, *libraries, **rest))


@pytest.mark.parametrize("case", CASES)
def test_cores_and_words(case, tmp_path):
    asked, cores, contested, minimum, words = CASES[case]
    found = explained(tmp_path, asked)
    told = [set(core.libraries) for core in found.cores]
    assert cores is None or told == cores
    assert contested is None or {core.contested for core in found.cores} == set(contested)
    said = "\n".join(
        word for core in found.cores for word in (*(side.words for side in core.sides), *core.notes)
    )
    for word in words:
        assert word in said
    assert all(core.raw for core in found.cores)
    assert found.minimum == minimum == len(found.environments)


@pytest.mark.parametrize(
    "asked", [*(case[0] for case in CASES.values()), *random_cases()], ids=lambda asked: "+".join(asked)
)
def test_the_oracle_agrees(asked, tmp_path):
    found = explained(tmp_path, asked)

    @functools.cache
    def fits(names):
        return can_share([word for name in sorted(names) for word in asked[name]])

    for core in found.cores:
        assert not fits(frozenset(core.libraries))
        assert all(
            fits(frozenset(core.libraries) - {name}) for name in core.libraries if len(core.libraries) > 1
        )
    assert all(fits(frozenset(group.libraries)) for group in found.environments)
    placed = [name for name in asked if fits(frozenset([name]))]
    assert sorted(name for group in found.environments for name in group.libraries) == sorted(placed)
    fewest = min(len(way) for way in partitions(placed) if all(fits(frozenset(group)) for group in way))
    assert found.minimum == fewest


def test_a_constraint_of_an_environment_goes_where_its_library_goes(tmp_path):
    (tmp_path / "envmgr.toml").write_text(
        "[library.pandas]\nversion = '<2'\nenvironment = 'data'\n"
        "[library.numba]\nversion = '>=0.60'\nwith = ['numpy>=2.1']\n"
        "[environment.data]\nconstraints = ['numpy<2']\n"
    )
    found = explain(load(tmp_path))
    (core,) = found.cores
    assert [side.words for side in core.sides] == [
        "environment data, of pandas, is constrained to numpy<2",
        "numba asks numpy>=2.1",
    ]
    assert [side.kind for side in core.sides] == ["constraint", "requirement"]
    assert found.broken == ()


def test_a_constraint_stays_with_those_who_can_live_with_it(tmp_path):
    path = tmp_path / "envmgr.toml"
    path.write_text(
        "[library.pandas]\nversion = '<2'\nenvironment = 'data'\n"
        "[library.numba]\nwith = ['numpy>=2.1']\nenvironment = 'data'\n"
        "[environment.data]\nconstraints = ['numpy<2']\n"
    )
    found = explain(load(tmp_path))
    (core,) = found.cores
    assert core.libraries == ("pandas", "numba")
    assert [side.kind for side in core.sides] == ["constraint", "requirement"]
    assert [group.constraints for group in found.environments] == [("numpy<2",), ()]
    assert found.broken == ("data",)
    apply(load(tmp_path), found)
    assert {name: home.constraints for name, home in load(tmp_path).environments.items()} == {
        "data": ("numpy<2",),
        "numba": (),
    }
    assert explain(load(tmp_path)).broken == ()


def test_a_constraint_that_suits_nobody(tmp_path):
    (tmp_path / "envmgr.toml").write_text(
        "[library.a]\npackage = 'numpy>=2'\nenvironment = 'x'\n[library.b]\npackage = 'numpy>=2.1'\nenvironment = 'x'\n"
        "[environment.x]\nconstraints = ['numpy<2']\n"
    )
    found = explain(load(tmp_path))
    assert [core.libraries for core in found.cores] == [("a",), ("b",)]
    assert found.minimum == 0


def test_an_override_is_not_forced_upon_others(tmp_path):
    (tmp_path / "envmgr.toml").write_text(
        "[library.s3]\npackage = 's3fs==2023.6.0'\n[environment.s3]\noverrides = ['urllib3==2.2.2']\n"
        "[library.client]\npackage = 'requests==2.25.1'\n"
        "[library.http]\npackage = 'urllib3>=2'\n"
    )
    found = explain(load(tmp_path))
    (core,) = found.cores
    assert core.libraries == ("s3", "client")
    assert [(side.library, side.kind) for side in core.sides] == [
        ("s3", "override"),
        ("client", "requirement"),
    ]
    assert core.sides[0].words == "environment s3, of s3, overrides what is asked with urllib3==2.2.2"
    assert "client needs urllib3>=1.21.1,<1.27" in core.sides[1].words
    assert {group.libraries for group in found.environments} == {("s3", "http"), ("client",)}


def pythons(root):
    found = []
    for version in ("3.10", "3.11", "3.12", "3.13"):
        with contextlib.suppress(EnvmgrError):
            found.append((version, interpreters.find(version, root=root)))
    return found


def test_libraries_of_different_pythons(tmp_path):
    here = pythons(tmp_path)
    if len(here) < 2:
        pytest.skip("needs two interpreters")
    (old, _), *_, (new, newest) = here
    (tmp_path / "envmgr.toml").write_text(
        f"[library.six]\npython = '{old}'\n[library.idna]\npython = '{new}'\n"
        f"[library.certifi]\npython = '{newest.executable}'\n"
    )
    found = explain(load(tmp_path))
    (core,) = found.cores
    assert (core.libraries, core.contested) == (("six", "idna"), "Python")
    assert core.sides[0].words.startswith(f"six runs on Python {old}.")
    assert [(group.libraries, group.python) for group in found.environments] == [
        (("six",), old),
        (("idna", "certifi"), new),
    ]


def test_a_distribution_that_needs_a_newer_python(tmp_path):
    here = [version for version, _ in pythons(tmp_path) if version in ("3.10", "3.11")]
    if not here:
        pytest.skip("numpy 2.5 serves every Python that is here")
    found = explained(tmp_path, {"numpy": ["numpy>=2.5"], "six": ["six"]}, python=here[0])
    (core,) = found.cores
    assert (core.libraries, core.contested) == (("numpy",), "Python")
    assert "numpy needs Python>=3.12, because it asks numpy>=2.5 and" in core.sides[0].words
    assert any(note.startswith(f"the environment's Python is {here[0]}.") for note in core.notes)
    assert found.broken == ("numpy",)


def test_an_environment_that_is_a_wish(tmp_path):
    asked = {"new": "numpy>=2", "old": "numpy<2", "six": "six", "idna": "idna"}
    libraries = [library(name, word, "data") for name, word in asked.items()]
    found = explain(project(tmp_path, *libraries))
    assert found.broken == ("data",)
    assert [(group.name, group.libraries) for group in found.environments] == [
        ("data", ("new", "six", "idna")),
        ("old", ("old",)),
    ]
    assert found.parted == (("new", "old", "six", "idna"),)


def test_an_adopted_environment_stays_by_itself(tmp_path):
    place = tmp_path / "theirs"
    uv.create_environment(place, Path(sys.executable))
    (tmp_path / "envmgr.toml").write_text(
        "[library.six]\nenvironment = 'theirs'\n[library.idna]\n[environment.theirs]\nadopt = 'theirs'\n"
    )
    found = explain(load(tmp_path))
    (core,) = found.cores
    assert (core.libraries, core.contested) == (("six", "idna"), None)
    assert [side.words for side in core.sides] == [
        f"six lives in the adopted environment {place}, where nothing is installed",
        "idna would have to be installed there",
    ]
    assert [group.name for group in found.environments] == ["theirs", "idna"]
    assert apply(load(tmp_path), found).applied == ()


def test_two_interpreters_of_one_version(tmp_path):
    uv.create_environment(tmp_path / "mine", Path(sys.executable))
    (tmp_path / "envmgr.toml").write_text(
        f"[library.six]\npython = 'mine/bin/python'\n[library.idna]\npython = '{sys.executable}'\n"
    )
    found = explain(load(tmp_path))
    assert found.cores[0].sides[0].words.endswith(f"({tmp_path}/mine/bin/python)")
    assert found.minimum == 2


def test_those_who_share_today_stay_together(tmp_path):
    homes = {
        "a": ("numpy<2", "one"),
        "b": ("numpy>=2", "two"),
        "six": ("six", "two"),
        "idna": ("idna", "one"),
    }
    found = explain(project(tmp_path, *(library(name, *home) for name, home in homes.items())))
    assert [(group.name, group.libraries) for group in found.environments] == [
        ("one", ("a", "idna")),
        ("two", ("b", "six")),
    ]
    assert (found.parted, found.broken) == ((), ())


def test_what_envmgr_toml_does_not_have_may_be_asked_about(tmp_path):
    here = project(tmp_path, library("six"), library("old", "numpy<2"))
    found = explain(here, ["old", "numpy>=2"])
    assert found.libraries == ("old", "numpy>=2")
    assert [group.name for group in found.environments] == ["old", "numpy"]
    assert [group.name for group in found.layout] == ["old"]
    with pytest.raises(EnvmgrError, match="there is nothing to write"):
        apply(here, found)


def test_the_name_of_an_environment_stands_for_its_libraries(tmp_path):
    homes = [library("six", environment="x"), library("idna", environment="x"), library("certifi")]
    assert explain(project(tmp_path, *homes), ["x"]).libraries == ("six", "idna")
    assert explain(project(tmp_path, *homes), ["certifi", "six"]).libraries == ("certifi", "six")


def test_names_that_are_unknown(tmp_path):
    with pytest.raises(EnvmgrError) as caught:
        explain(project(tmp_path, library("six")), ["sixx", "six", "x>"])
    assert caught.value.code == "E-UNKNOWN-LIBRARY"
    assert caught.value.details["unknown"] == ["sixx", "x>"]
    assert 'did you mean "six"?' in caught.value.hint
    assert "such as `numpy>=2`" in caught.value.hint


def test_an_index_that_cannot_be_reached_is_no_conflict(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    with pytest.raises(EnvmgrError) as caught:
        explained(tmp_path, {"six": ["six"], "idna": ["idna"]})
    assert caught.value.code == "E-NETWORK"


def test_what_was_published_since_uv_cached_the_index(tmp_path, monkeypatch):
    wheels = [
        wheel("alpha", "1", {}, requires=["gamma<2"]),
        wheel("beta", "1", {}, requires=["gamma>=2"]),
        wheel("delta", "1", {}, requires=["gamma<2"]),
        wheel("gamma", "1", {}),
        wheel("gamma", "2", {}),
    ]
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with serve(*wheels) as published:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{published.host}/simple/")
        asked = {"alpha": ["alpha"], "beta": ["beta"], "delta": ["delta"]}
        assert [core.libraries for core in explained(tmp_path, asked).cores] == [("alpha", "beta")]
        published.wheels.update([wheel("alpha", "2", {}, requires=["gamma>=2"])])
        later = explained(tmp_path, asked)
    assert [core.libraries for core in later.cores] == [("beta", "delta")]
    assert [group.libraries for group in later.environments] == [("alpha", "beta"), ("delta",)]


def test_one_that_nothing_satisfies_among_others(tmp_path):
    homes = [
        library("six", "six>99", "x"),
        library("idna", environment="x"),
        library("certifi", environment="x"),
    ]
    found = explain(project(tmp_path, *homes))
    assert [core.libraries for core in found.cores] == [("six",)]
    assert [(group.name, group.libraries) for group in found.environments] == [("x", ("idna", "certifi"))]
    assert (found.broken, found.parted) == (("x",), ())


def test_every_interpreter_that_is_not_here(tmp_path):
    (tmp_path / "envmgr.toml").write_text(
        "[library.six]\npython = '/no/such'\n[library.idna]\npython = '/nor/this'\n[library.certifi]\n"
    )
    with pytest.raises(EnvmgrError) as caught:
        explain(load(tmp_path))
    assert caught.value.code == "E-INTERPRETER"
    assert "/no/such" in caught.value.message
    assert "/nor/this" in caught.value.message


def test_no_libraries(tmp_path):
    found = explain(project(tmp_path))
    assert (found.minimum, found.cores, found.environments) == (0, (), ())


def test_modules_of_the_interpreter_live_anywhere(tmp_path):
    found = explain(project(tmp_path, library("math", None), library("json", None), library("six")))
    assert found.minimum == 1


def test_applying(tmp_path):
    path = tmp_path / "envmgr.toml"
    path.write_text(
        "# ours\n[library.new] # kept\npackage = 'numpy>=2'\nenvironment = 'data'\n"
        "[library.old]\npackage = 'numpy<2'\nenvironment = 'data' # with new\n"
        "[library.six]\n[environment.data]\nconstraints = ['pytz>2000'] # why\n"
    )
    found = apply(load(tmp_path), explain(load(tmp_path)))
    assert found.applied
    assert "# kept" in path.read_text()
    assert "# with new" in path.read_text()
    again = explain(load(tmp_path))
    assert {group.libraries for group in again.layout} == {group.libraries for group in found.environments}
    assert again.broken == ()
    assert apply(load(tmp_path), again).applied == ()
    assert all(home.constraints == ("pytz>2000",) for home in load(tmp_path).environments.values())


def test_applying_to_a_part_of_an_environment(tmp_path):
    (tmp_path / "envmgr.toml").write_text(
        "[library]\nsix = { environment = 'x' }\nidna = { environment = 'x' }\n"
    )
    before = (tmp_path / "envmgr.toml").read_bytes()
    with pytest.raises(EnvmgrError, match="idna: in an environment with these"):
        apply(load(tmp_path), explain(load(tmp_path), ["six"]))
    assert (tmp_path / "envmgr.toml").read_bytes() == before


def test_applying_with_a_library_that_nothing_satisfies(tmp_path):
    (tmp_path / "envmgr.toml").write_text("[library.six]\nversion = '>99'\n")
    with pytest.raises(EnvmgrError, match="six cannot be resolved in any environment"):
        apply(load(tmp_path), explain(load(tmp_path)))


@pytest.fixture
def command(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)

    def command(*words):
        return run(["explain", *words, "-q"]), *capfd.readouterr()

    return command


def test_the_command_in_text(command, tmp_path):
    (tmp_path / "envmgr.toml").write_text(
        "[project]\nname = 'app'\n[library.new]\npackage = 'numpy>=2'\nenvironment = 'data'\n"
        "[library.old]\npackage = 'numpy<2'\nenvironment = 'data'\n[library.six]\n"
    )
    python = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    cores = "new and old cannot share an environment: no numpy suits both\n  new asks numpy>=2\n  old asks numpy<2\n\n"
    fewest = (
        f"the fewest environments for 3 libraries: 2\n  data  {python}  new, six\n  old   {python}  old\n"
    )
    assert command() == (
        3,
        f"{cores}{fewest}  new and old share an environment today, and here they do not\n\n"
        "environment data cannot be resolved as it is configured\n"
        "`envmgr explain --apply` writes the fewest into envmgr.toml\n"
        "this is what metadata says; `envmgr sync` proves it by importing\n",
        "",
    )
    status, said, _ = command("--apply")
    assert status == 0
    assert said.endswith(
        'envmgr.toml: [library.six] environment = "data"\nenvmgr.toml: [library.old] environment = "old"\n'
        "`envmgr sync` builds and proves it\n"
    )
    assert command() == (
        0,
        f"{cores}{fewest}\ntoday's layout, 2 environments, works and is that already\n"
        "this is what metadata says; `envmgr sync` proves it by importing\n",
        "",
    )
    assert command("--apply")[1].endswith("envmgr.toml says so already\n")


def test_the_command_for_machines(command, tmp_path):
    (tmp_path / "envmgr.toml").write_text(
        "[library.s3]\npackage = 's3fs==2023.6.0'\nenvironment = 'x'\n[library.http]\npackage = 'urllib3>=2'\nenvironment = 'x'\n"
    )
    status, said, _ = command("--format", "json")
    found = json.loads(said)
    assert (status, found["ok"]) == (3, True)
    (core,) = found["data"]["cores"]
    assert (core["libraries"], core["contested"]) == (["s3", "http"], "urllib3")
    assert core["sides"][0]["asks"] == "s3fs==2023.6.0"
    assert [link["distribution"] for link in core["sides"][0]["chain"]] == ["s3fs", "aiobotocore", "botocore"]
    assert core["sides"][0]["chain"][-1] == {
        "distribution": "botocore",
        "version": "*",
        "requires": "urllib3<1.27",
    }
    assert "No solution found" in core["raw"]
    assert "library s3 depends on s3fs" in core["raw"]
    assert (found["data"]["minimum"], found["data"]["broken"], found["data"]["applied"]) == (2, ["x"], None)
    assert [group["libraries"] for group in found["data"]["environments"]] == [["s3"], ["http"]]


def test_a_failed_lock_tells_the_same(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "envmgr.toml").write_text(
        "[library.s3]\npackage = 's3fs==2023.6.0'\nenvironment = 'x'\n[library.http]\npackage = 'urllib3>=2'\nenvironment = 'x'\n"
    )
    assert run(["lock", "-q"]) == 3
    said = capfd.readouterr().err
    assert "because\n  s3 needs urllib3<1.27, because it asks s3fs==2023.6.0, every s3fs requires" in said
    assert "\n  http asks urllib3>=2\n" in said
    assert "`envmgr explain` finds the fewest environments that serve all" in said


def test_a_profile_is_not_written_into_the_file(command, tmp_path):
    (tmp_path / "envmgr.toml").write_text("[library.six]\n[profile.old.library.six]\nversion = '<1.17'\n")
    assert command("--profile", "old")[0] == 0
    status, _, said = command("--profile", "old", "--apply")
    assert status == 2
    assert "not what it says alone" in said


def test_an_empty_project(command, tmp_path):
    (tmp_path / "envmgr.toml").write_text("")
    assert command() == (0, "no libraries; `envmgr add LIB` adds one\n", "")


def test_uvs_own_words_where_its_derivation_is_not_there(command, tmp_path, monkeypatch):
    """A uv that knows the switch no more prints no tree."""
    wrapper = tmp_path / "uv"
    wrapper.write_text(f'#!/bin/sh\nunset UV_INTERNAL__SHOW_DERIVATION_TREE\nexec "{uv.executable()}" "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("ENVMGR_UV", str(wrapper))
    monkeypatch.setattr(uv, "_executable", functools.cache(uv._executable.__wrapped__))
    (tmp_path / "envmgr.toml").write_text(
        "[library.new]\npackage = 'numpy>=2'\n[library.old]\npackage = 'numpy<2'\n[library.six]\n"
    )
    status, said, _ = command()
    assert status == 0
    assert said.startswith("new and old cannot share an environment\n")
    assert said.count("cannot share") == 1
    assert "library new depends on numpy>=2" in said
    assert "the fewest environments for 3 libraries: 2" in said
