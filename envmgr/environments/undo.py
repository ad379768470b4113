"""What a change of files outside of `.envmgr` can be taken back by, as long as its generation is not active.

    run/undo.json    each file, by its path in the project, with its text before and after

The note is written before the first of these files is touched, and goes when the generation is active: whoever
finds it later completes or takes back, by what state.db says. A file that somebody else has changed meanwhile
is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from envmgr.environments import files, stages
from envmgr.environments.layout import Layout


@dataclass(frozen=True, slots=True)
class Change:
    """Of a file in the project's directory; `before` is None for one that is new."""

    path: Path
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Note:
    """What there is to take back unless this generation of the environment is active."""

    environment: str
    generation: int
    changes: tuple[Change, ...]


def make(layout: Layout, note: Note) -> None:
    """Note the changes, durably, and make them. OSError or E-DISK when the disk refuses."""
    changes = [[str(each.path.relative_to(layout.root)), each.before, each.after] for each in note.changes]
    document = {"environment": note.environment, "generation": note.generation, "changes": changes}
    files.write(layout.undo, json.dumps(document).encode())
    files.flush_directory(layout.undo.parent)
    stages.reached("undo-noted")
    for change in note.changes:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        _write(change.path, change.after)
        stages.reached("undoable-written")


def read(layout: Layout) -> Note | None:
    """A note that cannot be read, which only a hand other than ours can have caused, counts as none."""
    try:
        document = json.loads(layout.undo.read_bytes())
        changes = [Change(layout.root / path, before, after) for path, before, after in document["changes"]]
        return Note(document["environment"], document["generation"], tuple(changes))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        drop(layout)
        return None


def take_back(changes: Iterable[Change]) -> None:
    """Files are as they were, byte for byte. OSError or E-DISK when the disk refuses."""
    for change in changes:
        for beside in change.path.parent.glob(f".{change.path.name}.*.new"):
            beside.unlink(missing_ok=True)
        if not _is(change.path, change.after):
            continue
        if change.before is None:
            change.path.unlink()
        else:
            _write(change.path, change.before)


def _write(path: Path, text: str) -> None:
    from envmgr.config.writing import write  # the configuration is on no rollback's way

    write(path, text)


def drop(layout: Layout) -> None:
    """For good: a note that a power cut brought back would be taken for an unfinished change."""
    layout.undo.unlink(missing_ok=True)
    files.flush_directory(layout.undo.parent)
    stages.reached("undo-dropped")


def _is(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except FileNotFoundError:
        return False
