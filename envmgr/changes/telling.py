"""An `ApiDiff` in words: plain lines, or Markdown. The severest first, by the module that they are in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from packaging.version import InvalidVersion, Version

from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE, SEVERITIES, ApiDiff, Change, Suppressed

_SAID = {BREAKS: "break", MAY_BREAK: "may break", SAFE: "are safe"}
_TITLES = {BREAKS: "Breaks", MAY_BREAK: "May break", SAFE: "Safe"}
_UNDER_ANOTHER_NAME = "it is not there under this name any more"
_MANY = 8
"""Names of a module that are only elsewhere now are told in one line."""
_OTHERS = 2
_SAME = 4
"""Names of a module of which the same is said are told in one line."""


def text(found: ApiDiff, *, whole: bool, least: str = SAFE) -> str:
    """Lines. `whole`: what is safe, and what is suppressed with its reason, too."""
    lines = [_head(found, "->")]
    for severity in _shown(whole, least):
        groups = _groups(each for each in found.changes if each.severity == severity)
        lines += [f"\n{_TITLES[severity].lower()}"] if groups else []
        for module, members in groups:
            lines += [f"  {module}", *(f"    {line}" for line in _lines(module, members, found))]
    if whole and found.suppressed:
        lines.append("\nno difference")
        for each in found.suppressed:
            lines.append(f"  {each.change.path}: {each.change.message} ({each.change.kind}): {each.reason}")
    return "\n".join(lines + _hints(found, whole))


def markdown(found: ApiDiff, *, whole: bool, least: str = SAFE) -> str:
    """A document of its own."""
    lines = [
        f"# {found.distribution} {found.before} → {found.after}",
        "",
        _head(found, "→").partition(": ")[2],
    ]
    for severity in _shown(whole, least):
        groups = _groups(each for each in found.changes if each.severity == severity)
        lines += ["", f"## {_TITLES[severity]}"] if groups else []
        for module, members in groups:
            lines += ["", f"### `{module}`", "", "| what | change | now |", "|---|---|---|"]
            lines += [
                f"| `{change.path}` | {_cell(change.message)} | {_code(change.instead)} |"
                for change in members
            ]
    if whole and found.suppressed:
        lines += ["", "## No difference", "", "| what | seems | because |", "|---|---|---|"]
        lines += [_row(each) for each in found.suppressed]
    return "\n".join(lines)


def _head(found: ApiDiff, arrow: str) -> str:
    counts = Counter(change.severity for change in found.changes)
    told = ", ".join(f"{counts[severity]} {_SAID[severity]}" for severity in SEVERITIES)
    if found.python == found.python_after:
        by = f"Python {found.python}"
    else:
        by = f"Python {found.python} and {found.python_after}, for no one here has both"
    way = ", backwards" if _is_older(found.after, found.before) else ""
    return (
        f"{found.distribution} {found.before} {arrow} {found.after}{way}: {told};"
        f" {len(found.suppressed)} seem so and are not; of {found.compared} paths, by {by}"
    )


def _is_older(one: str, other: str) -> bool:
    try:
        return Version(one) < Version(other)
    except InvalidVersion:
        return False


def _hints(found: ApiDiff, whole: bool) -> list[str]:
    hidden = any(change.severity == SAFE for change in found.changes) or found.suppressed
    return (
        ["", "--all shows what is safe, and what only seems to differ and why"]
        if hidden and not whole
        else []
    )


def _shown(whole: bool, least: str) -> Sequence[str]:
    shown = SEVERITIES[: SEVERITIES.index(least) + 1]
    return [severity for severity in shown if whole or severity != SAFE]


def _groups(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    """By module: those that users import first."""
    ordered = sorted(changes, key=lambda each: (_module(each.path).count("."), _module(each.path), each.path))
    return [
        (module, list(members)) for module, members in groupby(ordered, key=lambda each: _module(each.path))
    ]


def _module(path: str) -> str:
    """As far as a path can tell: classes begin with a capital."""
    parts = path.split(".")[:-1] or [path]
    while len(parts) > 1 and parts[-1][:1].isupper():
        parts.pop()
    return ".".join(parts)


def _lines(module: str, members: Sequence[Change], found: ApiDiff) -> Iterator[str]:
    elsewhere = [change for change in members if change.message.startswith(_UNDER_ANOTHER_NAME)]
    if len(elsewhere) > _MANY:
        names = ", ".join(f"{_name(module, change)} ({change.instead})" for change in elsewhere)
        yield f"{len(elsewhere)} names are not there any more, and the same elsewhere: {names}"
        members = [change for change in members if change not in elsewhere]
    alike: dict[tuple[str, str], list[str]] = {}
    for path, changes in groupby(members, key=lambda each: each.path):
        same = list(changes)
        now = {change.instead for change in same if change.instead and change.instead not in change.message}
        then = f"; now: {', '.join(sorted(now))}" if now else ""
        said = f"{'; '.join(_messages(same))}{then}"
        alike.setdefault((_also(path, found), said), []).append(_name(module, same[0]))
    for (also, said), called in alike.items():
        if also or len(called) < _SAME:
            yield from (f"{name}{also}: {said}" for name in called)
        else:
            yield f"{', '.join(called)}: {said}"


def _also(path: str, found: ApiDiff) -> str:
    near = [other for other in found.paths.get(path, ()) if other.count(".") <= path.count(".")]
    more = f" and {len(near) - _OTHERS} more" if len(near) > _OTHERS else ""
    return f" (also {', '.join(near[:_OTHERS])}{more})" if near else ""


def _messages(changes: Iterable[Change]) -> Iterator[str]:
    """What is the same of several parameters, once."""
    alike: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        head, name, rest = change.message.partition(change.parameter or change.message)
        alike.setdefault((head, rest), []).append(name)
    for (head, rest), names in alike.items():
        yield f"{head}{', '.join(names)}{rest}"


def _name(module: str, change: Change) -> str:
    return change.path.removeprefix(f"{module}.")


def _row(each: Suppressed) -> str:
    return f"| `{each.change.path}` | {_cell(each.change.message)} | {_cell(each.reason)} |"


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").replace("*", "\\*")


def _code(words: str | None) -> str:
    return "" if words is None else f"`{words.replace('|', chr(92) + '|')}`"
