"""What a rollback overrules: envmgr.toml and the environment's lock, as they were at that moment.

    envs/<environment>/overruled    the generation that was gone back to, and a digest of both files

The note holds as long as all of it is so. Contents are compared, so that no clock decides which came later. A note
that is torn holds nothing.
"""

from __future__ import annotations

import contextlib
import hashlib

from envmgr.environments.layout import Layout


def note(layout: Layout, environment: str, generation: int) -> None:
    """Before the generation becomes active; until then it holds nothing. OSError when the disk refuses."""
    path = layout.overruled(environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_text(layout, environment, generation))


def holds(layout: Layout, environment: str, active: int | None) -> bool:
    """Whether `active`, the active generation, was gone back to under the very files that are there now."""
    try:
        noted = layout.overruled(environment).read_bytes()
    except OSError:
        return False
    return noted == _text(layout, environment, active)


def forget(layout: Layout, environment: str) -> None:
    """The files were followed: should they ever be again what was overruled, somebody wants it so."""
    layout.overruled(environment).unlink(missing_ok=True)


def _text(layout: Layout, environment: str, generation: int | None) -> bytes:
    digest = hashlib.sha256()
    for path in (layout.config, layout.lock(environment)):
        content = b""
        with contextlib.suppress(OSError):  # a rollback needs neither of them
            content = path.read_bytes()
        digest.update(hashlib.sha256(content).digest())
    return f"{generation} {digest.hexdigest()}\n".encode()
