import pytest

from envmgr.catalog.hints import hint_for

CASES = [
    (
        "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header",
        'constraints = ["numpy<2"]` under [environment.data]',
    ),
    ("A module that was compiled using NumPy 1.x cannot be run in NumPy 2.1.0", "[environment.data]"),
    ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<81"),
    ("ModuleNotFoundError: No module named 'yaml'", "library's `with`"),
    (
        "ImportError: cannot import name 'escape' from 'jinja2' (/x/__init__.py)",
        "`constraints` under [environment.data]",
    ),
    ("ImportError: libGL.so.1: cannot open shared object file: No such file or directory", "system package"),
    ("RuntimeError: anything else", "the active generation was left as it was"),
]


@pytest.mark.parametrize(("evidence", "advice"), CASES)
def test_known_failures_get_advice_that_names_the_environment(evidence, advice):
    assert advice in hint_for(evidence, "data")
