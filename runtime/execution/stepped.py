"""An error with the name of the step that it happened in."""

from __future__ import annotations


class Stepped(Exception):
    """Carries what a step of a chain, a pipeline or a hook raised to where errors become answers."""

    def __init__(self, step: str, error: BaseException) -> None:
        super().__init__(step)
        inner = error if isinstance(error, Stepped) else None
        self.step: str = f"{step}, {inner.step}" if inner else step
        self.error: BaseException = inner.error if inner else error
