"""`matrix bisect --with-dependencies`: a search over dates of locks, then among what moved between two of them."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from envmgr.environments.layout import Layout
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.matrix import candidates, moving
from envmgr.matrix.bisecting import Search
from envmgr.matrix.candidates import spelled
from envmgr.matrix.dated import DatedLocks, Pins
from envmgr.model.bisection import Bisection, Moved, Probe, Question
from envmgr.model.outcomes import Report
from envmgr.operations import bisect_trials
from envmgr.operations.bisect_outcomes import day, outcome
from envmgr.operations.bisect_subjects import Subject
from envmgr.operations.bisect_trials import Trials
from envmgr.tools.index import Index
from envmgr.tools.pypa import canonical

_AT_ONCE = 8


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
    dated = _Dated(subject, question, index, trials, asked)
    report(subject.name, "lock")
    moments, search = dated.search(after, until)
    names = [spelled(moment) for moment in moments]
    if not search.suspects:
        reason = "" if len(moments) > 1 else "nothing that is locked was published between"
        return outcome(subject, question, trials, search, names, (), begun, reason=reason)
    if not (candidates.is_day(question.good) and candidates.is_day(question.bad)):
        # What runs it again has days for ends: the library stays between these releases all the same.
        held = (*question.requirements, f"{subject.distribution}{asked}")
        question = replace(question, requirements=held)
    good, bad = moments[search.good], moments[search.bad]
    before, later = dated.pins(good), dated.pins(bad)
    moved = moving.moved(before, later)
    upgraded = moving.upgraded(moved)
    guilty, decisive = upgraded or moved, None
    if len(guilty) > 1:
        guilty, decisive = dated.guilty(before, bad, guilty)
    skipped = len(search.suspects) - 1
    notes = [f"{skipped} between the last good and the first bad cannot be tried"] if skipped else []
    notes += [_along(each) for each in moved if each not in (*upgraded, *guilty)]
    return outcome(
        subject,
        question,
        trials,
        search,
        names,
        tuple(map(dated.released, guilty)),
        begun,
        notes,
        together=len(guilty) > 1,
        decisive=decisive,
        version=later.get(subject.distribution),
    )


def _bounds(subject: Subject, question: Question) -> tuple[str, datetime, datetime]:
    """The versions of the library that count, and the first and the last moment."""
    good, bad = question.good, question.bad
    lower = None if candidates.is_day(good) else candidates.find(subject.releases, good)
    upper = None if candidates.is_day(bad) else candidates.find(subject.releases, bad)
    if lower and upper and lower.parsed > upper.parsed:
        raise EnvmgrError(
            "E-USAGE",
            f"{subject.distribution} {good} is newer than {bad}: there is no lock between to search",
            hint="--good is a release that passes, --bad the same or a later one",
        )
    after = candidates.moment_of(good) if lower is None else candidates.published(lower, subject.target)
    if after is None or not any(release.uploaded for release in subject.releases):
        what = f"{subject.distribution} {lower.version}" if lower else subject.distribution
        raise EnvmgrError(
            "E-USAGE",
            f"the index does not say when {what} was published for Python {subject.target.python}: no lock"
            " can be dated",
            hint="its pages need the upload-time of each file (PEP 700), as PyPI has it",
        )
    until = datetime.now(UTC) if upper is not None else candidates.moment_of(bad)
    if after >= until:
        raise EnvmgrError(
            "E-USAGE",
            f"{good} is not before {bad}: there is no lock between to search",
            hint="--good is the earlier day",
        )
    if lower is None and upper is None:
        return subject.allowed, after, until
    if lower == upper and lower is not None:
        return f"=={lower.version}", after, until
    ends = (">=", lower), ("<=", upper)
    return ",".join(f"{sign}{end.version}" for sign, end in ends if end is not None), after, until


class _Dated:
    """What is locked at dates, and tried: each set of pins once. `asked` are the versions of the library."""

    def __init__(
        self, subject: Subject, question: Question, index: Index, trials: Trials, asked: str
    ) -> None:
        layout = Layout(subject.project.root)
        cell = subject.cell("dated", asked)
        self._locks = DatedLocks(layout, subject.matrix.name, cell, subject.interpreter, again=question.again)
        self._subject = subject
        self._index = index
        self._trials = trials
        self._bounds = _bounds_of([f"{subject.distribution}{asked}", *subject.beside])
        self._tried: dict[str, Probe] = {}
        self._published: dict[datetime, str] = {}
        self._answers: dict[datetime, str] = {}

    def search(self, after: datetime, until: datetime) -> tuple[list[datetime], Search]:
        """Among the moments at which something was published that is locked at either end; then, between the two that
        are found, with what is locked there and at neither end. Nothing is tried where there is but one moment.
        """
        ends = self._locks.at(after), self._locks.at(until, keep=False)
        known = {self._subject.distribution}.union(*(pins for pins in ends if not isinstance(pins, str)))
        self._publish(known, after, until)
        moments = [after, *sorted(self._published)]
        search = Search(len(moments))
        while len(moments) > 1:
            search = bisect_trials.run(search, lambda place, among=moments: self._attempt(among[place]))  # type: ignore[misc]
            if not search.suspects:
                break
            good, bad = moments[search.good], moments[search.bad]
            new = {*self.pins(good), *self.pins(bad)} - known
            known |= new
            self._publish(new, good, bad)
            finer = sorted({*moments, *self._published})
            if finer == moments:
                break
            moments, search = finer, Search(len(finer))
            for moment, verdict in self._answers.items():
                search = search.told(moments.index(moment), verdict)
        return moments, search

    def pins(self, moment: datetime) -> Pins:
        """Of one that was tried."""
        found = self._locks.at(moment)
        return {} if isinstance(found, str) else found

    def guilty(
        self, before: Pins, bad: datetime, suspects: tuple[Moved, ...]
    ) -> tuple[tuple[Moved, ...], str | None]:
        """As `moving.guilty`, of those that moved until `bad`."""
        return moving.guilty(
            before,
            suspects,
            lambda exact: self._locks.at(bad, prefer=before, moved=(exact,)),
            lambda exact, pins: self._locked(exact, "alone", pins),
        )

    def released(self, moved: Moved) -> Moved:
        releases = self._index.releases(moved.distribution)
        uploaded = next((found.uploaded for found in releases if found.version == moved.after), None)
        return replace(moved, released=day(uploaded))

    def _attempt(self, moment: datetime) -> Probe:
        probe = self._locked(spelled(moment), self._published.get(moment, ""), self._locks.at(moment))
        self._answers[moment] = probe.verdict
        return probe

    def _locked(self, candidate: str, about: str, pins: Pins | str) -> Probe:
        """With exactly these pins."""
        if isinstance(pins, str):
            return self._trials.unlocked(candidate, about, pins)
        exact = [f"{name}=={version}" for name, version in sorted(pins.items())]
        name = digest(exact)[:12]
        if name in self._tried:
            return self._trials.same(candidate, about, self._tried[name])
        version = pins[self._subject.distribution]
        cell = self._subject.cell(f"lock-{name}", f"=={version}", exact)
        self._tried[name] = self._trials.cell(cell, candidate, about)
        return self._tried[name]

    def _publish(self, names: Iterable[str], after: datetime, until: datetime) -> None:
        wanted = sorted(names)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            known = dict(zip(wanted, pool.map(self._index.releases, wanted), strict=True))
        releases = {name: candidates.usual(known[name], self._bounds.get(name, "")) for name in wanted}
        for moment, found in candidates.moments(releases, self._subject.target, after, until).items():
            told = [f"{release.distribution} {release.version}" for release in found]
            earlier = self._published.get(moment)
            self._published[moment] = ", ".join([*([earlier] if earlier else []), *told])


def _bounds_of(requirements: Iterable[str]) -> dict[str, str]:
    """Distribution → its versions that count, as a specifier."""
    bounds: dict[str, SpecifierSet] = {}
    for requirement in map(Requirement, requirements):
        name = canonical(requirement.name)
        if requirement.marker is None:
            bounds[name] = bounds.get(name, SpecifierSet()) & requirement.specifier
    return {name: str(bound) for name, bound in bounds.items()}


def _along(moved: Moved) -> str:
    if moved.after is None:
        return f"{moved.distribution} {moved.before} is there no more"
    return f"{moved.distribution} {moved.after} came along"
