"""Asks a module for names, and notes what is said: `python -I -B asking.py REQUEST`.

REQUEST is a JSON file: `module`, `paths` (relative to it), `into` (the answer's file). The answer is a map from each
path that is not simply there to `[state, text]`: `"absent"` with what the AttributeError says, `"warns"` with the
text of the deprecation warning that reading it shows, `"failed"` with what else was raised. Costs the import of the
modules that are on the way.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

_SECONDS = 20
_DEPRECATIONS = (DeprecationWarning, FutureWarning, PendingDeprecationWarning)
_LONGEST = 600


def main() -> None:
    """Does not return: threads that an import left behind must not keep the process."""
    request = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    signal.signal(signal.SIGALRM, _ring)
    answers = {}
    for path in request["paths"]:
        signal.alarm(_SECONDS)
        try:
            answer = _ask(request["module"], path)
        except BaseException as problem:  # noqa: BLE001 - a module may raise what it likes
            answer = ["failed", _said(problem)]
        finally:
            signal.alarm(0)
        if answer is not None:
            answers[path] = answer
    Path(request["into"]).write_text(json.dumps(answers), "utf-8")
    os._exit(0)


def _ring(*_: Any) -> None:
    raise TimeoutError("it took too long")


def _ask(module: str, path: str) -> list[str] | None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("ignore")
        value, rest = _reach(module, path.split("."))
        warnings.simplefilter("always")
        for number, name in enumerate(rest):
            try:
                value = getattr(value, name)
            except AttributeError as problem:
                return ["absent", _said(problem) if number == len(rest) - 1 else ""]
    texts = [str(found.message) for found in seen if _is_deprecation(found.category)]
    return ["warns", texts[0][:_LONGEST]] if texts else None


def _is_deprecation(category: Any) -> bool:
    """Libraries have such warnings of their own, which are not all below Python's."""
    return issubclass(category, _DEPRECATIONS) or "Deprecat" in category.__name__


def _reach(module: str, names: list[str]) -> tuple[Any, list[str]]:
    """The innermost module that can be imported along a path, and the names that are left: one at least."""
    value = importlib.import_module(module)
    while len(names) > 1:
        full = f"{module}.{names[0]}"
        held = vars(value).get(names[0])
        try:
            child = importlib.import_module(full)
        except ImportError:
            break
        if held is not None and held is not child:
            setattr(value, names[0], held)  # a function of that name hides the module
            break
        value, module, names = child, full, names[1:]
    return value, names


def _said(problem: BaseException) -> str:
    try:
        return str(problem)[:_LONGEST]
    except BaseException:  # noqa: BLE001 - as above
        return type(problem).__name__


if __name__ == "__main__":
    main()
