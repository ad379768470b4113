"""`matrix bisect`: the first release that fails a check, of a library or of anything under it."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterable
from datetime import datetime

from envmgr.matrix import candidates, verdicts
from envmgr.matrix.bisecting import Search
from envmgr.model.bisection import Bisection, Moved, Probe, Question
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Project
from envmgr.operations import bisect_subjects, bisect_trials
from envmgr.operations.bisect_subjects import Subject
from envmgr.operations.bisect_trials import Trials
from envmgr.tools.index import Index


def bisect(project: Project, question: Question, *, report: Report = silent) -> Bisection:
    """Neither end is believed; nothing is asked twice, also of an earlier bisect that was ended. Without skipped ones
    `ceil(log2(candidates + 1))` cells are run at most; needs the network for the list of releases.

    What cannot be told is no error: `reason` says why. Raises E-USAGE for what is no question, and what loading a
    matrix, finding an interpreter and running a cell raise.
    """
    begun = time.perf_counter()
    index = Index()
    subject = bisect_subjects.subject(project, question, index)
    with bisect_trials.opened(subject, again=question.again, report=report) as trials:
        if question.with_dependencies:
            from envmgr.operations import bisect_dates

            return bisect_dates.bisect(subject, question, index, trials, report=report, begun=begun)
        return _releases(subject, question, trials, begun)


def _releases(subject: Subject, question: Question, trials: Trials, begun: float) -> Bisection:
    candidates.refuse_days(question.good, question.bad)
    chosen = candidates.between(
        subject.releases, question.good, question.bad, subject.target, pre=question.pre
    )

    def attempt(place: int) -> Probe:
        release = chosen.releases[place]
        cell = subject.cell(release.version, f"=={release.version}")
        return trials.cell(cell, release.version, day(release.uploaded) or "")

    search = bisect_trials.run(Search(len(chosen.releases)), attempt)
    names = [release.version for release in chosen.releases]
    found = tuple(
        Moved(
            subject.distribution,
            names[search.good],
            names[place],
            day(chosen.releases[place].uploaded),
        )
        for place in search.suspects
    )
    notes = (f"left out: {', '.join(chosen.left_out)}",) if chosen.left_out else ()
    return outcome(subject, question, trials, search, names, found, begun, notes)


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
