"""What an upgrade means for this application: which of the functions that it calls change, what matrices and
OSV say; and whether that is a reason not to.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from envmgr.catalog import read
from envmgr.environments import launch
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.model.changes import BREAKS, SEVERITIES, Affected, ApiDiff, Impact, UsedFunction
from envmgr.model.differences import PinChange
from envmgr.model.outcomes import Pin
from envmgr.operations import affecting, serving, standing, tried, using
from envmgr.operations.affecting import Signatures, is_certain
from envmgr.operations.tried import Tried
from envmgr.operations.using import Told
from envmgr.tools.pypa import canonical

if TYPE_CHECKING:
    from envmgr.operations.releases import Release
    from envmgr.tools.osv import Snapshot

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
    library: str | None = None


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
        question.layout,
        question.distribution,
        question.version,
        question.python,
        question.pins,
        question.library,
    )
    active = None if question.active is None else launch.decode(question.active.launch)
    releases = {} if active is None else standing.of_launch(active)
    modules = {name: release.module for name, release in releases.items()}
    moved = {change.name for change in question.changed if change.before and change.after}
    moving = [name for name, release in releases.items() if canonical(release.distribution) in moved]
    told = using.tell(question.layout, {} if active is None else serving.aliases([active]), moving)
    before: dict[str, Release] = {}
    used: dict[str, tuple[UsedFunction, ...]] = {}
    classes: dict[str, frozenset[str]] = {}
    unknown: list[str] = []
    for name in moving:
        release = before[name] = releases[name]
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


@dataclass(frozen=True, slots=True)
class Compared:
    """`diffs` are those of libraries of `known.before`, `signatures` what their changes are about; `unknown` says why
    others were not compared."""

    diffs: Mapping[str, ApiDiff] = field(default_factory=dict)
    signatures: Mapping[str, Signatures] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def judge(question: Question, known: Known, compared: Compared) -> Impact:
    """Cost: rows of both catalogs for what is called and changes."""
    from envmgr.operations import advisories

    diffs = compared.diffs
    used = [each for found in known.used.values() for each in found]
    affected: list[Affected] = []
    spared: list[Affected] = []
    for name, diff in diffs.items():
        found = affecting.of(
            known.used.get(name, ()),
            known.classes.get(name, frozenset()),
            diff,
            compared.signatures.get(name, affecting.unknown),
        )
        affected += found[0]
        spared += found[1]
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
        (*known.unknown, *compared.unknown, *known.tried.unknown, *damaged),
        tuple(spared),
    )


def compare(known: Known, after: Mapping[str, Release], names: Iterable[str]) -> Compared:
    """These libraries, as long as `after` is there."""
    diffs: dict[str, ApiDiff] = {}
    signatures: dict[str, Signatures] = {}
    unknown: list[str] = []
    for name in names:
        if name not in after:
            unknown.append(f"what changes in {name}: it is no library of the new environment")
            continue
        try:
            diffs[name] = _between(known.before[name], after[name])
            signatures[name] = affecting.signatures(known.before[name], after[name])
        except Exception as problem:  # noqa: BLE001 - whatever is wrong with it, an upgrade does not depend on it
            unknown.append(f"what changes in {name}: comparing failed: {type(problem).__name__}: {problem}")
    return Compared(diffs, signatures, tuple(unknown))


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


def _breaks(affected: Affected) -> str:
    change, used, met = affected.changes[0], affected.used, affected.met[0]
    places = met.places or met.perhaps or used.places
    where = f" ({', '.join(places[:_NAMED])})" if places else ""
    instead = f"; now: {change.instead}" if change.instead else ""
    return f"{used.path} breaks: {change.message}{instead}{where}"


def _summary(text: str) -> str:
    return f": {text}" if text else ""


def _unread(snapshot: Snapshot) -> str:
    first = ", ".join(snapshot.unread[:_NAMED])
    return f"what {len(snapshot.unread)} files of the snapshot say: they are no OSV ({first})"


def _days(moment: datetime) -> float:
    return round(max((datetime.now(UTC) - moment).total_seconds(), 0) / 86_400, 2)
