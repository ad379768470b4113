from envmgr.environments.conflicts import in_words, reason
from envmgr.errors import EnvmgrError
from envmgr.model.explanation import Core, Side
from envmgr.model.project import Environment, Library


def conflict(*reasons):
    return EnvmgrError("E-CONFLICT", "uv said no", details={"reasons": list(reasons), "uv": "raw"})


def library(name, *asks):
    return Library(name, asks[0] if asks else None, None, "data", asks[1:])


def test_each_library_with_what_it_asks():
    environment = Environment(
        "data",
        "3.12",
        (library("pandas", "pandas<2", "pyarrow"), library("numba", "numba"), library("math")),
        ("numpy<2",),
    )
    found = in_words(conflict("the environment depends on numba, therefore no"), environment)
    assert found.message == (
        "the requirements of environment data cannot be satisfied together\n"
        "  library pandas asks pandas<2, pyarrow\n"
        "  library numba asks numba\n"
        "  environment data is constrained to numpy<2\n"
        "because\n"
        "  environment data depends on numba, therefore no"
    )
    assert found.hint == (
        "give numba an environment of its own: in envmgr.toml, under [library.numba],"
        ' replace `environment = "data"` by `environment = "numba"`;'
        " `envmgr explain` finds the fewest environments that serve all"
    )
    assert found.details["uv"] == "raw"
    assert found.details["asked"] == {"pandas": ["pandas<2", "pyarrow"], "numba": ["numba"]}


def test_the_reason_of_an_explanation_before_that_of_uv():
    environment = Environment("data", "3.12", (library("pandas", "pandas<2"), library("numba", "numba")))
    sides = (
        Side("pandas", "requirement", "numpy", "pandas<2", (), "numpy<2", "pandas needs numpy<2"),
        Side("numba", "requirement", "numpy", "numba", (), "numpy>2", "numba asks numpy>2"),
    )
    core = Core(("pandas", "numba"), "numpy", sides, ("a note",), "raw")
    found = in_words(conflict("uv's own"), environment, core)
    assert found.message.endswith("because\n  pandas needs numpy<2\n  numba asks numpy>2\n  a note")
    assert found.details["core"]["sides"][0]["needs"] == "numpy<2"
    assert (
        "uv's own"
        in in_words(conflict("uv's own"), environment, Core(("pandas",), None, (), (), "raw")).message
    )


def test_a_library_alone_cannot_move_out():
    found = in_words(conflict(), Environment("data", "3.12", (library("x", "a<1", "a>1"),), ("b<1",)))
    assert found.hint == (
        "loosen `version` or `with` of [library.x] or `constraints` of [environment.data],"
        " or try another `python`"
    )


def test_the_library_that_gave_the_environment_its_name_stays():
    environment = Environment("data", "3.12", (library("other", "a"), library("data", "b")))
    assert "[library.other]" in in_words(conflict(), environment).hint


def test_other_errors_only_learn_the_environment():
    problem = EnvmgrError("E-NETWORK", "no network", hint="h", details={"uv": "raw"})
    found = in_words(problem, Environment("data", "3.12", (library("x", "x"),)))
    assert (found.code, found.message, found.hint) == ("E-NETWORK", "environment data: no network", "h")
    assert in_words(found, Environment("data", "3.12", ())).message == found.message


def test_what_is_no_conflict_is_not_asked_about_again():
    assert reason(EnvmgrError("E-NETWORK", "no network"), Environment("x", "3.12", ()), None, None) is None
