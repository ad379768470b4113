"""Named points of everything that changes the disk, at which a test can end this process or fill its disk.

`ENVMGR_FAULT=<fault>:<stage>[:<nth>]`, for tests alone, strikes when a stage is reached for the nth time (the
first): `kill` ends the process as `kill -9` does, `stop` halts it until somebody continues it, `enospc` raises
what a full disk raises. Without the variable a stage costs one comparison.
"""

from __future__ import annotations

import errno
import itertools
import os
import signal
from collections.abc import Callable
from typing import Literal, get_args

VARIABLE = "ENVMGR_FAULT"

Stage = Literal[
    "file-written",  # beside its place: not yet renamed over what was there
    "link-written",
    "lock-resolved",
    "lock-written",
    "layer-staged",
    "layer-placed",
    "build-staged",
    "build-installed",
    "build-verified",
    "build-proved",
    "leftover-aside",
    "manifest-written",
    "proofs-written",
    "catalog-placed",
    "entry-flushed",
    "entry-placed",
    "proof-made",
    "proof-catalog-placed",
    "proof-noted",
    "generation-refingerprinted",
    "attempt-noted",
    "undo-noted",
    "undoable-written",
    "undo-dropped",
    "activation-begun",
    "generation-recorded",
    "launch-written",
    "current-swapped",
    "activation-settled",
    "removal-begun",
    "removal-launch-deleted",
    "removal-directory-deleted",
    "removal-settled",
    "sick-marked",
    "sick-layer-aside",
    "gc-begun",
    "freed-aside",
    "freed-deleted",
    "freed-lease-deleted",
    "leftovers-swept",
    "staging-deleted",
    "state-aside",
    "state-created",
    "state-rebuilt",
]
ALL: tuple[Stage, ...] = get_args(Stage)


def reached(stage: Stage) -> None:
    """Raises OSError (ENOSPC) when that is the fault asked for at this stage."""
    if _fault is not None:
        _fault(stage)


def _no_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


_STRIKES: dict[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "enospc": _no_space,
}


def parse(wanted: str) -> Callable[[str], None]:
    """What strikes at the stage that `wanted` names. SystemExit when it names none: such a test would be void."""
    fault, _, place = wanted.partition(":")
    stage, _, nth = place.partition(":")
    if fault not in _STRIKES or stage not in ALL or not (nth or "1").isdigit():
        raise SystemExit(f"{VARIABLE}: {wanted!r} is not {'|'.join(_STRIKES)}:STAGE[:NTH] of a known stage")
    times = itertools.count(1)

    def strike(reached: str) -> None:
        if reached == stage and next(times) == int(nth or 1):
            _STRIKES[fault]()

    return strike


_fault = parse(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None
