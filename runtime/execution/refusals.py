"""What a pipeline raises."""

from __future__ import annotations


class PipelineError(Exception):
    """`culprit` is a class of the error map: `usage` for the caller's faults, `library` for the configuration's."""

    __module__ = "envmgr_runtime"

    def __init__(self, message: str, culprit: str = "usage", hint: str | None = None) -> None:
        super().__init__(message)
        self.culprit = culprit
        self.hint = hint
