"""Why an upgrade was undone, told with what speaks for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from envmgr.environments.generation import Generation
from envmgr.errors import EnvmgrError
from envmgr.model.differences import PinChange
from envmgr.model.health import HealthFinding
from envmgr.operations.wishes import Wish

OF_BYTES = frozenset({"added", "changed", "missing", "replaced", "unreadable", "wrong mode", "wrong size"})
_NAMED = 20
_GIST = 200


def undone(
    wish: Wish,
    serving: Generation,
    problem: EnvmgrError | KeyboardInterrupt,
    *,
    packages: Sequence[PinChange],
    staging: Path,
    left: str,
) -> EnvmgrError:
    """E-UNDONE. `packages` are what would have changed, as far as it was known; `left` says what could not be
    taken back, if there is such.
    """
    cause: dict[str, Any] = {"code": None, "message": "interrupted", "hint": "", "details": {}}
    if isinstance(problem, EnvmgrError):
        cause = {
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint,
            "details": problem.details,
        }
    lines = [
        f"the upgrade to {wish.text} was undone: {cause['message']}",
        *_traceback(cause["details"], staging),
        f"generation {serving.number} of environment {wish.environment.name} serves on;"
        + (left or " its lock and envmgr.toml are as they were"),
    ]
    return EnvmgrError(
        "E-UNDONE",
        "\n".join(lines),
        hint=cause["hint"],
        details={
            "environment": wish.environment.name,
            "library": wish.library.name,
            "asked": wish.spelled,
            "serving": serving.number,
            "packages": packages,
            "cause": cause,
        },
    )


def unsound(environment: str, findings: Sequence[HealthFinding]) -> EnvmgrError:
    """E-TAMPERED when bytes are not what was built, else E-PROOF."""
    lines = [_line(found) for found in findings[:_NAMED]]
    more = [f"… and {len(findings) - _NAMED} more"] if len(findings) > _NAMED else []
    return EnvmgrError(
        "E-TAMPERED" if any(found.problem in OF_BYTES for found in findings) else "E-PROOF",
        "\n  ".join([f"what was built for environment {environment} is not sound", *lines, *more]),
        hint="choose another version; `envmgr plan` shows what one would bring",
        details={"findings": list(findings)},
    )


def gist(problem: BaseException) -> str:
    """One line for the history."""
    if isinstance(problem, KeyboardInterrupt):
        return "interrupted"
    reasons = problem.details.get("reasons") if isinstance(problem, EnvmgrError) else None
    said = "; ".join(reasons or ()) or str(problem).split("\n", 1)[0] or type(problem).__name__
    return said if len(said) <= _GIST else f"{said[: _GIST - 1]}…"


def _line(found: HealthFinding) -> str:
    return ": ".join(part for part in (found.distribution, found.file, found.problem, found.detail) if part)


def _traceback(details: dict[str, Any], staging: Path) -> list[str]:
    """Of the library's own code, where it raised; files by their place in the environment that was staged."""
    python = details.get("python")
    text = str(python.get("traceback", "")) if isinstance(python, dict) else ""
    staged = re.compile(rf"{re.escape(str(staging))}/[^/]+/environment/")
    lines = [line for line in text.rstrip().splitlines() if "<frozen importlib" not in line]
    return [f"  {staged.sub('', line)}" for line in lines[-_NAMED:]]
