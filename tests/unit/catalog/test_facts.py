"""What the walk wrote, as it is completed."""

import msgpack
import pytest

from envmgr.catalog import facts


def raw(objects, paths, schema="raw-1", module="math"):
    blank = dict.fromkeys(
        [
            "module",
            "qualname",
            "parameters",
            "origin",
            "returns",
            "overloads",
            "doc",
            "file",
            "line",
            "deprecated",
            "value",
        ]
    )
    head = {
        "schema": schema,
        "module": module,
        "distribution": None,
        "version": None,
        "python": "3.12.1",
        "root": "/r",
    }
    return msgpack.packb(
        {**head, "errors": [], "objects": [{**blank, **each} for each in objects], "paths": paths}
    )


def test_the_shortest_path_is_canonical_and_objects_come_by_it():
    document = raw([{"kind": "function"}, {"kind": "class"}], [["b.f", 0], ["zz", 0], ["a.b", 1], ["cc", 0]])
    found = facts.load(document)
    assert [each.paths for each in found.objects] == [["a.b"], ["cc", "zz", "b.f"]]
    assert (found.module, found.root, found.objects[0].kind) == ("math", "/r", "class")


def test_origins():
    parameters = [["x", 1, None, None, "int", ["int"]]]
    (typed,) = facts.load(
        raw([{"kind": "function", "parameters": parameters, "returns": "int", "doc": "D."}], [["f", 0]])
    ).objects
    assert typed.origins == {
        "returns": "runtime",
        "doc": "runtime",
        "signature": "runtime",
        "types": "runtime",
    }
    (read,) = facts.load(
        raw(
            [{"kind": "function", "parameters": [["x", 0, None, None, None, None]], "origin": "docstring"}],
            [["f", 0]],
        )
    ).objects
    assert read.origins == {"signature": "docstring"}


def test_forms_of_a_docstring_are_overloads_and_one_signature():
    x, y = ["x", 0, None, None, None, None], ["y", 0, None, None, None, None]
    (found,) = facts.load(
        raw(
            [{"kind": "function", "origin": "docstring", "overloads": [[[x], None], [[x, y], None]]}],
            [["f", 0]],
        )
    ).objects
    assert found.parameters == [x, ["y", 0, "...", None, None, None]]
    assert found.overloads == [([x], None), ([x, y], None)]
    assert found.origins == {"overloads": "docstring", "signature": "docstring"}


def test_where_an_object_lay_in_memory_is_forgotten():
    default = ["x", 1, "<object object at 0x7f69064c69d0>", None, None, None]
    (found,) = facts.load(
        raw([{"kind": "constant", "parameters": [default], "value": "<Thing at 0xAB>"}], [["f", 0]])
    ).objects
    assert (found.parameters[0][2], found.value) == ("<object object>", "<Thing>")


def test_another_schema_is_refused():
    with pytest.raises(ValueError, match="'raw-2'"):
        facts.load(raw([], [], schema="raw-2"))
