"""An error with the name of the step that it happened in."""

from __future__ import annotations


class Stepped(Exception):
    """Carries what a step of a chain, a pipeline or a hook raised to where errors become answers."""

    def __init__(self, step: str, error: Exception) -> None:
        super().__init__(step)
        if type(error) is Stepped:
            step, error = f"{step}, {error.step}", error.error
        self.step = step
        self.error = error
