"""What an upgrade means for this application: which of the functions that it calls change, what matrices and
OSV say; and whether that is a reason not to.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from envmgr.catalog import read
from envmgr.environments import launch
from envmgr.environments.layout import Layout
from envmgr.environments.state import Generation
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.model.changes import BREAKS, SAFE, SEVERITIES, Affected, ApiDiff, Change, Impact, UsedFunction
from envmgr.model.differences import PinChange
from envmgr.model.outcomes import Pin
from envmgr.operations import serving, standing, tried, using
from envmgr.operations.tried import Tried
from envmgr.operations.using import Told
from envmgr.tools.pypa import canonical

if TYPE_CHECKING:
    from envmgr.operations.releases import Release
    from envmgr.tools.osv import Snapshot

_ENDS = frozenset({"removed", "moved", "renamed"})
"""What happens to a class or module happens to what is in it."""
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Question:
    """One upgrade, once it is known where it leads. `active` is None where nothing is; `pins` are those afterwards,
    `python` the interpreter's whole version then."""

    layout: Layout
    distribution: str
    version: str
    python: str
    active: Generation | None
    pins: Sequence[Pin]
    changed: Sequence[PinChange]
    osv: Path | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """All that can be told without the new version's environment. `used` are the functions called of each library
    that moves; only for these is there anything to compare. `classes` are the paths of their classes."""

    told: Told
    before: Mapping[str, Release]
    used: Mapping[str, tuple[UsedFunction, ...]]
    classes: Mapping[str, frozenset[str]]
    tried: Tried
    snapshot: Snapshot | None
    unknown: tuple[str, ...]


def look(question: Question) -> Known:
    """Cost: the statistics, and where these or compiled code name a library that moves, its active catalog. Raises
    E-OSV."""
    snapshot = None
    before_pins = () if question.active is None else question.active.pins
    if question.osv is not None:
        from envmgr.tools import osv

        snapshot = osv.read(question.osv, {pin.name for pin in (*before_pins, *question.pins)})
    tried_ = tried.of(
        question.layout, question.distribution, question.version, question.python, question.pins
    )
    active = None if question.active is None else launch.decode(question.active.launch)
    told = using.tell(question.layout, {} if active is None else serving.aliases([active]))
    releases = {} if active is None else standing.of_launch(active)
    modules = {name: release.module for name, release in releases.items()}
    moved = {change.name for change in question.changed if change.before and change.after}
    before: dict[str, Release] = {}
    used: dict[str, tuple[UsedFunction, ...]] = {}
    classes: dict[str, frozenset[str]] = {}
    unknown: list[str] = []
    for name, release in releases.items():
        if canonical(release.distribution) not in moved:
            continue
        before[name] = release
        uses = using.of(told, name, modules)
        if uses.is_nothing:
            continue
        try:
            finder = using.Finder(name, read(release.catalog))
            used[name], classes[name] = using.functions(uses, finder), finder.classes()
        except Exception as problem:  # noqa: BLE001 - a damaged file may be wrong in any way
            del before[name]
            unknown.append(
                f"which functions of {name} are called: its active catalog cannot be read ({problem})"
            )
    if told.is_nothing and not told.unknown:
        unknown.append(f"what the application calls ({using.HOW})")
    return Known(told, before, used, classes, tried_, snapshot, (*told.unknown, *unknown))


def judge(
    question: Question, known: Known, diffs: Mapping[str, ApiDiff], unknown: Iterable[str] = ()
) -> Impact:
    """`diffs` are those of libraries of `known.before` that were compared, `unknown` says why others were not."""
    from envmgr.operations import advisories

    used = [each for found in known.used.values() for each in found]
    affected = [
        found
        for name, diff in diffs.items()
        for found in _affected(known.used.get(name, ()), known.classes.get(name, frozenset()), diff)
    ]
    affected.sort(key=lambda each: (SEVERITIES.index(each.changes[0].severity), -(each.used.calls or 0)))
    snapshot = known.snapshot
    before = () if question.active is None else question.active.pins
    vulnerable = () if snapshot is None else advisories.judge(snapshot.advisories, before, question.pins)
    damaged = [] if snapshot is None or not snapshot.unread else [_unread(snapshot)]
    whole = next(
        (diff for diff in diffs.values() if canonical(diff.distribution) == question.distribution), None
    )
    counts = Counter() if whole is None else Counter(change.severity for change in whole.changes)
    return Impact(
        tuple(used),
        tuple(affected),
        {} if whole is None else {severity: counts[severity] for severity in SEVERITIES},
        known.tried.cells,
        tuple(majors(question.changed, question.distribution)),
        vulnerable,
        None if snapshot is None or snapshot.newest is None else _days(snapshot.newest),
        None if snapshot is None else _days(snapshot.written),
        (
            *map(_breaks, _breaking(affected)),
            *known.tried.red,
            *(
                f"{each.distribution} {each.version} brings in {each.id}{_summary(each.summary)}"
                for each in vulnerable
                if each.fixed is False
            ),
        ),
        (*known.unknown, *unknown, *known.tried.unknown, *damaged),
    )


def is_certain(used: UsedFunction) -> bool:
    """Whether its class is known."""
    return not used.path.startswith(".")


def compared(
    known: Known, after: Mapping[str, Release], names: Iterable[str]
) -> tuple[dict[str, ApiDiff], tuple[str, ...]]:
    """The differences of these libraries; of what could not be compared, why."""
    diffs, unknown = {}, []
    for name in names:
        if name not in after:
            unknown.append(f"what changes in {name}: it is no library of the new environment")
            continue
        try:
            diffs[name] = _between(known.before[name], after[name])
        except Exception as problem:  # noqa: BLE001 - whatever is wrong with it, an upgrade does not depend on it
            unknown.append(f"what changes in {name}: comparing failed: {type(problem).__name__}: {problem}")
    return diffs, tuple(unknown)


def _between(before: Release, after: Release) -> ApiDiff:
    """What a plan has compared, the upgrade after it does not compare again."""
    from envmgr.changes import keeping
    from envmgr.operations import api_diff

    kept = digest(
        [
            keeping.sources(),
            *([each.library, each.catalog.parent.name, _bytes(each)] for each in (before, after)),
        ]
    )
    found = keeping.read(kept)
    if found is None:
        found = api_diff.between(before, after)
        keeping.write(kept, found)
    return found


def _bytes(release: Release) -> str:
    return hashlib.sha256(release.catalog.read_bytes()).hexdigest()


def refusal(impact: Impact, wish: str) -> EnvmgrError:
    """E-IMPACT, with every reason and what to do about it."""
    breaking = len(_breaking(impact.affected))
    todo = [f"change these calls as `envmgr plan {wish}` says"] if breaking else []
    todo += ["choose another version"] if len(impact.red) > breaking else []
    head = f"the upgrade to {wish} is refused, and nothing was changed: it would harm this application"
    return EnvmgrError(
        "E-IMPACT",
        "\n  ".join([head, *impact.red]),
        hint=f"{', and '.join(todo)}; or go on in spite of it with --accept-impact",
        details={"reasons": impact.red, "impact": impact},
    )


def majors(changed: Iterable[PinChange], distribution: str) -> Iterator[tuple[str, str, str]]:
    """Dependencies whose first number rises; of 0.x the second counts, as semantic versioning has it."""
    for change in changed:
        if change.name == distribution or change.before is None or change.after is None:
            continue
        try:
            before, after = Version(change.before), Version(change.after)
        except InvalidVersion:
            continue
        if _major(after) > _major(before):
            yield change.name, change.before, change.after


def _major(version: Version) -> tuple[int, ...]:
    return (version.epoch, version.major, version.minor if version.major == 0 else 0)


def _breaking(affected: Iterable[Affected]) -> list[Affected]:
    return [each for each in affected if each.changes[0].severity == BREAKS and is_certain(each.used)]


def _affected(used: Sequence[UsedFunction], classes: frozenset[str], diff: ApiDiff) -> Iterator[Affected]:
    at: dict[str, list[Change]] = {}
    members: dict[str, list[Change]] = {}
    for change in diff.changes:
        if change.severity == SAFE:
            continue
        for path in (change.path, *diff.paths.get(change.path, ())):
            at.setdefault(path, []).append(change)
        holder, _, name = change.path.rpartition(".")
        if holder in classes:
            members.setdefault(f".{name}", []).append(change)
    for each in used:
        found = at.get(each.path, []) if is_certain(each) else members.get(each.path, [])
        found = [*found, *(change for change in _above(each.path, at) if change not in found)]
        if found:
            yield Affected(each, tuple(sorted(found, key=lambda change: SEVERITIES.index(change.severity))))


def _above(path: str, at: Mapping[str, list[Change]]) -> Iterator[Change]:
    holder = path.rpartition(".")[0]
    while holder:
        yield from (change for change in at.get(holder, ()) if change.kind in _ENDS)
        holder = holder.rpartition(".")[0]


def _breaks(affected: Affected) -> str:
    change, used = affected.changes[0], affected.used
    where = f" ({', '.join(used.places[:_NAMED])})" if used.places else ""
    instead = f"; now: {change.instead}" if change.instead else ""
    return f"{used.path} breaks: {change.message}{instead}{where}"


def _summary(text: str) -> str:
    return f": {text}" if text else ""


def _unread(snapshot: Snapshot) -> str:
    first = ", ".join(snapshot.unread[:_NAMED])
    return f"what {len(snapshot.unread)} files of the snapshot say: they are no OSV ({first})"


def _days(moment: datetime) -> float:
    return round(max((datetime.now(UTC) - moment).total_seconds(), 0) / 86_400, 2)
