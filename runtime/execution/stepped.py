"""An error with the name of the step that it happened in."""

from __future__ import annotations

from typing import Any, Mapping


class Stepped(Exception):
    """Carries what a step of a chain, a pipeline or a hook raised to where errors become answers."""

    def __init__(self, step: str, error: BaseException, called: Mapping[str, Any] | None = None) -> None:
        super().__init__(step)
        inner = error if isinstance(error, Stepped) else None
        self.step: str = f"{step}, {inner.step}" if inner else step
        self.error: BaseException = inner.error if inner else error
        self.called = called
        """What `failure` should know of the step's own call; None where it is the whole call's."""
