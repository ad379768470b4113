"""Asks a module for names, and notes what is said: `python -I -B asking.py REQUEST`.

REQUEST is a JSON file: `module`, `paths` (relative to it), `into` (the answer's file). The answer is a map from each
path that is not simply there to `[state, text]`: `"absent"` with what the AttributeError says, `"warns"` with the
text of the deprecation warning that reading it shows, `"failed"` with what else was raised. Costs the import of the
modules that are on the way.
"""

import importlib
import json
import os
import signal
import sys
import warnings

_SECONDS = 20
_DEPRECATIONS = (DeprecationWarning, FutureWarning, PendingDeprecationWarning)
_LONGEST = 600


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    signal.signal(signal.SIGALRM, _ring)
    answers = {}
    for path in request["paths"]:
        signal.alarm(_SECONDS)
        try:
            answer = _ask(request["module"], path)
        except BaseException as problem:
            answer = ["failed", _said(problem)]
        finally:
            signal.alarm(0)
        if answer is not None:
            answers[path] = answer
    with open(request["into"], "w", encoding="utf-8") as file:
        json.dump(answers, file)
    os._exit(0)  # whatever threads an import has left


def _ring(*_):
    raise TimeoutError("it took too long")


def _ask(module, path):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("ignore")
        value, rest = _reach(module, path.split("."))
        warnings.simplefilter("always")
        for number, name in enumerate(rest):
            try:
                value = getattr(value, name)
            except AttributeError as problem:
                return ["absent", _said(problem)] if number == len(rest) - 1 else ["absent", ""]
    texts = [str(found.message) for found in seen if issubclass(found.category, _DEPRECATIONS)]
    return ["warns", texts[0][:_LONGEST]] if texts else None


def _reach(module, names):
    """The innermost module that can be imported along a path, and the names that are left: one at least."""
    value = importlib.import_module(module)
    while len(names) > 1:
        full = module + "." + names[0]
        if full not in sys.modules:
            try:
                importlib.import_module(full)
            except ImportError:
                break
        held = vars(value).get(names[0], sys.modules[full])
        if held is not sys.modules[full]:
            break  # a function of that name hides the module
        value, module, names = sys.modules[full], full, names[1:]
    return value, names


def _said(problem):
    try:
        return str(problem)[:_LONGEST]
    except BaseException:
        return type(problem).__name__


if __name__ == "__main__":
    main()
