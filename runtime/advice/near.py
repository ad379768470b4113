"""Names that were probably meant."""

from __future__ import annotations

from typing import Any, Iterable

_MOST_CANDIDATES = 5000
_SHOWN = 8


def near(name: Any, candidates: Iterable[Any], cutoff: float = 0.75) -> str | None:
    """The candidate that is nearest; case does not count, nor do underscores. None when none is near."""
    import difflib

    if not isinstance(name, str) or not name or len(name) > 100:
        return None
    known: dict[str, str] = {}
    for candidate, _ in zip(candidates, range(_MOST_CANDIDATES)):
        if isinstance(candidate, str) and candidate != name and len(candidate) <= 100:
            known.setdefault(_plain(candidate), candidate)
    wanted = _plain(name)
    if wanted in known:
        return known[wanted]
    found = difflib.get_close_matches(wanted, known, n=1, cutoff=cutoff)
    if found:
        return known[found[0]]
    return known.get(_beginning(wanted, known) or _one_letter(wanted, known) or "")


def _beginning(wanted: str, known: Iterable[str]) -> str | None:
    """`sep` for `separator`, `header` for `head`."""
    least = 3
    found = [
        c
        for c in known
        if min(len(c), len(wanted)) >= least and (wanted.startswith(c) or c.startswith(wanted))
    ]
    return max(found, key=lambda c: min(len(c), len(wanted)) - abs(len(c) - len(wanted)), default=None)


def _one_letter(wanted: str, known: Iterable[str]) -> str | None:
    """Short names that differ in one letter: `r2` for `r3`."""
    if not 2 <= len(wanted) <= 4:
        return None
    return next((c for c in known if len(c) == len(wanted) and sum(map(str.__ne__, c, wanted)) == 1), None)


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "") or name


def listed(names: Iterable[Any]) -> str:
    """`"a", "b", … (12 in all)`."""
    every = list(names)
    shown = ", ".join(f'"{name}"' if isinstance(name, str) else repr(name) for name in every[:_SHOWN])
    return shown + (f", … ({len(every)} in all)" if len(every) > _SHOWN else "")


def meant(name: Any, candidates: Iterable[Any], what: str = "there are") -> str | None:
    """A question when a name is near, else what there is; None when there is nothing."""
    every = [candidate for candidate, _ in zip(candidates, range(_MOST_CANDIDATES))]
    found = near(name, every)
    if found is not None:
        return f'did you mean "{found}"?'
    return f"{what} {listed(every)}" if every else None
