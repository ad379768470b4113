"""Runs pytest in a cell, and writes down what came of each test and which of the project's files were read.

    tests.py TOLD ROOT [--rounds ASKED ANSWERED] -- [PYTEST ARGUMENT …]

TOLD gets lines of JSON: ["at", NODE ID] before a test, ["was", NODE ID, OUTCOME, WHEN, REASON] for what is not a
plain pass, ["timed", COUNT] for tests with that mark, ["file", PATH] for each file when it is first read, ["wrote",
PATH] when it is first written, by paths from ROOT, ["end", STATUS, PASSED, DESELECTED] last.

With --rounds nothing is run but tests that are marked `timed`: all of them for each line that comes from the
descriptor ASKED, a JSON object of how often each is to run (once, where it is not named). What each took at its
fastest, in seconds, goes to ANSWERED as a line of JSON; null where it did not pass.
"""

import json
import os
import sys
from typing import Any, Dict, List, Optional, Set

MARK = "timed"


class Files:
    """Tells of each file below `root` that this process opens: sys.addaudithook sees every way. At once, as a
    test may end the process. Of bytecode the source is told.
    """

    def __init__(self, root: str, told: int) -> None:
        self._places = tuple({root + os.sep, os.path.realpath(root) + os.sep})
        self._told = told
        self._known: Set[str] = set()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: Any) -> None:
        if event == "open" and isinstance(args[0], str):
            try:
                path = os.path.abspath(args[0])  # noqa: PTH100
            except OSError:  # the working directory is gone
                return
            for place in self._places:
                if path.startswith(place) and not path.startswith(place + ".envmgr"):
                    writes = isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
                    self._tell(place, path, "wrote" if writes else "file")

    def _tell(self, place: str, path: str, how: str) -> None:
        folder, compiled, name = path.rpartition("__pycache__" + os.sep)
        source = folder + name.partition(".")[0] + ".py" if compiled and how == "file" else path
        line = json.dumps([how, source[len(place) :]]) + "\n"
        if line not in self._known and (how == "wrote" or os.path.isfile(source)):  # noqa: PTH113
            self._known.add(line)
            os.write(self._told, line.encode())


class Plugin:
    def __init__(self, told: int) -> None:
        self._told = told
        self._passed = 0
        self._deselected = 0

    def _say(self, *words: Any) -> None:
        os.write(self._told, (json.dumps(words) + "\n").encode())

    def pytest_configure(self, config: Any) -> None:
        config.addinivalue_line(
            "markers", MARK + ": measured in each cell of a matrix, as a ratio to its reference"
        )

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self._say("at", nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.passed:
            self._passed += report.when == "call"
        elif report.failed:
            self._say("was", report.nodeid, "failed", report.when, reason(report))

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._say("was", report.nodeid, "failed", "collect", reason(report))

    def pytest_collection_finish(self, session: Any) -> None:
        self._say("timed", sum(item.get_closest_marker(MARK) is not None for item in session.items))

    def pytest_deselected(self, items: Any) -> None:
        self._deselected += len(items)

    def pytest_sessionfinish(self, session: Any, exitstatus: Any) -> None:
        self._say("end", int(exitstatus), self._passed, self._deselected)


class Rounds:
    """Instead of running all tests once, runs those that are timed as often as it is asked to."""

    def __init__(self, asked: int, answered: int) -> None:
        self._asked, self._answered = asked, answered
        self._took: Dict[str, Optional[float]] = {}

    def pytest_collection_modifyitems(self, config: Any, items: Any) -> None:
        items[:] = [item for item in items if item.get_closest_marker(MARK) is not None]

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" and report.passed:
            before = self._took.get(report.nodeid, report.duration)
            self._took[report.nodeid] = None if before is None else min(before, report.duration)
        elif report.failed or report.skipped:
            self._took[report.nodeid] = None

    def pytest_runtestloop(self, session: Any) -> bool:
        from _pytest.runner import runtestprotocol

        with os.fdopen(self._asked, "rb") as asked:
            for line in iter(asked.readline, b""):
                self._took = {}
                self._round(session, runtestprotocol, json.loads(line))
                os.write(self._answered, (json.dumps(self._took) + "\n").encode())
        return True

    def _round(self, session: Any, run: Any, times: Dict[str, int]) -> None:
        for number, item in enumerate(session.items):
            # What comes after it decides which fixtures stay: those that several tests share, until the end.
            following = session.items[(number + 1) % len(session.items)]
            for left in reversed(range(times.get(item.nodeid, 1))):
                if hasattr(item, "_initrequest"):
                    item._initrequest()
                run(item, nextitem=item.parent if left or following is item else following, log=True)


def reason(report: Any) -> str:
    """One line."""
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    text = crash.message if crash is not None else str(getattr(report, "longrepr", ""))
    lines = [line for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return ""
    told = [line[1:].strip() for line in lines if line.startswith("E ")]
    return (lines[0] if crash is not None else (told or lines)[-1])[:500]


def main(arguments: List[str]) -> int:
    split = arguments.index("--")
    told, root, *how = arguments[:split]
    with open(told, "wb", buffering=0) as file:  # noqa: PTH123
        Files(root, file.fileno())
        try:
            import pytest
        except ImportError as problem:
            print(f"{type(problem).__name__}: {problem}", file=sys.stderr)
            return 1
        plugins: List[Any] = [Plugin(file.fileno())]
        if how:
            plugins.append(Rounds(int(how[1]), int(how[2])))
        return int(pytest.main(arguments[split + 1 :], plugins=plugins))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
