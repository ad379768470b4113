"""What an upgrade means for the application, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envmgr.cli.answers import columns
from envmgr.model.changes import SEVERITIES, Affected, Change, Impact, Met, UsedFunction, Vulnerability

_SHOWN = 3
_SPARED = 5
_FATES = {False: "comes in", None: "stays", True: "is left behind"}


def lines(impact: Impact) -> list[str]:
    return [
        *_called(impact),
        *_whole_api(impact),
        *(f"{name} crosses a major version: {before} -> {after}" for name, before, after in impact.majors),
        *_matrix(impact.matrix),
        *_vulnerabilities(impact),
        *_unknown(impact),
    ]


def after(impact: Impact) -> list[str]:
    """What is to be known of an upgrade that was made."""
    return [*(f"accepted: {why}" for why in impact.red), *_unknown(impact)]


def _unknown(impact: Impact) -> list[str]:
    return [f"not known: {words}" for words in impact.unknown]


def _called(impact: Impact) -> Iterator[str]:
    certain = [each for each in impact.used if not each.path.startswith(".")]
    affected = [each for each in impact.affected if not each.used.path.startswith(".")]
    perhaps = [each for each in impact.affected if each.used.path.startswith(".")]
    if certain and impact.changes:
        if affected:
            yield f"{_of(len(affected), len(certain))}; here is how"
        elif any(not each.used.path.startswith(".") for each in impact.spared):
            yield f"no call of the {_functions(len(certain))} meets a change"
        else:
            yield f"none of the {_functions(len(certain))} you call changes"
    for each in (*affected, *perhaps):
        yield from _affected(each)
    spared = [each.used.path for each in impact.spared if not each.used.path.startswith(".")]
    if spared:
        verb = "changes" if len(spared) == 1 else "change"
        too = " too" if affected else ""
        more = f" and {len(spared) - _SPARED} more" if len(spared) > _SPARED else ""
        named = ", ".join(spared[:_SPARED]) + more
        yield f"{named} {verb}{too}, in nothing that your calls pass or leave out"


def _of(some: int, all_: int) -> str:
    if all_ == 1:
        return "the only function you call changes"
    return f"{some} of the {all_} functions you call {'changes' if some == 1 else 'change'}"


def _functions(number: int) -> str:
    return "1 function" if number == 1 else f"{number} functions"


def _affected(each: Affected) -> Iterator[str]:
    yield f"  {_subject(each.used)}"
    shown = list(zip(each.changes, each.met, strict=True))
    if each.used.path.startswith("."):
        shown = shown[:_SHOWN]
    yield from (f"    {_change(change, each.used)}{_of_calls(met, each.used)}" for change, met in shown)
    if len(shown) < len(each.changes):
        yield f"    and {len(each.changes) - len(shown)} more of that name"


def _of_calls(met: Met, used: UsedFunction) -> str:
    """Nothing where it is all of them."""
    said = []
    if met.places and (met.perhaps or set(met.places) != set(used.places)):
        said.append(_places(met.places))
    if met.perhaps:
        said.append(f"perhaps {_places(met.perhaps)}")
    words = ": ".join(filter(None, ("; ".join(said), met.why)))
    return f" ({words})" if words else ""


def _subject(used: UsedFunction) -> str:
    path = (
        f"perhaps {used.path}, of an object whose class is not known"
        if used.path.startswith(".")
        else used.path
    )
    counted = (
        "" if used.calls is None else ("called once" if used.calls == 1 else f"called {used.calls} times")
    )
    return ": ".join(filter(None, (path, ", ".join(filter(None, (counted, _places(used.places)))))))


def _places(places: tuple[str, ...]) -> str:
    if not places:
        return ""
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return f"{', '.join(places[:_SHOWN])}{more}"


def _change(change: Change, used: UsedFunction) -> str:
    of = f" ({change.path})" if change.path != used.path else ""
    instead = f"; now: {change.instead}" if change.instead else ""
    return f"{change.severity}: {change.message}{of}{instead}"


def _whole_api(impact: Impact) -> Iterator[str]:
    if not impact.changes:
        return
    if not any(impact.changes.values()):
        yield "its API does not change"
        return
    breaking, perhaps, safe = (impact.changes[severity] for severity in SEVERITIES)
    yield f"changes of its whole API: {breaking} that break calls, {perhaps} that may, {safe} safe"


def _matrix(cells: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    rows = [(f"matrix {matrix}", cell, status) for matrix, cell, status in cells]
    if rows:
        yield columns(rows)


def _vulnerabilities(impact: Impact) -> Iterator[str]:
    if impact.osv_file_days is None:
        return
    aged = "" if impact.osv_age_days is None else f", its newest advisory {_days(impact.osv_age_days)} old"
    snapshot = f"OSV snapshot written {_days(impact.osv_file_days)} ago{aged}"
    if not impact.vulnerabilities:
        yield f"no known vulnerability before or after ({snapshot})"
        return
    yield columns(map(_vulnerability, impact.vulnerabilities))
    yield snapshot


def _vulnerability(found: Vulnerability) -> tuple[str, ...]:
    names = ", ".join((found.id, *found.aliases))
    fate = _FATES[found.fixed]
    return (f"{found.distribution} {found.version}", fate, names, found.severity, found.summary)


def _days(days: float) -> str:
    whole = int(days)
    if whole < 1:
        return "less than a day"
    return "1 day" if whole == 1 else f"{whole} days"
