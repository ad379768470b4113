"""A prompt in a library's own interpreter and environment, loaded as a worker loads it: `worker.py shell REQUEST`.

REQUEST is a MessagePack file that is deleted once it is read: `library`, `environment`, `libraries` (as in a hello),
`aliases` (name → path), `lease`, `history` (a file, or nil) and what the catalogs know: `objects`, a list of
`[signature, summary]`, and `paths`, a list of `[path, number of its object]` in order.
"""

from __future__ import annotations

import code
import contextlib
import os
import sys
from bisect import bisect_left
from typing import Any, Mapping, Sequence

from ..execution.around import Around
from ..library.loading import Libraries, LoadError, Unresolved
from ..wire.packing import unpackb
from .main import hold_lease

_FAILED = 1
_MOST_LINES = 1000


class Known:
    """What the catalog says of paths."""

    def __init__(self, objects: Sequence[Sequence[str]], paths: Sequence[Any]) -> None:
        self._objects = objects
        self._paths = [path for path, _ in paths]
        self._numbers = [number for _, number in paths]

    def describe(self, path: str) -> str | None:
        """Signature and summary, or None."""
        at = bisect_left(self._paths, path)
        if at == len(self._paths) or self._paths[at] != path:
            return None
        signature, summary = self._objects[self._numbers[at]]
        return f"{path}{signature}" + (f"\n    {summary}" if summary else "")

    def beginning(self, text: str) -> list[str]:
        """The paths that begin so, up to their next dot."""
        found: list[str] = []
        for at in range(bisect_left(self._paths, text), len(self._paths)):
            path = self._paths[at]
            if not path.startswith(text):
                break
            end = path.find(".", len(text))
            path = path if end < 0 else path[:end]
            if not found or found[-1] != path:
                found.append(path)
        return found


class Completer:
    """For readline: what the session has defined, and what the catalog knows."""

    def __init__(self, namespace: dict[str, Any], known: Known) -> None:
        import rlcompleter

        self._defined = rlcompleter.Completer(namespace)
        self._known = known
        self._found: list[str] = []

    def complete(self, text: str, state: int) -> str | None:
        if state == 0:
            self._found = self.matches(text)
        return self._found[state] if state < len(self._found) else None

    def matches(self, text: str) -> list[str]:
        catalogued = self._known.beginning(text) if text else []
        if "." in text and catalogued:
            return catalogued
        return sorted({*catalogued, *self._of_session(text)}, key=lambda name: name.rstrip("("))

    def _of_session(self, text: str) -> list[str]:
        found: list[str] = []
        try:
            while (name := self._defined.complete(text, len(found))) is not None:
                found.append(name)
        except Exception:  # noqa: BLE001 - attributes may be properties that raise
            return found
        return found


class Prompt(code.InteractiveConsole):
    """Lines of a terminal, or of a pipe: then nothing prompts, and the first error ends the session with status 1."""

    def __init__(self, namespace: dict[str, Any], known: Known, *, terminal: bool) -> None:
        super().__init__(namespace, "<shell>")
        self._namespace = namespace
        self._known = known
        self._terminal = terminal
        self._over = False

    def run(self, banner: str) -> int:
        """The exit status."""
        try:
            self.interact(banner if self._terminal else "", exitmsg="")
        except SystemExit as end:
            return _status(end.code)
        if self.buffer and not self._terminal:
            print("error: the last statement is not complete", file=sys.stderr)
            return _FAILED
        return 0

    def raw_input(self, prompt: str = "") -> str:
        if self._terminal:
            return super().raw_input(prompt)
        line = sys.stdin.readline()
        if line:
            return line.rstrip("\n")
        if self.buffer and not self._over:  # the last block of a script has no empty line behind it
            self._over = True
            return ""
        raise EOFError

    def push(self, line: str, *rest: Any, **named: Any) -> bool:
        asked = line.strip()
        if not self.buffer and asked.endswith("?"):
            self._explain(asked.rstrip("?").strip())
            return False
        return super().push(line, *rest, **named)

    def showtraceback(self) -> None:
        super().showtraceback()
        self._end()

    def showsyntaxerror(self, *given: Any, **named: Any) -> None:
        super().showsyntaxerror(*given, **named)
        self._end()

    def write(self, data: str) -> None:
        if data.strip() or self._terminal:
            super().write(data)

    def _end(self) -> None:
        if not self._terminal:
            raise SystemExit(_FAILED)

    def _explain(self, path: str) -> None:
        words = self._known.describe(path)
        print(words if words is not None else _of_object(path, self._namespace))


def _of_object(expression: str, namespace: Mapping[str, Any]) -> str:
    """What Python itself knows of something that no catalog has."""
    import inspect

    try:
        found = eval(expression, dict(namespace))  # noqa: S307 - it is the user's own line
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        return f"{type(error).__name__}: {error}"
    try:
        signature = str(inspect.signature(found))
    except (TypeError, ValueError):
        signature = ""
    lines = (inspect.getdoc(found) or "").strip().splitlines()
    return f"{expression}{signature}: {type(found).__name__}" + (f"\n    {lines[0]}" if lines else "")


def _status(code: Any) -> int:
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return _FAILED


def _names(libraries: Libraries, request: Mapping[str, Any]) -> dict[str, Any]:
    """What the session begins with: the libraries by their names, and the aliases that are names."""
    names: dict[str, Any] = {"__name__": "__main__", "__doc__": None}
    for library in request["libraries"]:
        names[library] = libraries.resolve(library)
    for alias, target in request["aliases"].items():
        if alias.isidentifier() and alias not in names:
            try:
                names[alias] = libraries.resolve(target)
            except Unresolved:
                continue
    return names


def _edit(namespace: dict[str, Any], known: Known, history: str | None) -> None:
    """History and completion, where Python has readline."""
    try:
        import readline
    except ImportError:
        return
    completer = Completer(namespace, known)
    readline.set_completer(completer.complete)
    readline.set_completer_delims(" \t\n`~!@#$%^&*()-=+[{]}\\|;:'\",<>/?")
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    if history is not None:
        import atexit

        readline.set_history_length(_MOST_LINES)
        with contextlib.suppress(OSError):  # there is none yet
            readline.read_history_file(history)
        atexit.register(_remember, readline, history)


def _remember(readline: Any, history: str) -> None:
    try:
        readline.write_history_file(history)
        os.chmod(history, 0o600)  # noqa: PTH101 - a str, and no pathlib here
    except OSError:
        return


def main(arguments: Sequence[str]) -> None:
    """Does not return."""
    _, path = arguments
    with open(path, "rb") as file:  # noqa: PTH123 - as above
        request = unpackb(file.read())
    os.unlink(path)  # noqa: PTH108 - as above
    hold_lease(request["lease"])
    libraries, around = Libraries(), Around()
    try:
        libraries.load(request["libraries"])
        around.configure(request["libraries"], libraries)
    except LoadError as error:
        _tell(error.__cause__ or error)
        print(f"error: {error}", file=sys.stderr)
        sys.exit(_FAILED)
    known = Known(request["objects"], request["paths"])
    namespace = _names(libraries, request)
    terminal = sys.stdin.isatty()
    if terminal:
        _edit(namespace, known, request["history"])
    sys.ps1, sys.ps2 = f"{request['library']}> ", "... "
    status = Prompt(namespace, known, terminal=terminal).run(_banner(request, namespace))
    for failed in around.unload(libraries):
        _tell(failed.error)
    sys.exit(status)


def _tell(error: BaseException) -> None:
    import traceback

    traceback.print_exception(type(error), error, error.__traceback__)


def _banner(request: Mapping[str, Any], namespace: Mapping[str, Any]) -> str:
    names = ", ".join(name for name in namespace if not name.startswith("__"))
    version = ".".join(map(str, sys.version_info[:3]))
    return (
        f"Python {version} in {request['environment']}: {names}\nTab completes, NAME? explains, Ctrl-D ends."
    )
