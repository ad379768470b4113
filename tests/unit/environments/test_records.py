import json
from dataclasses import replace

import pytest

from envmgr.environments import records
from envmgr.environments.generation import Generation


def test_a_generation_comes_back_as_it_went_in(layout, entry):
    assert records.count(layout) == 0
    made = [entry(), entry(number=2, key="k2"), entry("other")]
    for generation in made:
        records.keep(layout, generation)
    assert records.count(layout) == 3
    assert sorted(records.read(layout), key=made.index) == made
    assert Generation.from_document(made[0].to_document()) == made[0]


def test_a_record_is_never_changed(layout, entry):
    records.keep(layout, entry())
    records.keep(layout, replace(entry(), fingerprint="other"))
    assert [*records.read(layout)] == [entry()]


@pytest.mark.parametrize("field", [field for field in Generation.__slots__ if field != "pins"])
def test_the_digest_covers_every_field(entry, field):
    value = getattr(entry(), field)
    changed = replace(
        entry(), **{field: value + (b"x" if field == "launch" else 1 if field == "number" else "x")}
    )
    assert changed.digest != entry().digest
    assert replace(entry(), pins=()).digest != entry().digest


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"environment": 1}', "null"])
def test_what_is_no_record_is_deleted(layout, entry, content):
    records.keep(layout, entry())
    layout.record("web", 2).write_text(content)
    assert [*records.read(layout)] == [entry()]
    assert records.count(layout) == 1


def test_a_changed_record_or_one_under_another_name_is_none(layout, entry):
    records.keep(layout, entry())
    document = json.loads(layout.record("web", 1).read_bytes())
    layout.record("web", 2).write_text(json.dumps(document))
    layout.record("web", 1).write_text(json.dumps({**document, "key": "k2"}))
    assert [*records.read(layout)] == []


def test_the_launch_file_is_written_again_when_it_is_another(layout, entry):
    records.keep(layout, entry())
    path = records.launch_file(layout, entry())
    inode = path.stat().st_ino
    assert records.launch_file(layout, entry()).stat().st_ino == inode
    path.write_bytes(b"torn")
    assert records.launch_file(layout, entry()).read_bytes() == b"launch 1"
    assert records.count(layout) == 1
