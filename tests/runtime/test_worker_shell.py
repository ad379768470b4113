"""The shell of a library: as a process that reads a pipe or a terminal, and its parts in this process."""

import io
import os
import select
import subprocess
import sys
import time

import msgpack
import pytest

from envmgr_runtime.worker import shell as module
from envmgr_runtime.worker.shell import Completer, Known, Prompt

SECONDS = 60.0

KNOWN = Known(
    [["(x, /) -> float", "The root."], ["(*integers)", ""], [": module", ""], ["(a, v)", "Finds."]],
    [["math.gcd", 1], ["math.sqrt", 0], ["math.sub", 2], ["math.sub.find", 3], ["math.sub.look", 3]],
)


def test_what_the_catalog_knows_of_a_path():
    assert KNOWN.describe("math.sqrt") == "math.sqrt(x, /) -> float\n    The root."
    assert KNOWN.describe("math.gcd") == "math.gcd(*integers)"
    assert KNOWN.describe("math.sq") is None
    assert KNOWN.describe("zzz") is None


def test_paths_are_completed_to_their_next_dot():
    assert KNOWN.beginning("math.s") == ["math.sqrt", "math.sub"]
    assert KNOWN.beginning("math.sub.") == ["math.sub.find", "math.sub.look"]
    assert KNOWN.beginning("ma") == ["math"]
    assert KNOWN.beginning("x") == []


class Moody:
    @property
    def mood(self):
        raise RuntimeError


def test_a_completion_offers_the_session_too():
    completer = Completer({"mathematics": 1, "moody": Moody()}, KNOWN)
    assert completer.matches("math") == ["math", "mathematics"]
    assert completer.matches("math.sq") == ["math.sqrt"]
    assert "moody.mood" in "".join(completer.matches("moody.mo"))
    assert completer.matches("nothing.") == []
    assert [completer.complete("math.s", state) for state in range(3)] == ["math.sqrt", "math.sub", None]
    assert completer.matches("")


@pytest.fixture
def prompt(monkeypatch, capsys):
    def run(lines, terminal=False):
        if terminal:
            said = iter(lines.splitlines())

            def answer(prompt=""):
                try:
                    return next(said)
                except StopIteration:
                    raise EOFError from None

            monkeypatch.setattr("builtins.input", answer)
        else:
            monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        monkeypatch.setattr(sys, "displayhook", sys.__displayhook__)
        status = Prompt({"__name__": "__main__"}, KNOWN, terminal=terminal).run("welcome")
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("lines", "status", "out", "error"),
    [
        ("1 + 1\n", 0, "2\n", ""),
        ("1 + 1", 0, "2\n", ""),
        ("for i in range(2):\n    print(i)\n", 0, "0\n1\n", ""),
        ("x = [\n  1\n]\n\nx\n", 0, "[1]\n", ""),
        ("math.sqrt?\n", 0, "math.sqrt(x, /) -> float\n    The root.\n", ""),
        ("s = '''\nwhy?\n'''\ns\n", 0, "'\\nwhy?\\n'\n", ""),
        ("def f(a): 'Does.'\n\nf?\n", 0, "f(a): function\n    Does.\n", ""),
        ("(1 + 1)?\n", 0, "(1 + 1): int", ""),
        ("nothing?\n", 0, "NameError: name 'nothing' is not defined\n", ""),
        ("1 / 0\n2\n", 1, "", "ZeroDivisionError"),
        ("a b\n2\n", 1, "", "SyntaxError"),
        ("f(\n", 1, "", "error: the last statement is not complete\n"),
        ("raise SystemExit\n", 0, "", ""),
        ("raise SystemExit(3)\n", 3, "", ""),
        ("raise SystemExit('words')\n", 1, "", "words\n"),
        ("", 0, "", ""),
    ],
)
def test_lines_of_a_pipe(prompt, lines, status, out, error):
    found = prompt(lines)
    assert found[0] == status
    assert found[1].startswith(out)
    assert error in found[2]
    assert [*map(bool, found[1:])] == [bool(out), bool(error)]


def test_a_terminal_is_welcomed_and_goes_on_after_an_error(prompt):
    status, out, error = prompt("1 / 0\na b\n7\n", terminal=True)
    assert (status, out) == (0, "7\n")
    assert error.startswith("welcome\n")
    assert "ZeroDivisionError" in error
    assert "SyntaxError" in error


@pytest.fixture
def request_file(tmp_path):
    def write(libraries, **more):
        path = tmp_path / "request"
        request = {
            "library": "math",
            "environment": "std",
            "libraries": libraries,
            "aliases": {"m": "math", "root": "math.sqrt", "no.name": "math", "gone": "math.gone"},
            "lease": str(tmp_path / "lease"),
            "history": str(tmp_path / "history"),
            "objects": [["(x, /)", "The root."]],
            "paths": [["math.sqrt", 0]],
        }
        path.write_bytes(msgpack.packb({**request, **more}))
        return str(path)

    return write


def piped(command, path, lines):
    return subprocess.run(
        [*command, "shell", path], input=lines, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_a_shell_is_loaded_as_a_worker_is(command, request_file, modules, tmp_path):
    code = f"import math, sys; math.answer = 42; sys.path.insert(0, {str(modules)!r})"
    path = request_file({"math": ["math", code], "probe": ["probe", "", {}, {"hooks": {}}]})
    done = piped(command, path, "math.answer\nprobe.arguments()\nm is math\nroot(16)\nmath.sqrt?\n__name__\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "42",
        "['']",
        "True",
        "4.0",
        "math.sqrt(x, /)",
        "    The root.",
        "'__main__'",
    ]
    assert not (tmp_path / "request").exists()


def test_hooks_of_loading_and_unloading_run(command, request_file, tmp_path):
    (tmp_path / "mine.py").write_text(
        "def load(module): print('loaded', module.__name__)\n"
        "def unload(module): raise ValueError('not unloaded')\n"
    )
    settings = {"hooks": {"on-load": "mine:load", "on-unload": "mine:unload"}}
    init = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    done = piped(command, request_file({"math": ["math", init, {}, settings]}), "exit(4)\n")
    assert done.returncode == 4
    assert done.stdout == "loaded math\n"
    assert "ValueError: not unloaded" in done.stderr


@pytest.mark.parametrize(
    ("libraries", "words"),
    [
        ({"nope": ["nope_nowhere", ""]}, "No module named 'nope_nowhere'"),
        ({"math": ["math", "1 / 0"]}, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_library_that_does_not_load_is_told(command, request_file, libraries, words):
    done = piped(command, request_file(libraries), "1\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert f"library {next(iter(libraries))!r} failed" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="no terminals of that kind")
def test_a_terminal_completes_and_remembers(command, request_file, tmp_path):
    pytest.importorskip("readline")
    pty = pytest.importorskip("pty")
    path = request_file({"math": ["math", ""]})
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "dumb"
        os.execv(command[0], [*command, "shell", path])
    try:
        assert "Python" in until(terminal, "math> ")
        os.write(terminal, b"math.sq\t(16)\n")
        assert "4.0" in until(terminal, "math> ")
        os.write(terminal, b"\x04")
        assert os.WEXITSTATUS(os.waitpid(pid, 0)[1]) == 0
    finally:
        os.close(terminal)
    assert "math.sqrt(16)" in (tmp_path / "history").read_text()
    assert (tmp_path / "history").stat().st_mode & 0o777 == 0o600


def until(terminal, words):
    """What the terminal shows, until it shows these words."""
    seen, end = "", time.monotonic() + SECONDS
    while words not in seen:
        ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0))
        assert ready, seen
        seen += os.read(terminal, 65536).decode()
    return seen


def test_a_python_without_readline_has_a_prompt_all_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "readline", None)
    module._edit({}, KNOWN, None)


def test_a_history_that_cannot_be_written_is_none(tmp_path):
    class Readline:
        @staticmethod
        def write_history_file(path):
            raise OSError

    module._remember(Readline, str(tmp_path / "history"))
    assert not (tmp_path / "history").exists()
