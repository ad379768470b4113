"""Whether an edited text may be written: it is valid, and means what was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from envmgr.config.loading import validate
from envmgr.config.source import CONFIG_NAME, Source, parse
from envmgr.errors import EnvmgrError

Document = dict[str, Any]


def accept(source: Source, text: str, expected: Document, tidied: Callable[[Document], Document]) -> None:
    """Raises E-USAGE when it may not. `tidied` leaves out what makes no difference."""
    try:
        edited = parse(source.path, text.encode())
        validate(edited)
    except EnvmgrError as error:
        message = f"{CONFIG_NAME} is unchanged: the edit would leave {error.message}"
        raise EnvmgrError("E-USAGE", message, details=error.details) from None
    if tidied(edited.document) != tidied(expected):
        raise EnvmgrError(
            "E-USAGE",
            f"{CONFIG_NAME} is unchanged: it is written in a form that this command cannot edit",
            hint="write libraries and environments under headers such as [library.numpy], or edit by hand",
        )
