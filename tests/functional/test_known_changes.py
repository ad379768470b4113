"""Real pairs of releases, held against what their release notes name: tests/data/changes/known.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from envmgr.model.changes import SAFE
from envmgr.operations import api_diff

KNOWN = tomllib.loads((Path(__file__).parents[1] / "data" / "changes" / "known.toml").read_text())
COUNTS_AS = {
    "removed": {"removed", "moved", "renamed", "base-removed"},
    "parameter-removed": {"parameter-removed", "parameter-renamed", "parameter-absorbed"},
    "parameter-deprecated": {"parameter-deprecated", "use-deprecated"},
    "use-deprecated": {"parameter-deprecated", "use-deprecated", "deprecated"},
}
"""What notes call removed may have gone elsewhere, or with a base class."""


@pytest.mark.long
@pytest.mark.parametrize("pair", KNOWN)
def test_what_release_notes_name_is_found(pair) -> None:
    distribution, before, after = pair.split()
    found = api_diff.compare(None, distribution, before, after)
    there: dict[str, list] = {}
    for change in found.changes:
        for path in (change.path, *found.paths.get(change.path, ())):
            there.setdefault(path.partition(".")[2], []).append(change)
    missed = []
    for table in KNOWN[pair]:
        if table.get("nothing"):
            assert [change for change in found.changes if change.severity != SAFE] == []
            continue
        for kind, words in table.items():
            for word in words.split():
                path, _, parameter = word.partition(":")
                if not any(
                    change.kind in COUNTS_AS.get(kind, {kind}) and parameter in ("", change.parameter)
                    for change in there.get(path, ())
                ):
                    missed.append(f"{kind} {word}")
    assert missed == []
