"""What differs between two locks, and which of it is to blame. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from envmgr.matrix.bisecting import BAD
from envmgr.matrix.dated import Pins
from envmgr.model.bisection import Moved, Probe


def moved(before: Pins, after: Pins) -> tuple[Moved, ...]:
    """By name."""
    return tuple(
        Moved(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def upgraded(among: Iterable[Moved]) -> tuple[Moved, ...]:
    """Those that are on both sides: others come and go with one of them."""
    return tuple(each for each in among if each.before is not None and each.after is not None)


def guilty(
    before: Pins,
    suspects: tuple[Moved, ...],
    alone: Callable[[str], Pins | str],
    attempt: Callable[[str, Pins | str], Probe],
) -> tuple[tuple[Moved, ...], str | None]:
    """The fewest of the suspects that fail without the others, and the candidate (`name==version`) that showed it;
    all of them, and None, where none does.

    `alone` locks one of them where it went, and leaves the others where they were, as far as it can do without them;
    or says why it cannot. Each is tried by `attempt`, until one fails all by itself.
    """
    failed: list[tuple[frozenset[str], str]] = []
    for each in suspects:
        candidate = f"{each.distribution}=={each.after}"
        pins = alone(candidate)
        probe = attempt(candidate, pins)
        if probe.verdict == BAD and not isinstance(pins, str):
            along = frozenset(one.distribution for one in upgraded(moved(before, pins)))
            failed.append((along, candidate))
            if len(along) == 1:
                break
    if not failed:
        return suspects, None
    fewest, candidate = min(failed, key=lambda found: len(found[0]))
    return tuple(each for each in suspects if each.distribution in fewest), candidate
