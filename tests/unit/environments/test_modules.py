import pytest

from envmgr.environments import modules
from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Library
from envmgr.tools.pypa import Distribution

INSTALLED = [
    Distribution("attrs", "26", ("attr", "attrs"), ()),
    Distribution("pandas", "1.5.3", ("pandas",), ()),
    Distribution("scikit-learn", "1.9", ("sklearn", "tests"), ()),
    Distribution("both", "1", ("one", "two"), ()),
    Distribution("empty", "1", (), ()),
    Distribution("python-multipart", "0.1", ("multipart", "python_multipart"), ()),
    Distribution("google-cloud-storage", "2", ("google",), ()),
]


def resolved(library):
    (found,) = modules.resolve(Environment("e", "3.12", (library,)), INSTALLED)
    return found.module, found.distribution, found.version


CASES = {
    "its own name": (Library("attrs", "attrs", None, "e"), ("attrs", "attrs", "26")),
    "the one module of its distribution": (
        Library("pandas1", "pandas<2", None, "e"),
        ("pandas", "pandas", "1.5.3"),
    ),
    "its name with an underscore": (
        Library("python-multipart", "python-multipart", None, "e"),
        ("python_multipart", "python-multipart", "0.1"),
    ),
    "tests are seldom meant": (
        Library("learn", "Scikit_Learn[x]>1", None, "e"),
        ("sklearn", "scikit-learn", "1.9"),
    ),
    "configured": (Library("x", "attrs", "attr", "e"), ("attr", "attrs", "26")),
    "configured below the top": (
        Library("gcs", "google-cloud-storage", "google.cloud.storage", "e"),
        ("google.cloud.storage", "google-cloud-storage", "2"),
    ),
    "owned by another distribution": (Library("x", "pandas", "attr", "e"), ("attr", "attrs", "26")),
    "owned by none that says so": (Library("x", "pandas", "hidden", "e"), ("hidden", "pandas", "1.5.3")),
    "of the interpreter": (Library("math", None, None, "e"), ("math", None, None)),
    "of the interpreter, renamed": (Library("m", None, "os.path", "e"), ("os.path", None, None)),
}


@pytest.mark.parametrize("case", CASES)
def test_module(case):
    library, expected = CASES[case]
    assert resolved(library) == expected


UNCLEAR = {
    "several": (Library("x", "both", None, "e"), "both 1 has the modules one, two, none called x"),
    "none": (Library("x", "empty", None, "e"), "empty 1 has no module, none called x"),
    "not installed": (Library("x", "absent", None, "e"), "absent was not installed for this interpreter"),
    "configured and nowhere": (Library("x", "absent", "y", "e"), "no installed distribution has a module y"),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_unclear(case):
    library, words = UNCLEAR[case]
    with pytest.raises(EnvmgrError, match=words) as caught:
        resolved(library)
    assert caught.value.code == "E-PROOF"
    assert "module" in caught.value.hint
