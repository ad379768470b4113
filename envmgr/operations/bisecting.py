"""`matrix bisect`: the first release that fails a check, of a library or of anything under it."""

from __future__ import annotations

import time
from dataclasses import replace

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import candidates
from envmgr.matrix.bisecting import Search
from envmgr.matrix.listed import KeptIndex
from envmgr.model.bisection import Bisection, Moved, Probe, Question
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Project
from envmgr.operations import bisect_subjects, bisect_trials
from envmgr.operations.bisect_outcomes import day, outcome
from envmgr.operations.bisect_subjects import Subject
from envmgr.operations.bisect_trials import Trials


def bisect(project: Project, question: Question, *, report: Report = silent) -> Bisection:
    """Neither end is believed; nothing is asked twice, also of an earlier bisect that was ended. Without skipped ones
    `ceil(log2(candidates + 1))` cells are run at most. The index is asked which releases there are; where it cannot
    be reached, what it said to an earlier bisect counts, and notes say so.

    What cannot be told is no error: `reason` says why. Raises E-USAGE for what is no question, and what loading a
    matrix, finding an interpreter and running a cell raise.
    """
    begun = time.perf_counter()
    if question.pre and question.with_dependencies:
        raise EnvmgrError(
            "E-USAGE",
            "--pre is of a search among releases: locks by date take no pre-releases",
            hint="leave --pre out, or --with-dependencies",
        )
    index = KeptIndex(Layout(project.root), strict=question.again)
    subject = bisect_subjects.subject(project, question, index)
    with bisect_trials.opened(subject, again=question.again, report=report) as trials:
        if question.with_dependencies:
            from envmgr.operations import bisect_dates

            found = bisect_dates.bisect(subject, question, index, trials, report=report, begun=begun)
        else:
            found = _releases(subject, question, trials, begun)
    return replace(found, notes=(*index.notes, *found.notes))


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
