"""Pools, and what is said of calls: from envmgr.toml to the project, and what is refused of it."""

from __future__ import annotations

import pytest

from envmgr.config import load
from envmgr.errors import EnvmgrError
from envmgr.model.project import Pool


@pytest.fixture
def environment(tmp_path):
    def loaded(text, name="a"):
        (tmp_path / "envmgr.toml").write_text(text)
        return load(tmp_path).environments[name]

    return loaded


@pytest.fixture
def problems(tmp_path):
    def found(text):
        (tmp_path / "envmgr.toml").write_text(text)
        with pytest.raises(EnvmgrError) as caught:
            load(tmp_path)
        return str(caught.value)

    return found


def test_a_pool_without_a_word(environment):
    assert environment("[library.a]").pools == {"default": Pool(2, 2)}


def test_what_the_defaults_say(environment):
    said = "[defaults]\nworkers = 4\nmin-workers = 1\nlazy = true\nqueue = 7\nthreads = 3\n"
    said += 'worker-profile = "thread"\n[library.a]'
    assert environment(said).pools["default"] == Pool(1, 4, lazy=True, profile="thread", threads=3, queue=7)


def test_libraries_that_share_an_environment(environment):
    pool = environment(
        """
[defaults]
lazy = true
[library.a]
workers = 8
min-workers = 2
recycle = { age = "1h", memory = "2GiB" }
[library.b]
environment = "a"
lazy = false
queue = 5000
recycle = { age = "30m", calls = 10 }
"""
    ).pools["default"]
    assert pool == Pool(2, 8, queue=5_000, age=1_800_000, calls=10, memory=2 << 30)


def test_pools_beside_the_default_one(environment):
    pools = environment(
        """
[library.a]
workers = 4
min-workers = 1
lazy = true
recycle = { calls = 10 }
[environment.a.pools.heavy]
workers = 1
libraries = ["a"]
worker-profile = "call"
[environment.a.pools.light]
min-workers = 2
lazy = false
recycle = { memory = "1MiB" }
"""
    ).pools
    heavy = Pool(1, 1, lazy=True, profile="call", calls=10, libraries=("a",))
    assert pools["heavy"] == heavy
    assert pools["light"] == Pool(2, 4, memory=1 << 20)


def test_what_is_said_of_calls(environment):
    library = environment(
        """
[library.a]
fork = false
[library.a.cache.functions]
"a.f" = { ttl = "1m", max-entries = 5, max-bytes = "1KiB", tags = ["x"] }
[library.a.limits.functions]
"a.*" = { concurrency = 2, rate = "10/m" }
[library.a.recovery]
idempotent = ["a.f", "a.B.g"]
retries = 3
backoff = "1s"
hedge = { "a.f" = "50ms" }
fallbacks = { "a.f" = ["b.f", "a.h"] }
circuit = { failures = 2 }
[library.b]
"""
    ).libraries[0]
    assert library.fork is False
    assert library.cache == {"f": {"ttl": 60_000, "entries": 5, "bytes": 1024, "tags": ["x"]}}
    assert library.limits == {"*": {"concurrency": 2, "rate": [10, 60_000]}}
    assert library.recovery == {
        "idempotent": ["f", "B.g"],
        "retries": 3,
        "backoff": 1_000,
        "hedge": {"f": 50},
        "fallbacks": {"f": ["b.f", "a.h"]},
        "circuit": {"failures": 2, "within": 30_000, "open": 10_000},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[library.a]\nmin-workers = 3\nworkers = 2", "`min-workers` is more than `workers`, 2"),
        ("[library.a]\n[environment.a.pools.b]\nworkers = 1\nmin-workers = 2", "`min-workers` is more"),
        ("[library.a]\nrecycle = { memory = '2GB' }", "`2GB` is no size"),
        ("[library.a]\nrecycle = { memory = '0B' }", "out of range"),
        ("[library.a]\nrecycle = { memory = 5 }", "expected a size in quotes"),
        ('[library.a]\nlimits.functions = { "a.f" = { rate = "0/s" } }', "`0/s` is no rate"),
        ('[library.a]\nlimits.functions = { "a.f" = { rate = 5 } }', "expected a rate in quotes"),
        ('[library.a]\ncache.functions = { "f" = {} }', "`f` is not a function's path"),
        ('[library.a]\ncache.functions = { "a._f" = {} }', "`a._f` is not a function's path"),
        ('[library.a]\ncache.functions = { "b.f" = {} }', "did you mean `a.f`?"),
        ('[library.a]\nrecovery.idempotent = ["b.f"]', "`b.f` is not a function of this library"),
        ('[library.a]\nrecovery.hedge = { "a.f" = "1s" }', "not among the `idempotent` functions"),
        ('[library.a]\nrecovery.fallbacks = { "a.f" = ["a.f"] }', "cannot take its own place"),
        ('[library.a]\nrecovery.fallbacks = { "a.f" = ["a.*"] }', "`a.*` is no function"),
        ('[library.abc]\nrecovery.fallbacks = { "abc.f" = ["abd.f"] }', "did you mean `abc.f`?"),
        (
            '[library.a]\nworker-profile = "call"\n[library.b]\nenvironment = "a"\nworker-profile = "thread"',
            "library `a` of the same environment `a` says call",
        ),
        ("[library.a]\n[environment.a.pools.default]", "the default pool is described by its libraries"),
        ("[library.a]\n[environment.a.pools.b]\nlibraries = []", "serves at least one library"),
        ('[library.abc]\n[environment.abc.pools.b]\nlibraries = ["abd"]', "did you mean `abc`?"),
    ],
)
def test_what_is_refused(problems, text, said):
    assert said in problems(text)


def test_a_hedge_of_a_library_whose_functions_may_all_be_run_twice(environment):
    said = '[library.a.recovery]\nidempotent = ["a.*"]\nhedge = { "a.f" = "1s" }'
    assert environment(said).libraries[0].recovery["idempotent"] == ["*"]
