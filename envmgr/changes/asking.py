"""Asking a release, in a throwaway process of its own interpreter, what becomes of names in it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.tools import process

ABSENT, WARNS, FAILED = "absent", "warns", "failed"
_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` is what the AttributeError, the deprecation warning or another exception said."""

    state: str
    text: str


def both(
    pythons: tuple[Path, Path], module: str, paths: Iterable[str]
) -> tuple[Mapping[str, Answer] | None, Mapping[str, Answer]]:
    """What the later release says of them, and the earlier one of those of which the later says anything: that it
    failed, where that could not be asked."""
    answers = ask(pythons[1], module, paths)
    was = ask(pythons[0], module, answers or ())
    return answers, dict.fromkeys(answers or (), Answer(FAILED, "")) if was is None else was


def ask(python: Path, module: str, paths: Iterable[str]) -> Mapping[str, Answer] | None:
    """Of each path, relative to the module, that is not simply there. None where it could not be asked.

    Costs one import of the library.
    """
    asked = sorted(set(paths))
    if not asked:
        return {}
    with tempfile.TemporaryDirectory(prefix="envmgr-ask-") as directory:
        into = Path(directory, "answers.json")
        request = Path(directory, "request.json")
        request.write_text(json.dumps({"module": module, "paths": asked, "into": str(into)}), "utf-8")
        script = Path(__file__).with_name("inside") / "asking.py"
        try:
            process.run([python, "-I", "-B", script, request], cwd=Path(directory), timeout=_SECONDS)
            told = json.loads(into.read_text("utf-8"))
        except (EnvmgrError, OSError, ValueError):
            return None
    return {path: Answer(state, text) for path, (state, text) in told.items()}
