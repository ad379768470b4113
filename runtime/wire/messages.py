"""Message kinds and limits of `docs/protocol.md`, sections 2 and 3."""

from __future__ import annotations

PROTOCOL = 2

HELLO = 0
CALL = 1
RESULT = 2
ERROR = 3
CHUNK = 4
MORE = 5
END = 6
CANCEL = 7
CALLBACK = 8
CALLBACK_RESULT = 9
RELEASE = 10
SESSION = 11
LOG = 12
REPORT = 13
PING = 14
BYE = 15
FORGET = 16
ASIDE = 17
DROP = 18
FORKED = 19
RECALL = 20

AS_REF = 1
ATTRIBUTE = 2
PART = 4
STREAM = 8
EACH = 16
IN_TURN = 32

RECORD, WARNING = 3, 4
"""Of a log: the streams of `logging` and of warnings."""

MAX_FRAME = 512 * 1024 * 1024
"""Bytes of one frame, either way."""
MAX_PAYLOAD = MAX_FRAME - 64
"""Bytes of one payload: what its message puts around it fits in the rest."""

BROKEN_FRAME = 76
"""Exit status of a worker that received what it cannot parse (EX_PROTOCOL of sysexits.h)."""
CLOSED = 74
"""Of one whose descriptors were closed by what it ran (EX_IOERR)."""
