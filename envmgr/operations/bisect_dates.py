"""`matrix bisect --with-dependencies`: a search over the dates of locks, then among what moved between two of them."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from envmgr.environments.layout import Layout
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.matrix import candidates
from envmgr.matrix.bisecting import BAD, Search
from envmgr.matrix.candidates import spelled
from envmgr.matrix.dated import DatedLocks, Pins
from envmgr.model.bisection import Bisection, Moved, Probe
from envmgr.model.outcomes import Report
from envmgr.operations import bisect_trials, bisecting
from envmgr.operations.bisect_subjects import Question, Subject
from envmgr.operations.bisect_trials import Trials
from envmgr.tools.index import Index, Release

_AT_ONCE = 8


@dataclass(slots=True)
class _Dated:
    """`asked` are the versions of the library; `tried` the probe of each set of pins."""

    subject: Subject
    index: Index
    asked: str
    locks: DatedLocks
    trials: Trials
    tried: dict[str, Probe] = field(default_factory=dict)

    def attempt(self, moment: datetime, published: str) -> Probe:
        return self.locked(spelled(moment), published, self.locks.at(moment))

    def locked(self, candidate: str, published: str, pins: Pins | str) -> Probe:
        """With exactly these pins. Sets that were tried already are not tried again."""
        if isinstance(pins, str):
            return self.trials.unlocked(candidate, published, pins)
        exact = [f"{name}=={version}" for name, version in sorted(pins.items())]
        name = digest(exact)[:12]
        if name in self.tried:
            return self.trials.same(candidate, published, self.tried[name])
        cell = self.subject.cell(f"lock-{name}", self.asked, exact)
        self.tried[name] = self.trials.cell(cell, candidate, published)
        return self.tried[name]

    def releases(self, names: Iterable[str]) -> dict[str, tuple[Release, ...]]:
        wanted = sorted(names)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(wanted, pool.map(self.index.releases, wanted), strict=True))


def bisect(
    subject: Subject,
    question: Question,
    index: Index,
    trials: Trials,
    *,
    report: Report,
    begun: float,
) -> Bisection:
    """As `bisecting.bisect`. Raises E-USAGE besides, where the index does not say when files were published."""
    asked, after, until = _bounds(subject, question)
    layout = Layout(subject.project.root)
    cell = subject.cell("dated", asked)
    locks = DatedLocks(layout, subject.matrix.name, cell, subject.interpreter, again=question.again)
    dated = _Dated(subject, index, asked, locks, trials)
    moments, search = _searched(dated, after, until, report)
    names = [spelled(moment) for moment in moments]
    if not search.suspects:
        return bisecting.outcome(subject, question, trials, search, names, (), begun)
    good, bad = moments[search.good], moments[search.bad]
    before, later = locks.at(good), locks.at(bad)
    assert not isinstance(before, str)  # noqa: S101 - it was tried
    assert not isinstance(later, str)  # noqa: S101
    moved = _moved(before, later)
    guilty, together, decisive = moved, len(moved) > 1, None
    if together:
        guilty, together, decisive = _one_by_one(dated, before, bad, moved)
    found = tuple(_released(dated, each) for each in guilty)
    skipped = len(search.suspects) - 1
    notes = (
        (f"{skipped} locks between the last good and the first bad cannot be installed",) if skipped else ()
    )
    return bisecting.outcome(
        subject,
        question,
        trials,
        search,
        names,
        found,
        begun,
        notes,
        together=together,
        decisive=decisive,
    )


def _bounds(subject: Subject, question: Question) -> tuple[str, datetime, datetime]:
    """The versions of the library that count, and the first and the last moment."""
    good, bad = question.good, question.bad
    lower = None if candidates.is_day(good) else candidates.find(subject.releases, good)
    upper = None if candidates.is_day(bad) else candidates.find(subject.releases, bad)
    if lower and upper and lower.parsed > upper.parsed:
        raise EnvmgrError("E-USAGE", f"{subject.distribution} {good} is newer than {bad}")
    if lower is not None:
        published = candidates.published(lower, subject.target)
        if published is None:
            raise EnvmgrError(
                "E-USAGE",
                f"the index does not say when {lower.distribution} {lower.version} was published for Python"
                f" {subject.target.python}, so that no lock can be dated",
                hint="give days: --good 2024-01-31 --bad 2024-06-30; every file needs its upload-time (PEP 700)",
            )
        after = published
    else:
        after = candidates.moment_of(good)
    until = datetime.now(UTC) if upper is not None else candidates.moment_of(bad)
    if after >= until:
        raise EnvmgrError("E-USAGE", f"{good} is not before {bad}: there is no lock between to search")
    bounds = [f">={lower.version}"] if lower else []
    bounds += [f"<={upper.version}"] if upper else []
    if lower is not None and lower == upper:
        bounds = [f"=={lower.version}"]
    return ",".join(bounds) or subject.allowed, after, until


def _searched(
    dated: _Dated, after: datetime, until: datetime, report: Report
) -> tuple[list[datetime], Search]:
    """A search among the moments at which something that is locked at either end was published; then, between the two
    that it found, once more with what is locked there and at neither end."""
    report(dated.subject.name, "lock")
    ends = dated.locks.at(after), dated.locks.at(until, keep=False)
    known = {dated.subject.distribution}.union(*(pins for pins in ends if not isinstance(pins, str)))
    published = _events(dated, known, after, until)
    moments = [after, *published]
    answers: dict[datetime, str] = {}
    while True:
        search = Search(len(moments))
        for moment, verdict in answers.items():
            if moment in moments:
                search = search.told(moments.index(moment), verdict)

        def attempt(place: int) -> Probe:
            moment = moments[place]
            probe = dated.attempt(moment, published.get(moment, ""))
            answers[moment] = probe.verdict
            return probe

        search = bisect_trials.run(search, attempt)
        if not search.suspects:
            return moments, search
        good, bad = moments[search.good], moments[search.bad]
        between = [dated.locks.at(good), dated.locks.at(bad)]
        new = {name for pins in between if not isinstance(pins, str) for name in pins} - known
        known |= new
        more = _events(dated, new, good, bad)
        if not more.keys() - {*moments}:
            return moments, search
        published = {**more, **published}
        moments = sorted({*moments, *more})


def _events(dated: _Dated, names: Iterable[str], after: datetime, until: datetime) -> dict[datetime, str]:
    found = candidates.moments(dated.releases(names), dated.subject.target, after, until)
    return {
        moment: ", ".join(f"{release.distribution} {release.version}" for release in releases)
        for moment, releases in found.items()
    }


def _one_by_one(
    dated: _Dated, before: Pins, bad: datetime, moved: tuple[Moved, ...]
) -> tuple[tuple[Moved, ...], bool, str | None]:
    """Which of those that moved fail when they alone do, with what they cannot do without; whether it takes several;
    and the candidate that showed it."""
    failed: dict[str, tuple[frozenset[str], str]] = {}
    for each in moved:
        if each.before is None or each.after is None:
            continue
        exact = f"{each.distribution}=={each.after}"
        pins = dated.locks.at(bad, prefer=before, moved=(exact,))
        probe = dated.locked(exact, "", pins)
        if probe.verdict == BAD and not isinstance(pins, str):
            along = frozenset(one.distribution for one in _moved(before, pins))
            failed[each.distribution] = (along, exact)
            if along == {each.distribution}:
                break
    if not failed:
        return moved, True, None
    fewest = min((along for along, _ in failed.values()), key=len)
    guilty = tuple(each for each in moved if each.distribution in fewest)
    candidate = next(candidate for along, candidate in failed.values() if along == fewest)
    return guilty, len(guilty) > 1, candidate


def _moved(before: Pins, after: Pins) -> tuple[Moved, ...]:
    return tuple(
        Moved(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _released(dated: _Dated, moved: Moved) -> Moved:
    release = next(
        (found for found in dated.index.releases(moved.distribution) if found.version == moved.after), None
    )
    day = bisecting.day(release.uploaded) if release else None
    return Moved(moved.distribution, moved.before, moved.after, day)
