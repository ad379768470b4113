"""Every error a user can meet: a stable code, what happened, why, and what to do next.

`CODES` is the one table from code to exit status; `docs/errors.md` explains each code and a test holds
the two against each other. The command line prints `error: …`, a blank line and `hint: …`, and turns the
code into the exit status in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHECK_FAILED = 1
USAGE = 2
CONFLICT = 3
BUILD_FAILED = 4
UPGRADE_UNDONE = 5
BUSY = 7
OUR_BUG = 70

CODES: Mapping[str, int] = {
    "E-USAGE": USAGE,
    "E-CONFIG": USAGE,
    "E-NO-PROJECT": USAGE,
    "E-EXISTS": USAGE,
    "E-UNKNOWN-LIBRARY": USAGE,
    "E-UNKNOWN-ENVIRONMENT": USAGE,
    "E-UNKNOWN-FUNCTION": USAGE,
    "E-UNKNOWN-GENERATION": USAGE,
    "E-UNKNOWN-MATRIX": USAGE,
    "E-INTERPRETER": USAGE,
    "E-IMPORT": USAGE,
    "E-ADOPT": USAGE,
    "E-BUNDLE": USAGE,
    "E-OSV": USAGE,
    "E-RESULTS": USAGE,
    "E-NOT-INSTALLED": CHECK_FAILED,
    "E-STATE": CHECK_FAILED,
    "E-CALL": CHECK_FAILED,
    "E-IMPACT": CHECK_FAILED,
    "E-LOCK-DIFFERS": CHECK_FAILED,
    "E-CONFLICT": CONFLICT,
    "E-LOCK": BUILD_FAILED,
    "E-STALE-LOCK": BUILD_FAILED,
    "E-UV": BUILD_FAILED,
    "E-NETWORK": BUILD_FAILED,
    "E-OFFLINE": BUILD_FAILED,
    "E-BUILD": BUILD_FAILED,
    "E-TAMPERED": BUILD_FAILED,
    "E-PROOF": BUILD_FAILED,
    "E-DISK": BUILD_FAILED,
    "E-UNDONE": UPGRADE_UNDONE,
    "E-BUSY": BUSY,
    "E-INTERNAL": OUR_BUG,
}


class EnvmgrError(Exception):
    """What went wrong and why (`message`), what to do (`hint`), and the evidence (`details`, JSON-able)."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})

    @property
    def exit_status(self) -> int:
        return CODES[self.code]
