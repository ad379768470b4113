"""What a bisect comes to, and the command that runs what decided it again."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterable
from datetime import datetime

from envmgr.matrix import verdicts
from envmgr.matrix.bisecting import Search
from envmgr.model.bisection import Bisection, Moved, Question
from envmgr.operations import bisect_trials
from envmgr.operations.bisect_subjects import Subject
from envmgr.operations.bisect_trials import Trials


def outcome(
    subject: Subject,
    question: Question,
    trials: Trials,
    search: Search,
    names: list[str],
    found: tuple[Moved, ...],
    begun: float,
    notes: Iterable[str] = (),
    *,
    together: bool = False,
    decisive: str | None = None,
    version: str | None = None,
    reason: str = "",
) -> Bisection:
    """`names` are the candidates; `decisive` the one whose failure is told, unless it is the first bad one; `version`
    is that of the library in it. `reason` is why nothing was searched."""
    checks = tuple(check.name for check in subject.matrix.checks)
    probes = {probe.candidate: probe for probe in trials.probes}
    last_good = names[search.good] if search.good >= 0 else None
    first_bad = names[search.bad] if search.bad < search.size else None
    failed = decisive or first_bad
    result = trials.results.get(failed) if failed is not None else None
    failing = verdicts.failing(result) if result is not None else ()
    told = bool(found)
    return Bisection(
        library=subject.name,
        distribution=subject.distribution,
        python=subject.interpreter.version,
        checks=checks,
        good=question.good,
        bad=question.bad,
        with_dependencies=question.with_dependencies,
        candidates=search.size,
        probes=tuple(trials.probes),
        cells=trials.cells,
        seconds=round(time.perf_counter() - begun, 3),
        found=found,
        together=together,
        last_good=last_good,
        first_bad=first_bad,
        fails=tuple(check.name for check in failing),
        detail=probes[failed].detail if failed is not None else "",
        log=failing[0].log if failing else "",
        version=version,
        reason="" if told else reason or bisect_trials.untold(search, names, probes, checks),
        command=command(question, last_good, first_bad) if told and last_good and first_bad else "",
        notes=tuple(notes),
    )


def command(question: Question, good: str, bad: str) -> str:
    """What runs the two candidates that decided again, and nothing else."""
    call = question.call
    single = {
        "--good": good,
        "--bad": bad,
        "--matrix": question.matrix,
        "--command": question.command,
        "--call": call and call.call,
        "--args": call and json.dumps(call.kwargs or call.args),
        "--python": question.python,
        "--retries": question.retries,
        "--timeout": question.timeout_ms and f"{question.timeout_ms}ms",
    }
    several = {
        "--check": question.checks,
        "--pytest": question.selection,
        "--with": question.requirements,
    }
    pairs = [(name, str(value)) for name, value in single.items() if value is not None]
    pairs += [(name, value) for name, values in several.items() for value in values]
    switches = {"--with-dependencies": question.with_dependencies, "--pre": question.pre, "--again": True}
    words = [question.library, *(word for pair in pairs for word in pair)]
    return " ".join(
        ["envmgr matrix bisect", *map(_quoted, words), *(name for name, on in switches.items() if on)]
    )


def _quoted(word: str) -> str:
    """For a shell, as a person would."""
    return f'"{word}"' if "'" in word and not set(word) & set('"$`\\!') else shlex.quote(word)


def day(moment: datetime | None) -> str | None:
    return None if moment is None else moment.date().isoformat()
