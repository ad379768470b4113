"""Each generation once more, as a file of its own beside state.db: what a lost state.db is rebuilt from.

    generations/<environment>-<number>.json      the generation and its digest
    generations/<environment>-<number>.msgpack   its launch manifest, of which an active one is another name

A record is written when its generation is first activated, and never changed: the fingerprint in it may be an
earlier one, which costs a later `sync` a look at what is there.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from envmgr.environments import files, stages
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout

_SUFFIX = ".json"


def keep(layout: Layout, generation: Generation) -> None:
    """Write the record unless it is there; durable when this returns. OSError when the disk refuses."""
    path = layout.record(generation.environment, generation.number)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {**generation.to_document(), "digest": generation.digest}
    files.write(path, json.dumps(document, separators=(",", ":")).encode())
    files.flush_directory(path.parent)
    stages.reached("generation-recorded")


def launch_file(layout: Layout, generation: Generation) -> Path:
    """A file that holds the generation's launch manifest, flushed; written again when it does not."""
    path = layout.recorded_launch(generation.environment, generation.number)
    with contextlib.suppress(OSError):
        if path.read_bytes() == generation.launch:
            return path
    files.write(path, generation.launch)
    return path


def count(layout: Layout) -> int:
    """How many there are, whole or not. Cost: one listing."""
    try:
        names = os.listdir(layout.records)  # noqa: PTH208 - on a rollback's way
    except FileNotFoundError:
        return 0
    return sum(name.endswith(_SUFFIX) for name in names)


def read(layout: Layout) -> Iterator[Generation]:
    """The whole ones. Those that are not are deleted: nothing can be told from them, and `count` is to agree
    with state.db.
    """
    for path in sorted(layout.records.glob(f"*{_SUFFIX}")):
        try:
            document = json.loads(path.read_bytes())
            found = Generation.from_document(document)
            whole = document["digest"] == found.digest
            whole = whole and path == layout.record(found.environment, found.number)
        except (ValueError, KeyError, TypeError, AttributeError):
            whole = False
        if whole:
            yield found
        else:
            files.remove(path)
