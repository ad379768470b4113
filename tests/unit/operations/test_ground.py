import sys
from dataclasses import replace
from pathlib import Path

import pytest

from envmgr.model.project import Environment, HealthCall, Library, Project
from envmgr.operations import ground

LIBRARY = Library("six", "six", None, "web")


def project(root: Path, name="app", environment=None, **changes) -> tuple[Project, Environment]:
    made = environment or Environment("web", sys.executable, (replace(LIBRARY, **changes),))
    return Project(root, name, {"web": made}), made


def fingerprint(*args, **changes):
    return ground.survey(*project(*args, **changes), download=False).fingerprint


CHANGES = [
    {"requirement": "six>1"},
    {"requirement": None},
    {"module": "six.moves"},
    {"extra_requirements": ("idna",)},
    {"timeout_ms": 1},
    {"workers": 9},
    {"init": "pass"},
    {"health_calls": (HealthCall("six.u", ("a",)),)},
    {"serializers": {"six.Iterator": "ref"}},
    {"hooks": {"before": "six:u"}},
    {"pipelines": {"u": {"limit": 3}}},
    {"aliases": {"s": "six"}},
    {"trace": True},
    {"name": "app2"},
    {"environment": Environment("web", sys.executable, (LIBRARY,), ("a<1",))},
    {"environment": Environment("web", sys.executable, (LIBRARY,), link_mode="copy")},
    {"environment": Environment("web", sys.executable, (LIBRARY,), compression="zlib")},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_setting_shows(tmp_path, change):
    assert fingerprint(tmp_path) == fingerprint(tmp_path)
    assert fingerprint(tmp_path) != fingerprint(tmp_path, **change)


def test_place_and_lock_show(tmp_path):
    (tmp_path / "other").mkdir()
    before = ground.survey(*project(tmp_path), download=False)
    assert before.lock_digest is None
    assert before.fingerprint != fingerprint(tmp_path / "other")
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "pylock.web.toml").write_text("x")
    after = ground.survey(*project(tmp_path), download=False)
    assert after.fingerprint != before.fingerprint
    assert ground.relocked(*project(tmp_path), before, after.lock_digest) == after
