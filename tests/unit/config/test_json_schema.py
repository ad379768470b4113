"""What the loader accepts the JSON Schema accepts; what is no envmgr.toml at all, both refuse."""

from __future__ import annotations

import ast
import contextlib
import copy
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from envmgr.config.json_schema import json_schema
from envmgr.config.loading import load_project
from envmgr.config.schema import Table
from envmgr.config.toml import toml_value
from envmgr.errors import EnvmgrError

ROOT = Path(__file__).parents[3]
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def is_loaded(document):
    text = "".join(f"{toml_value(key)} = {toml_value(value)}\n" for key, value in document.items())
    assert tomllib.loads(text) == document
    try:
        load_project(Path("/nowhere/envmgr.toml"), text.encode())
    except EnvmgrError:
        return False
    return True


def test_it_is_valid_itself_and_has_every_table():
    jsonschema.Draft202012Validator.check_schema(json_schema())
    own = [table for table in Table.__subclasses__() if table.__module__.startswith("envmgr.config.")]
    tables = {table.__name__ for table in own} - {"ConfigFile"}
    assert set(json_schema()["$defs"]) == tables
    assert all(table["additionalProperties"] is False for table in json_schema()["$defs"].values())


def test_it_is_written_as_a_user_writes():
    library = json_schema()["$defs"]["LibraryTable"]["properties"]
    assert library["with"] == {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "description": "Further requirements of its environment.",
    }
    assert json_schema()["$defs"]["DefaultsTable"]["properties"]["timeout"]["default"] == "30s"
    assert "null" not in str(json_schema())


def in_documents():
    yield (ROOT / "examples/quickstart/envmgr.toml").read_text()
    readme = (ROOT / "README.md").read_text()
    yield from (block.partition("```")[0] for block in readme.split("```toml\n")[1:])


def in_tests():
    """What the loader accepts of the texts in our tests."""
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and "library" in text:
                with contextlib.suppress(EnvmgrError):
                    load_project(Path("/nowhere/envmgr.toml"), text.encode(errors="replace"))
                    yield text


@pytest.mark.parametrize(("examples", "least"), [(in_documents, 2), (in_tests, 30)])
def test_examples_are_accepted(examples, least):
    found = [tomllib.loads(text) for text in examples()]
    assert len(found) >= least
    for document in found:
        VALIDATOR.validate(document)


@pytest.mark.parametrize("kind", ["library", "environment", "profile"])
def test_a_name_that_is_none_is_refused_by_both(kind):
    document = {"library": {"six": {}}, kind: {"a.b": {}}}
    assert not is_loaded(document)
    assert not VALIDATOR.is_valid(document)


NAMES = st.sampled_from(["six", "numpy", "a-b", "c_d1"])
TIMES = st.sampled_from(["1ms", "30s", "2m", "1h"])
REQUIREMENTS = st.lists(st.sampled_from(["six", "numpy<2", "idna[x]>=1,<3"]), max_size=2)
PYTHONS = st.sampled_from(["3.12", "3.13t", "./bin/python"])
PLAIN = st.recursive(
    st.one_of(st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False), st.text(max_size=4)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def tables(**keys):
    return st.fixed_dictionaries({}, optional={key.replace("_", "-"): value for key, value in keys.items()})


DEFAULTS = tables(
    timeout=TIMES, workers=st.integers(1, 256), worker_profile=st.sampled_from(["process", "thread", "call"])
)
SIZES = st.sampled_from(["1B", "64MiB", "2GiB"])
RECYCLE = tables(age=TIMES, calls=st.integers(1, 9), memory=SIZES)
POOL = tables(workers=st.integers(4, 8), min_workers=st.integers(1, 4), lazy=st.booleans(), recycle=RECYCLE)
CACHED = tables(ttl=TIMES, max_entries=st.integers(1, 9), max_bytes=SIZES, tags=st.just(["a"]))
LIMITED = tables(concurrency=st.integers(1, 9), rate=st.sampled_from(["1/s", "60/m"]))
CIRCUIT = tables(failures=st.integers(1, 9), within=TIMES, open=TIMES)
SECURITY = tables(
    allow=REQUIREMENTS,
    deny=REQUIREMENTS,
    network=st.sampled_from(["none", "loopback", "all"]),
    filesystem=tables(read=REQUIREMENTS, write=REQUIREMENTS),
)

SERIALIZERS = st.dictionaries(
    st.sampled_from(["a.B", "a.b.C.D"]), st.sampled_from(["value", "pickle", "a.b:c", "geojson"]), max_size=2
)

HOOKS = tables(before=st.just("a.b:c"), after=st.just("hooks/a.py:b"), on_load=st.just("a:b.c"))
CHECKS = tables(
    type=st.sampled_from(["int", ["str", "bytes"], "a:B"]),
    min=st.just(1),
    max=st.just(2.5),
    one_of=st.just([1, "a", True]),
    pattern=st.just("^a"),
    min_length=st.just(0),
    required=st.booleans(),
)
PIPELINES = st.dictionaries(
    st.sampled_from(["f", "A.g", "*"]),
    tables(
        rename=st.just({"a": "b"}),
        convert=st.dictionaries(st.just("b"), st.sampled_from(["int", "decimal:Decimal", "h.py:f"])),
        validate=st.dictionaries(st.just("b"), CHECKS),
        project=st.sampled_from(["a.0.b", ["a", "b.c"]]),
        convert_result=st.sampled_from([".to_dict", "list"]),
        limit=st.integers(1, 9),
    ),
    max_size=2,
)


@st.composite
def libraries(draw, name):
    keys = {
        "with": draw(REQUIREMENTS),
        "module": draw(st.sampled_from(["six", "a.b"])),
        "init": draw(st.text(max_size=5)),
        "timeout": draw(TIMES),
        "workers": draw(st.integers(1, 256)),
        "version": draw(st.sampled_from([">=1", "==2.*"])),
        "package": name,
        "threads": draw(st.integers(2, 9)),
        "lazy": draw(st.booleans()),
        "queue": draw(st.integers(1, 9)),
        "recycle": draw(RECYCLE),
        "fork": draw(st.booleans()),
        "cache": {"functions": {f"{name}.f": draw(CACHED)}},
        "limits": {"functions": {f"{name}.*": draw(LIMITED)}},
        "recovery": draw(
            tables(
                idempotent=st.just([f"{name}.f"]),
                retries=st.integers(0, 9),
                backoff=TIMES,
                fallbacks=st.just({f"{name}.f": [f"{name}.g"]}),
                circuit=CIRCUIT,
            )
        ),
        "security": draw(SECURITY),
        "serializers": draw(SERIALIZERS),
        "hooks": draw(HOOKS),
        "pipelines": draw(PIPELINES),
        "trace": draw(st.booleans()),
        "health": {
            "calls": [
                {"call": f"{name}.f", "args": draw(st.lists(PLAIN, max_size=2)), "kwargs": {"x": draw(PLAIN)}}
            ]
        },
    }
    return {key: value for key, value in keys.items() if draw(st.booleans())}


@st.composite
def documents(draw):
    names = draw(st.lists(NAMES, unique=True, max_size=3))
    environment = tables(
        constraints=REQUIREMENTS,
        overrides=st.just(["six==1"]),
        no_build=st.booleans(),
        platforms=st.just(["linux-x86_64"]),
        python=PYTHONS,
        link_mode=st.sampled_from(["hardlink", "copy"]),
        compression=st.sampled_from(["none", "zlib"]),
        pools=st.dictionaries(NAMES.filter(lambda name: name != "default"), POOL, max_size=1),
    )
    document = {
        "config-version": 1,
        "project": draw(tables(name=st.text(min_size=1, max_size=4), python=PYTHONS)),
        "defaults": draw(DEFAULTS),
        "library": {name: draw(st.just("idna<4") | libraries(name)) for name in names},
        "environment": {name: draw(environment) for name in names if draw(st.booleans())},
    }
    inner = {name: draw(tables(workers=st.integers(1, 9), timeout=TIMES)) for name in names}
    document["profile"] = {"prod": {"defaults": draw(DEFAULTS), "library": inner}}
    return {key: value for key, value in document.items() if draw(st.booleans()) or key == "library"}


def holders(value, path=()):
    """The tables of the schema's own keys, and the keys in them."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            if key not in ("args", "kwargs"):
                yield from holders(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from holders(inner, (*path, index))


def holds_names(path):
    names = {"library", "environment", "profile", "functions", "serializers", "pipelines", "aliases"}
    return bool(path) and path[-1] in {*names, "rename", "convert", "validate", "pools", "fallbacks"}


@settings(deadline=None, max_examples=60)
@given(document=documents())
def test_what_is_loaded_is_accepted(document):
    assert is_loaded(document)
    VALIDATOR.validate(document)


@settings(deadline=None, max_examples=60)
@given(document=documents(), data=st.data())
def test_an_unknown_key_and_a_value_of_another_type_are_refused_by_both(document, data):
    broken = copy.deepcopy(document)
    tables = [table for path, table in holders(broken) if not holds_names(path)]
    table = data.draw(st.sampled_from(tables))
    if data.draw(st.booleans()):
        table[data.draw(st.sampled_from(["wokers", "Timeout", "$schema", "profiles"]))] = data.draw(PLAIN)
    else:
        keys = [key for key in table if key not in ("args", "kwargs", *OF_SEVERAL_TYPES)]
        assume(keys)
        key = data.draw(st.sampled_from(keys))
        others = [1.5, True, 3, "text", [1.5], [[]], {"x": 1.5}]
        table[key] = data.draw(st.sampled_from([value for value in others if not is_like(value, table[key])]))
    assert not is_loaded(broken)
    assert not VALIDATOR.is_valid(broken)


OF_SEVERAL_TYPES = ("type", "project", "min", "max")


def is_like(value, other):
    return type(value) is type(other) or (isinstance(value, str) and isinstance(other, dict))
