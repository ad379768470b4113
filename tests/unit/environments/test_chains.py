"""What uv's derivation comes to; the tests of explain have uv say it."""

from envmgr.environments.chains import core
from envmgr.environments.sharing import Tenant
from envmgr.errors import EnvmgrError
from envmgr.model.explanation import Link
from envmgr.model.project import Environment, Library
from envmgr.tools.interpreters import Interpreter

PYTHON = Interpreter("/python", "3.12.1", "cpython", "abi", "linux-x86_64", False, {})


def tenant(name, *asks, **rules):
    library = Library(name, asks[0] if asks else None, None, "data", asks[1:])
    return Tenant(library, Environment("data", "3.12", (library,), **rules), PYTHON)


def told(tenants, *facts, reasons=(), raw="raw"):
    tree = "".join(f"  {fact}\n" for fact in facts)
    details = {"derivation": tree, "reasons": list(reasons), "uv": raw}
    return core(tenants, EnvmgrError("E-CONFLICT", "no", details=details))


def words(found):
    return [side.words for side in found.sides]


def test_two_demands_and_the_chain_to_one_of_them():
    found = told(
        [tenant("pandas1", "pandas<2.2"), tenant("numba", "numba", "numpy>=2.1")],
        "envmgr-library-0==0 depends on pandas<2.2",
        "envmgr-library-1==0 depends on numpy>=2.1",
        "pandas==2.1.4 depends on numpy>=1.26.0, <2",
        "pandas>=2.1.0, <=2.1.3 depends on numpy>=1.22.4, <2",
    )
    assert found.contested == "numpy"
    assert words(found) == [
        "pandas1 needs numpy>=1.26.0,<2, because it asks pandas<2.2 and pandas 2.1.4 requires numpy>=1.26.0,<2"
        " (likewise 2.1.0 to 2.1.3 numpy>=1.22.4,<2)",
        "numba asks numpy>=2.1",
    ]
    assert found.sides[0].chain == (Link("pandas", "2.1.4", "numpy>=1.26.0,<2"),)


def test_many_ranges_of_versions_are_counted():
    facts = [f"boto==1.{minor} depends on urllib3<1.{minor}" for minor in range(1, 8)]
    found = told(
        [tenant("aws", "boto"), tenant("http", "urllib3>=2")],
        "envmgr-library-0==0 depends on boto*",
        "envmgr-library-1==0 depends on urllib3>=2",
        *facts,
    )
    assert words(found)[0].endswith(
        "1.6 urllib3<1.6, 1.5 urllib3<1.5, 1.4 urllib3<1.4, 3 more ranges of versions)"
    )
    assert "boto 1.7 requires urllib3<1.7" in words(found)[0]


def test_two_versions_of_one_distribution_are_no_dispute():
    found = told(
        [tenant("a", "x"), tenant("b", "y>=3")],
        "envmgr-library-0==0 depends on x*",
        "x==1 depends on z<2",
        "x==2 depends on z>=2",
        "x==2 depends on y<3",
        "envmgr-library-1==0 depends on y>=3",
        "x==1 depends on y<3",
    )
    assert {side.contested for side in found.sides} == {"y"}


def test_a_rule_of_the_environment():
    found = told(
        [tenant("a", "numpy>=2", constraints=("numpy<2",), overrides=("six==1",)), tenant("b", "six>1", "x")],
        "envmgr-library-0==0 depends on numpy<2",
        "envmgr-library-0==0 depends on numpy>=2",
        "envmgr-library-1==0 depends on x*",
        "x==1 depends on six==1",
        "envmgr-library-1==0 depends on six>1",
    )
    assert [(side.contested, side.library, side.kind, side.asks) for side in found.sides] == [
        ("six", "a", "override", "six==1"),
        ("six", "b", "requirement", "six>1"),
        ("numpy", "a", "constraint", "numpy<2"),
        ("numpy", "a", "requirement", "numpy>=2"),
    ]


def test_what_a_library_asks_itself_is_not_called_a_constraint():
    found = told(
        [tenant("a", "numpy<2", constraints=("numpy<2",)), tenant("b", "numpy>=2")],
        "envmgr-library-0==0 depends on numpy<2",
        "envmgr-library-1==0 depends on numpy>=2",
    )
    assert [side.kind for side in found.sides] == ["requirement", "requirement"]


def test_a_library_that_contradicts_itself():
    found = told(
        [tenant("a", "six<1", "six>1")],
        "envmgr-library-0==0 depends on six<1",
        "envmgr-library-0==0 depends on six>1",
    )
    assert words(found) == ["a asks six<1", "a asks six>1"]


def test_versions_that_cannot_be_taken():
    found = told(
        [tenant("a", "numpy>=2.4"), tenant("b", "six")],
        "envmgr-library-0==0 depends on numpy>=2.4",
        "numpy==2.4.0 yanked (reason: bug)",
        "no versions of numpy>2.4.0",
    )
    assert words(found) == ["a asks numpy>=2.4"]
    assert found.notes == ("numpy 2.4.0 cannot be used: yanked (reason: bug)",)


def test_an_address_hides_other_versions():
    found = told(
        [tenant("a", "six @ https://host/six-1.17-py3-none-any.whl"), tenant("b", "six<1.17")],
        "envmgr-library-1==0 depends on six<1.17",
        "no versions of six<1.17",
    )
    assert words(found) == ["a asks six @ https://host/six-1.17-py3-none-any.whl", "b asks six<1.17"]
    assert found.notes == ("there is no six<1.17",)


def test_a_tree_that_cannot_be_read_leaves_uvs_sentences_and_the_raw_text():
    found = told(
        [tenant("a", "x"), tenant("b", "y")],
        "the format has changed",
        reasons=["envmgr-library-0 depends on x; envmgr-library-1 depends on y, therefore no"],
        raw="error: envmgr-library-0 and your workspace\n",
    )
    assert (found.contested, found.sides) == (None, ())
    assert found.notes == ("library a depends on x; library b depends on y, therefore no",)
    assert found.raw == "error: library a and the environment"


def test_nothing_to_read_at_all():
    found = told([tenant("a", "x")], raw="moon")
    assert (found.sides, found.notes, found.raw) == ((), (), "moon")
