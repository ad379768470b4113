from pathlib import Path

from envmgr.environments import launch
from envmgr.environments.modules import Resolved
from envmgr.model.project import Environment, Library, Pool, Project
from envmgr.tools.interpreters import Interpreter

PYTHON = Interpreter("/p/python", "3.12.1", "cpython", "abi", "linux", False, {})


def manifest(**changes):
    library = Library(
        "np",
        "numpy",
        None,
        "data",
        timeout_ms=5,
        workers=4,
        init="import os",
        serializers={"numpy.matrix": "ref"},
        hooks={"before": "h.py:f"},
        pipelines={"mean": {"limit": 3}},
        aliases={"n": "np"},
        trace=True,
        cache={"mean": {"ttl": 1}},
        limits={"*": {"rate": [1, 1000]}},
        recovery={"retries": 1},
    )
    pools = {
        "default": Pool(1, 4, lazy=True),
        "heavy": Pool(2, 2, profile="call", memory=9, libraries=("np",)),
    }
    environment = Environment(
        "data", "3.12", (library, Library("math", None, None, "data")), compression="zlib", pools=pools
    )
    arguments = {
        "generation": 7,
        "key": "k",
        "interpreter": PYTHON,
        "layer": Path("/r/.envmgr/runtime/abi-h"),
        "libraries": [
            Resolved(library, "numpy", "numpy", "2.0"),
            Resolved(environment.libraries[1], "math", None, None),
        ],
    }
    project = Project(Path("/r"), "app", {"data": environment})
    return launch.manifest(project, environment, **{**arguments, **changes})


POOL = {
    "min": 2,
    "max": 2,
    "lazy": False,
    "profile": "process",
    "threads": 4,
    "queue": 1_000,
    "recycle": {"age": None, "calls": None, "memory": None},
    "libraries": None,
}


def test_every_key_that_the_protocol_names():
    assert launch.decode(manifest()) == {
        "schema": 1,
        "project": "app",
        "environment": "data",
        "generation": 7,
        "key": "k",
        "store": "/r/.envmgr/store/data-k",
        "python": {"version": "3.12.1", "implementation": "cpython", "executable": "/p/python"},
        "command": ["/r/.envmgr/store/data-k/bin/python", "-I", "-B", "/r/.envmgr/runtime/abi-h/worker.py"],
        "env": {
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHOME": None,
            "PYTHONPATH": None,
            "VIRTUAL_ENV": "/r/.envmgr/store/data-k",
        },
        "cwd": "/r",
        "lease": "/r/.envmgr/run/leases/data-k",
        "pools": {
            "default": {**POOL, "min": 1, "max": 4, "lazy": True},
            "heavy": {
                **POOL,
                "profile": "call",
                "recycle": {"age": None, "calls": None, "memory": 9},
                "libraries": ["np"],
            },
        },
        "fork": "nobody has tried",
        "compression": "zlib",
        "libraries": {
            "np": {
                "module": "numpy",
                "distribution": "numpy",
                "version": "2.0",
                "timeout": 5,
                "init": "import os",
                "serializers": {"numpy.matrix": "ref"},
                "hooks": {"before": "h.py:f"},
                "pipelines": {"mean": {"limit": 3}},
                "aliases": {"n": "np"},
                "trace": True,
                "cache": {"mean": {"ttl": 1}},
                "limits": {"*": {"rate": [1, 1000]}},
                "recovery": {"retries": 1},
                "catalog": "/r/.envmgr/store/data-k.catalog/numpy.catalog",
            },
            "math": {
                "module": "math",
                "distribution": None,
                "version": None,
                "timeout": 30_000,
                "init": "",
                "serializers": {},
                "hooks": {},
                "pipelines": {},
                "aliases": {},
                "trace": False,
                "cache": {},
                "limits": {},
                "recovery": {},
                "catalog": "/r/.envmgr/store/data-k.catalog/math.catalog",
            },
        },
    }


def test_equal_arguments_equal_bytes():
    assert manifest() == manifest()
    assert manifest() != manifest(generation=8)
